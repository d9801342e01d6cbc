import { type ErrorRequestHandler, type Request, type Response, Router } from 'express';
import type { Run } from '../../analysis/run.ts';
import type { Runs } from '../../analysis/runs.ts';
import { hasCode, SerinError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { ReadStart } from '../analyses/start-request.ts';
import { readStart } from '../analyses/start-request.ts';
import { actorOf, contextOf, mayHearOfOutage } from '../context.ts';
import type { Drain } from '../drain.ts';
import { isCallersFault } from '../problem.ts';
import { type After, withDeadline } from '../timers.ts';
import { type ArgoAnswer, answerReason, answerRun } from './answer.ts';
import { everybody, type OutageClock } from './outage-clock.ts';

/** The controller gives up after 10 seconds by default. */
const deadline = 8_000;
/** Kept of the deadline for reading the run once the wait is over. */
const reserve = 1_000;

export type ArgoDeps = {
  readonly runs: Runs;
  readonly outage: OutageClock;
  readonly drain: Drain;
  readonly after: After;
  readonly now: () => number;
  readonly logger: Logger;
  readonly publicUrl: string | null;
};

async function startAndWait({ request, wait }: ReadStart, response: Response, deps: ArgoDeps): Promise<Run> {
  const { receivedAt } = contextOf(response);
  const run = await deps.runs.start(request);
  const left = Math.min(wait, receivedAt + deadline - reserve - deps.now());
  if (run.dryRun || run.verdict !== 'running' || left <= 0) return run;
  return deps.runs.waitFor(run.id, left, deps.drain.signalFor(response));
}

function late(): Error {
  return new SerinError('store_unavailable', `no answer from inside within ${deadline / 1000}s`);
}

/** What of an error its caller may read: messages without a code may hold anything. */
function causeOf(error: unknown, requestId: string): string {
  return error instanceof SerinError
    ? error.message
    : `an unforeseen error (request ${requestId} in the logs)`;
}

/** An outage of Serin is no fault of the change: it is waited out first, then a person is asked. */
function answerOutage(error: unknown, subject: string, response: Response, deps: ArgoDeps): ArgoAnswer {
  const { requestId } = contextOf(response);
  deps.logger.error({ err: error, requestId }, 'a controller was answered without an analysis');
  const cause = causeOf(error, requestId);
  return deps.outage.failed(subject)
    ? answerReason('inconclusive', `Serin cannot judge and has not been able to for too long: ${cause}`)
    : answerReason('running', `Serin cannot judge at the moment and will try again: ${cause}`);
}

function subjectOf({ request }: ReadStart): string {
  return JSON.stringify([request.service, request.environment, request.target, request.key]);
}

async function answer(start: ReadStart, response: Response, deps: ArgoDeps): Promise<ArgoAnswer> {
  const subject = subjectOf(start);
  try {
    const work = startAndWait(start, response, deps);
    const { receivedAt } = contextOf(response);
    const left = Math.max(0, receivedAt + deadline - deps.now());
    const reply = answerRun(await withDeadline(work, left, deps.after, late), deps.publicUrl);
    deps.outage.succeeded(subject);
    return reply;
  } catch (error) {
    if (hasCode(error, 'key_conflict', 'conflict')) {
      deps.outage.succeeded(subject);
      return answerReason('inconclusive', error.message);
    }
    if (isCallersFault(error)) throw error;
    return answerOutage(error, subject, response, deps);
  }
}

function wantsVerdict(request: Request): boolean {
  return request.query['onBadInput'] === 'inconclusive';
}

/** The poll of an Argo Rollouts web metric: 200 and one JSON object under 2 KB, but for bad input. */
export function createArgoAnalysisRouter(deps: ArgoDeps): Router {
  const router = Router();
  router.post('/v1/hooks/argo-rollouts/analysis', async (request, response) => {
    response.json(await answer(readStart(request.body, true, actorOf(response)), response, deps));
  });
  return router;
}

/**
 * Answers what went wrong on the way to the poll's handler or in it. Bad input goes on to be a problem unless the
 * caller wants a verdict for it; anything else is an outage. Who was refused gets no verdict, whatever it wants; whose token
 * cannot be checked because of the outage is told of that.
 */
export function catchArgoErrors(deps: ArgoDeps): ErrorRequestHandler {
  return (error, request, response, next) => {
    const { operation } = contextOf(response);
    const isOurs = operation?.id === 'argoRolloutsAnalysis' && !response.headersSent;
    if (!isOurs || !mayHearOfOutage(response)) next(error);
    else if (!isCallersFault(error))
      response.status(200).json(answerOutage(error, everybody, response, deps));
    else if (wantsVerdict(request))
      response.status(200).json(answerReason('inconclusive', `Bad input: ${error.message}`));
    else next(error);
  };
}
