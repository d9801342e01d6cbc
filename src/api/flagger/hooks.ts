import { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import type { Advice } from '../../analysis/stepped-rollout.ts';
import type { SteppedRollouts } from '../../analysis/stepped-rollouts.ts';
import { hasCode, SerinError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { actorOf, contextOf, mayHearOfOutage } from '../context.ts';
import { isCallersFault, statuses } from '../problem.ts';
import { type After, withDeadline } from '../timers.ts';
import { type FlaggerCall, readCall } from './call.ts';

/** Flagger gives up after 10 seconds by default. */
const deadline = 8_000;
const longestSentence = 400;

/**
 * The status is the verdict. `no` is one that Flagger neither retries nor takes for a failure of the way, so that it
 * shows the sentence in its event.
 */
const yes = 200;
const no = 412;

export type FlaggerDeps = {
  readonly steppedRollouts: SteppedRollouts;
  readonly after: After;
  readonly now: () => number;
  readonly logger: Logger;
};

const begunPhases: readonly FlaggerCall['phase'][] = ['Progressing', 'WaitingPromotion', 'Promoting'];

function say(response: Response, status: number, sentence: string): void {
  const line = sentence.replace(/\s+/g, ' ').trim();
  const text = line.length > longestSentence ? `${line.slice(0, longestSentence - 1)}…` : line;
  response.status(status).type('text/plain').send(text);
}

function sayAdvice(response: Response, advice: Advice): void {
  say(response, advice.yes ? yes : no, advice.reason);
}

/** Where no canary has begun nothing is judged: a `confirm-rollout` still tells of the revision before. */
const notBegun: Advice = { yes: true, reason: 'no canary has begun, so there is nothing to judge' };

const outcomes: Readonly<Partial<Record<FlaggerCall['phase'], 'completed' | 'aborted'>>> = {
  Succeeded: 'completed',
  Failed: 'aborted',
};

async function takeOutcome(
  { call, phase, message }: FlaggerCall,
  { steppedRollouts }: FlaggerDeps,
): Promise<string> {
  const how = outcomes[phase];
  if (how === undefined) return `nothing follows from the phase ${phase}`;
  const why = how === 'aborted' ? 'Flagger took the canary back' : null;
  return `${how}: ${await steppedRollouts.end(call, how, message ?? why)}`;
}

function late(): Error {
  return new SerinError('store_unavailable', `no answer from inside within ${deadline / 1000}s`);
}

/** The routes of Flagger's webhooks; which one is asked stands in the path, for the payload does not tell. */
export function createFlaggerRouter(deps: FlaggerDeps): Router {
  const router = Router();
  const { steppedRollouts } = deps;
  const within = <T>(response: Response, work: Promise<T>): Promise<T> => {
    const left = Math.max(0, contextOf(response).receivedAt + deadline - deps.now());
    return withDeadline(work, left, deps.after, late);
  };
  const read = (request: Request, response: Response): FlaggerCall =>
    readCall(request.body, actorOf(response));
  const ask =
    (judge: (told: FlaggerCall) => Promise<Advice>, other: Advice | null) =>
    async (request: Request, response: Response): Promise<void> => {
      const told = read(request, response);
      const begun = begunPhases.includes(told.phase);
      sayAdvice(response, begun || other === null ? await within(response, judge(told)) : other);
    };
  const path = (kind: string): string => `/v1/hooks/flagger/${kind}/:token`;
  router.post(
    path('rollout'),
    ask(({ call }) => steppedRollouts.stay(call), notBegun),
  );
  router.post(
    path('advance'),
    ask(({ call, isPromotion }) => steppedRollouts.step(call, isPromotion), notBegun),
  );
  router.post(
    path('rollback'),
    ask(({ call }) => steppedRollouts.rollBack(call), null),
  );
  router.post(path('outcome'), async (request, response) => {
    say(response, yes, await within(response, takeOutcome(read(request, response), deps)));
  });
  return router;
}

const operations = ['flaggerRollout', 'flaggerAdvance', 'flaggerRollback', 'flaggerOutcome'] as const;

/** What of an error its caller may read: messages without a code may hold anything. */
function causeOf(error: unknown, requestId: string): string {
  return error instanceof SerinError
    ? error.message
    : `an unforeseen error (request ${requestId} in the logs)`;
}

/** What stays as it is when nothing can be said: no failed check, no step, no rollback. */
function sayNothingKnown(operation: string, why: string, response: Response): void {
  if (operation === 'flaggerOutcome') say(response, statuses.store_unavailable, why);
  else say(response, operation === 'flaggerRollout' ? yes : no, why);
}

/**
 * Answers what went wrong on the way to the webhooks' handlers or in them. What the caller can mend is a 4xx with the
 * reason. An outage of Serin is no fault of the canary: it neither counts against it, nor lets it on, nor takes it
 * back. Only the outcome is a 503 then, for nothing is decided by it and it is worth another try.
 */
export function catchFlaggerErrors({ logger }: FlaggerDeps): ErrorRequestHandler {
  return (error, _request, response, next) => {
    const { operation, requestId } = contextOf(response);
    const id = operations.find((one) => one === operation?.id);
    if (id === undefined || response.headersSent) next(error);
    else if (hasCode(error, 'key_conflict', 'conflict'))
      sayNothingKnown(id, `inconclusive: ${error.message}`, response);
    else if (isCallersFault(error)) say(response, statuses[error.code], error.message);
    else if (!mayHearOfOutage(response)) next(error);
    else {
      logger.error({ err: error, requestId }, 'a Flagger webhook was answered without an analysis');
      const cause = causeOf(error, requestId);
      sayNothingKnown(id, `Serin cannot judge at the moment: ${cause}`, response);
    }
  };
}
