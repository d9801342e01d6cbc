import { type Request, type Response, Router } from 'express';
import type { Run } from '../../analysis/run.ts';
import type { Runs } from '../../analysis/runs.ts';
import { mustConcern, mustConcernList } from '../../auth/caller.ts';
import { type InputIssue, invalidInput } from '../../errors.ts';
import { actorOf, callerOf } from '../context.ts';
import type { Drain } from '../drain.ts';
import { type FindService, queryPage, queryRange, queryService, queryText, queryWord } from '../query.ts';
import type { After } from '../timers.ts';
import { readDuration } from '../times.ts';
import { writeAnalysis, writeSeries } from './analysis.ts';
import { streamEvents } from './events.ts';
import { readStart } from './start-request.ts';

/** The longest an answer is held, milliseconds. */
const longestWait = 60_000;
const verdicts = ['running', 'pass', 'fail', 'inconclusive'] as const;

type AnalysesDeps = {
  readonly runs: Runs;
  readonly drain: Drain;
  readonly after: After;
  readonly publicUrl: string | null;
  readonly findPlace: FindService;
};

function checkWait(wait: number, text: string | undefined): number {
  if (wait <= longestWait) return wait;
  throw invalidInput([{ path: 'wait', message: `found "${text}"; at most 60s are waited` }]);
}

function readWait(request: Request): number {
  const text = queryText(request, 'wait');
  if (text === undefined) return 0;
  const issues: InputIssue[] = [];
  const wait = readDuration(text, 'wait', issues);
  if (issues.length > 0) throw invalidInput(issues);
  return checkWait(wait, text);
}

function idOf(request: Request): string {
  return String(request.params['id']);
}

/** The id, once it is clear that the analysis is of a service in the caller's scope. */
async function idInScope(request: Request, response: Response, runs: Runs): Promise<string> {
  const caller = callerOf(response);
  const id = idOf(request);
  if (caller.services !== null) mustConcern(caller, (await runs.find(id)).service);
  return id;
}

function addReads(router: Router, deps: AnalysesDeps): void {
  const { runs, publicUrl, findPlace } = deps;
  router.get('/v1/analyses', async (request, response) => {
    const filter = {
      service: queryService(request, findPlace),
      environment: queryText(request, 'environment'),
      verdict: queryWord(request, 'verdict', verdicts),
      ...queryRange(request),
    };
    mustConcernList(callerOf(response), filter.service);
    const { limit, cursor } = queryPage(request);
    const page = await runs.list(filter, limit, cursor);
    response.json({
      items: page.items.map((run) => writeAnalysis(run, publicUrl)),
      nextCursor: page.nextCursor,
    });
  });
  router.get('/v1/analyses/:id/series', async (request, response) => {
    const id = await idInScope(request, response, runs);
    response.json({ items: (await runs.series(id)).map(writeSeries) });
  });
  router.get('/v1/analyses/:id/events', async (request, response) => {
    const { id } = await runs.get(await idInScope(request, response, runs));
    await streamEvents(id, response, deps.drain.signalFor(response), deps);
  });
}

/** The routes under `/v1/analyses`. */
export function createAnalysesRouter(deps: AnalysesDeps): Router {
  const { runs, publicUrl } = deps;
  const router = Router();
  const held = (run: Run, wait: number, response: Parameters<Drain['signalFor']>[0]): Promise<Run> | Run =>
    wait > 0 && run.verdict === 'running' ? runs.waitFor(run.id, wait, deps.drain.signalFor(response)) : run;
  router.post('/v1/analyses', async (request, response) => {
    const { request: start, wait } = readStart(request.body, false, actorOf(response));
    checkWait(wait, request.body.wait);
    response.json(writeAnalysis(await held(await runs.start(start), wait, response), publicUrl));
  });
  router.get('/v1/analyses/:id', async (request, response) => {
    const wait = readWait(request);
    const run = await runs.get(await idInScope(request, response, runs));
    response.json(writeAnalysis(await held(run, wait, response), publicUrl));
  });
  router.post('/v1/analyses/:id/cancel', async (request, response) => {
    response.json(writeAnalysis(await runs.cancel(idOf(request), actorOf(response)), publicUrl));
  });
  router.post('/v1/analyses/:id/override', async (request, response) => {
    const { verdict, reason } = request.body;
    const run = await runs.override(idOf(request), { verdict, reason }, actorOf(response));
    response.json(writeAnalysis(run, publicUrl));
  });
  addReads(router, deps);
  return router;
}
