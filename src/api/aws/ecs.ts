import { type ErrorRequestHandler, Router } from 'express';
import type { Run } from '../../analysis/run.ts';
import type { Runs } from '../../analysis/runs.ts';
import { SerinError } from '../../errors.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { readStart } from '../analyses/start-request.ts';
import { actorOf, contextOf } from '../context.ts';
import { isCallersFault } from '../problem.ts';
import type { components } from '../schema.gen.ts';
import { type After, withDeadline } from '../timers.ts';

type Result = components['schemas']['EcsHookResult'];

/** Long enough for one answer, short enough for the function's own time to be small. */
const deadline = 8_000;
/** Seconds. ECS asks again by itself after 30. */
const shortestDelay = 15;
const longestDelay = 60;
const outageDelay = 60;

export type EcsDeps = {
  readonly runs: Runs;
  readonly after: After;
  readonly now: () => number;
  readonly logger: Logger;
};

/** Asked again when there is something new to know: at the next look, within bounds. */
function delayOf({ nextLookAt }: Run, now: number): number {
  const seconds = nextLookAt === null ? shortestDelay : Math.ceil((nextLookAt - now) / 1000);
  return Math.min(Math.max(seconds, shortestDelay), longestDelay);
}

/** What the hook returns. Without a verdict nothing has shown that the revision is fit, so it does not go on. */
export function writeHookResult(run: Run, now: number): Result {
  const told = { reason: `${run.verdict}: ${run.reason}`, analysisId: run.id };
  if (run.verdict === 'running')
    return { hookStatus: 'IN_PROGRESS', callBackDelay: delayOf(run, now), ...told };
  return { hookStatus: run.verdict === 'pass' ? 'SUCCEEDED' : 'FAILED', ...told };
}

function late(): Error {
  return new SerinError('store_unavailable', `no answer from inside within ${deadline / 1000}s`);
}

/** The route behind a lifecycle hook of Amazon ECS. */
export function createEcsRouter({ runs, after, now }: EcsDeps): Router {
  const router = Router();
  router.post('/v1/hooks/ecs/analysis', async (request, response) => {
    const { request: start } = readStart(request.body, true, actorOf(response));
    const run = await withDeadline(runs.start(start), deadline, after, late);
    response.json(writeHookResult(run, now()));
  });
  return router;
}

/** An outage of Serin is waited out: anything but `IN_PROGRESS` would decide about the deployment. */
export function catchEcsErrors({ logger }: EcsDeps): ErrorRequestHandler {
  return (error, _request, response, next) => {
    const { operation, requestId } = contextOf(response);
    if (operation?.id !== 'ecsAnalysis' || isCallersFault(error) || response.headersSent) {
      next(error);
      return;
    }
    logger.error({ err: error, requestId }, 'a lifecycle hook was answered without an analysis');
    const cause = error instanceof SerinError ? error.message : `an unforeseen error (request ${requestId})`;
    const reason = `Serin cannot judge at the moment and will try again: ${cause}`;
    const result: Result = { hookStatus: 'IN_PROGRESS', callBackDelay: outageDelay, reason };
    response.status(200).json(result);
  };
}
