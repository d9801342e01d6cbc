import { explain } from './judge-explain.ts';
import type { JudgeIo, Judgement, JudgeReply, Problem } from './judge-io.ts';
import type { JudgeFlags } from './judge-options.ts';
import { oneLine } from './words.ts';

/** Width of tables where there is no terminal. */
const usualWidth = 100;
const narrowest = 20;

/** The reply to a body that was judged, and the reply to one line of many, as they are written. */
export type Writer = {
  readonly judged: (reply: Extract<JudgeReply, { kind: 'judged' }>) => string;
  readonly line: (lineNumber: number, reply: JudgeReply) => string;
};

/** What was not judged, as the service would tell it. */
function problemOf(reply: Exclude<JudgeReply, { kind: 'judged' }>): Problem {
  if (reply.kind === 'refused') return reply.problem;
  return {
    type: 'urn:serin:problem:internal',
    title: 'Something went wrong inside',
    status: 500,
    code: 'internal',
    detail: reply.message,
  };
}

const inJson: Writer = {
  judged: ({ text }) => `${text}\n`,
  line: (line, reply) =>
    reply.kind === 'judged' ? `${reply.text}\n` : `${JSON.stringify({ line, error: problemOf(reply) })}\n`,
};

function inTables({ columns, isTTY, env }: JudgeIo): Writer {
  const look = {
    width: Math.max(narrowest, columns ?? usualWidth),
    paints: isTTY && (env['NO_COLOR'] ?? '') === '',
  };
  const judged: Writer['judged'] = ({ text }) => explain(JSON.parse(text) as Judgement, look);
  return {
    judged,
    line: (line, reply) =>
      reply.kind === 'judged'
        ? `line ${line}\n${judged(reply)}\n`
        : `line ${line}\nnot judged: ${oneLine(problemOf(reply).detail)}\n\n`,
  };
}

/** Writes tables when asked to, or on a terminal unless JSON was asked for; JSON else. */
export function createWriter(flags: JudgeFlags, io: JudgeIo): Writer {
  return flags.explain === true || (flags.json !== true && io.isTTY) ? inTables(io) : inJson;
}
