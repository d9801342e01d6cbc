import { judgeRequest } from './analysis/judging.ts';
import { parseJson } from './api/json-text.ts';
import { writeJudgement } from './api/judgement.ts';
import { dropAbsent } from './api/members.ts';
import { toProblem } from './api/problem.ts';
import type { JudgeReply, JudgeTask } from './cli/judge-io.ts';
import { type ErrorCode, SerinError } from './errors.ts';

/** The same reply with the code of the refusal, for those who raise it again. */
export type JudgeTextReply =
  | Exclude<JudgeReply, { kind: 'refused' }>
  | (Extract<JudgeReply, { kind: 'refused' }> & { readonly code: ErrorCode });

function withLooks(body: unknown, looks: JudgeTask['looks']): unknown {
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return looks === null || !isObject ? body : { ...body, looks };
}

function tellFault(error: unknown): JudgeTextReply {
  if (error instanceof SerinError) {
    const { requestId: _, ...problem } = toProblem(error, '').body;
    return { kind: 'refused', problem, code: error.code };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { kind: 'broken', message, stack: error instanceof Error ? (error.stack ?? message) : message };
}

/**
 * Judges a body of `POST /v1/judge` given as text; the judgement is text as well, as the service answers it. What goes
 * wrong is a reply, too, so that it can be sent from one thread to another.
 */
export function judgeText({ text, looks }: JudgeTask): JudgeTextReply {
  try {
    const judgement = writeJudgement(judgeRequest(withLooks(dropAbsent(parseJson(text)), looks)));
    return { kind: 'judged', text: JSON.stringify(judgement), verdict: judgement.verdict };
  } catch (error) {
    return tellFault(error);
  }
}
