import { type Request, type Response, Router } from 'express';
import type { CanaryRequest } from '../../analysis/kayenta/canary-request.ts';
import { type ExecutionState, executionStates } from '../../analysis/kayenta/kayenta-store.ts';
import { invalidInput, SerinError } from '../../errors.ts';
import { actorOf } from '../context.ts';
import { isCallersFault } from '../problem.ts';
import { queryText } from '../query.ts';
import type { components } from '../schema.gen.ts';
import { withDeadline } from '../timers.ts';
import type { KayentaDeps } from './deps.ts';
import { answerOutage } from './outage.ts';
import { kayentaPaths } from './paths.ts';
import { readCanary } from './read-canary.ts';
import { writeStatus } from './write-status.ts';

/** Argo Rollouts gives up after 15 seconds. */
const deadline = 8_000;
const usualLimit = 20;

function late(): Error {
  return new SerinError('store_unavailable', `no answer from inside within ${deadline / 1000}s`);
}

function idOf(request: Request): string {
  return String(request.params['id']);
}

/** Starts what is asked for; what cannot be stored because of an outage is put into the id that is answered. */
async function startOrDefer(asked: CanaryRequest, response: Response, deps: KayentaDeps): Promise<string> {
  try {
    return await withDeadline(deps.canaries.start(asked, actorOf(response)), deadline, deps.after, late);
  } catch (error) {
    const id = isCallersFault(error) ? null : deps.canaries.defer(asked);
    if (id === null) throw error;
    deps.logger.error({ err: error }, 'a canary could not be started; it is when it is asked for');
    return id;
  }
}

async function answerPoll(
  request: Request,
  response: Response,
  deps: KayentaDeps,
): Promise<components['schemas']['KayentaCanaryStatus']> {
  const id = idOf(request);
  try {
    const work = deps.canaries.get(id, actorOf(response));
    const status = writeStatus(await withDeadline(work, deadline, deps.after, late), id, deps.publicUrl);
    deps.outage.succeeded(id);
    return status;
  } catch (error) {
    const answer = isCallersFault(error) ? null : answerOutage(error, id, response, deps);
    if (answer === null) throw error;
    return answer;
  }
}

function readStates(request: Request): readonly ExecutionState[] | null {
  const text = queryText(request, 'statuses');
  if (text === undefined) return null;
  return text.split(',').map((word) => {
    const state = executionStates.find((one) => one === word.trim().toLowerCase());
    if (state !== undefined) return state;
    throw invalidInput([
      { path: 'statuses', message: `found "${word}"; allowed are ${executionStates.join(', ')}` },
    ]);
  });
}

function addLists(router: Router, { canaries, publicUrl }: KayentaDeps): void {
  router.get(kayentaPaths('/canary/executions'), async (request, response) => {
    const filter = {
      application: queryText(request, 'application') ?? null,
      states: readStates(request),
      kind: 'canary' as const,
    };
    const limit = Number(request.query['limit'] ?? usualLimit);
    const found = await canaries.list(filter, limit, Number(request.query['page'] ?? 1), actorOf(response));
    response.json(found.map((view) => writeStatus(view, view.execution.id, publicUrl)));
  });
}

/** The routes of canary executions. */
export function createCanariesRouter(deps: KayentaDeps): Router {
  const router = Router();
  addLists(router, deps);
  router.post(kayentaPaths('/canary'), async (request, response) => {
    const { canaryConfig, executionRequest } = request.body as components['schemas']['KayentaAdHocCanary'];
    const asked = readCanary(request, executionRequest, { body: canaryConfig });
    response.json({ canaryExecutionId: await deps.canaries.start(asked, actorOf(response)) });
  });
  router.post(kayentaPaths('/canary/:id'), async (request, response) => {
    const asked = readCanary(request, request.body, { id: idOf(request) });
    response.json({ canaryExecutionId: await startOrDefer(asked, response, deps) });
  });
  router.get(kayentaPaths('/canary/:id'), async (request, response) => {
    response.json(await answerPoll(request, response, deps));
  });
  router.put(kayentaPaths('/pipelines/:id/cancel'), async (request, response) => {
    await deps.canaries.cancel(idOf(request), actorOf(response));
    response.json({ ok: true });
  });
  return router;
}
