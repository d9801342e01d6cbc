import { type Request, Router } from 'express';
import type { Run } from '../../analysis/run.ts';
import type { Runs } from '../../analysis/runs.ts';
import { SerinError } from '../../errors.ts';
import { requireScope } from '../../ledger/actor.ts';
import { pageOf, writeScore } from '../analyses/analysis.ts';
import { readStart } from '../analyses/start-request.ts';
import { actorOf } from '../context.ts';
import type { components } from '../schema.gen.ts';
import { type After, withDeadline } from '../timers.ts';

type Status = components['schemas']['SpinnakerStatus'];

/** Orca gives up reading after 20 seconds, and a request that was given up ends the stage. */
const deadline = 10_000;

export type SpinnakerDeps = {
  readonly runs: Runs;
  readonly after: After;
  readonly publicUrl: string | null;
};

const path = '/v1/hooks/spinnaker/analysis';

/** Orca compares hosts and cannot use a relative address, so where none is configured it is the one that was asked. */
function baseOf(request: Request, publicUrl: string | null): string {
  return publicUrl ?? `${request.protocol}://${request.get('host') ?? 'localhost'}`;
}

function progressOf({ looks, verdict, reason }: Run): string {
  return `${looks} ${looks === 1 ? 'look' : 'looks'}, ${verdict}: ${reason}`;
}

function writeStatus(run: Run, base: string): Status {
  return {
    statusUrl: `${base}${path}/${encodeURIComponent(run.id)}`,
    status: run.verdict,
    progress: progressOf(run),
    analysisId: run.id,
    verdict: run.verdict,
    score: writeScore(run.score),
    reason: run.reason,
    reportUrl: pageOf(run.id, base),
  };
}

function late(): Error {
  return new SerinError('store_unavailable', `no answer from inside within ${deadline / 1000}s`);
}

/**
 * The routes of a Spinnaker webhook stage. Whatever fails inside is a 5xx, which lets the stage ask again; a 4xx ends
 * it.
 */
export function createSpinnakerRouter({ runs, after, publicUrl }: SpinnakerDeps): Router {
  const router = Router();
  const within = <T>(work: Promise<T>): Promise<T> => withDeadline(work, deadline, after, late);
  router.post(path, async (request, response) => {
    const { request: start } = readStart(request.body, true, actorOf(response));
    const status = writeStatus(await within(runs.start(start)), baseOf(request, publicUrl));
    response.status(201).location(status.statusUrl).json(status);
  });
  router.post(`${path}/cancel`, async (request, response) => {
    const { key, service, environment, target = null } = request.body;
    const by = actorOf(response);
    requireScope(by, service);
    const run = await within(runs.findByKey({ key, service, environment, target }));
    if (run !== null) await within(runs.cancel(run.id, by));
    response.status(202).json({ accepted: true });
  });
  router.get(`${path}/:id`, async (request, response) => {
    const { id, service } = await within(runs.find(String(request.params['id'])));
    requireScope(actorOf(response), service);
    response.json(writeStatus(await within(runs.get(id)), baseOf(request, publicUrl)));
  });
  return router;
}
