import type { Command } from 'commander';
import { invalidInput, SerinError } from '../errors.ts';
import { exitCodes } from './exit-codes.ts';
import { createTally, endingOf } from './judge-ending.ts';
import { tellBodies } from './judge-input.ts';
import type { JudgeIo } from './judge-io.ts';
import { type Line, splitLines } from './judge-lines.ts';
import { judgeLine, judgeMany } from './judge-many.ts';
import { addJudgeOptions, type JudgeFlags } from './judge-options.ts';
import { createWriter } from './judge-writer.ts';

/** The longest line, and the longest document printed over several, in bytes. */
const longestBody = 64 * 1024 * 1024;
/** Bodies under way for each thread: enough that none waits for the one that is told next. */
const bodiesPerThread = 32;

async function judgeOne(line: Line, flags: JudgeFlags, io: JudgeIo): Promise<number> {
  const judges = await io.openJudges('here');
  try {
    const reply = await judgeLine(line, flags.looks ?? null, judges);
    if (reply.kind === 'judged') await io.write(createWriter(flags, io).judged(reply));
    if (reply.kind === 'broken') io.writeError(`serin judge: ${reply.stack}\n`);
    if (reply.kind === 'refused') {
      const { errors, detail } = reply.problem;
      throw invalidInput(errors ?? [{ path: '', message: detail }]);
    }
    return exitCodes[endingOf(reply, flags)];
  } finally {
    await judges.close();
  }
}

async function judgeLines(lines: AsyncIterable<Line>, flags: JudgeFlags, io: JudgeIo): Promise<number> {
  const threads = flags.threads ?? io.cores;
  const window = { bodies: threads * bodiesPerThread, characters: longestBody };
  const judges = await io.openJudges(threads);
  const tally = createTally(flags);
  const writer = createWriter(flags, io);
  try {
    await judgeMany(lines, flags.looks ?? null, judges, window, (lineNumber, reply) => {
      tally.add(lineNumber, reply);
      if (reply.kind === 'broken') io.writeError(`serin judge: line ${lineNumber}: ${reply.stack}\n`);
      return io.write(writer.line(lineNumber, reply));
    });
  } finally {
    await judges.close();
  }
  io.writeError(`serin judge: ${tally.sentence()}\n`);
  return tally.exitCode();
}

async function* open(path: string, name: string, io: JudgeIo): AsyncGenerator<Uint8Array> {
  try {
    yield* io.open(path);
  } catch (error) {
    const message = `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw invalidInput([{ path: name, message }]);
  }
}

/**
 * Judges the body of a file, or each of many, and writes the judgements on stdout in their order. Resolves with the
 * exit code; rejects with `invalid_input` when a single body is wrong, the file cannot be read or is empty.
 */
export async function runJudge(path: string, flags: JudgeFlags, io: JudgeIo): Promise<number> {
  const name = path === '-' ? 'stdin' : path;
  const bodies = await tellBodies(splitLines(open(path, name, io), longestBody), longestBody);
  if (bodies.kind === 'one') return judgeOne(bodies.line, flags, io);
  if (bodies.kind === 'many') return judgeLines(bodies.lines, flags, io);
  throw invalidInput([{ path: name, message: 'is empty; a JSON body is needed' }]);
}

/** Whatever else goes wrong, nothing was judged; 1 would say that something was and failed. */
function tellBroken(error: unknown, io: JudgeIo): number {
  if (error instanceof SerinError) throw error;
  io.writeError(`serin judge: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitCodes.unavailable;
}

const explanation = `
Exit codes of one body: 0 pass, 1 fail, 2 wrong usage or bad input, 3 inconclusive, or the samples end before the plan.
One body a line: 0 when each was judged (with --fail-on-verdict the worst verdict), 2 when one was not.
5 when something broke inside.`;

/** Adds `serin judge`, which tells `io` its exit code. */
export function registerJudge(program: Command, io: JudgeIo): void {
  addJudgeOptions(program.command('judge'))
    .description('judge samples at hand, offline, as POST /v1/judge does')
    .addHelpText('after', explanation)
    .action(async (path: string, flags: JudgeFlags) =>
      io.exit(await runJudge(path, flags, io).catch((error: unknown) => tellBroken(error, io))),
    );
}
