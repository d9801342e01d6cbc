import { type Request, Router } from 'express';
import { mustConcern, mustConcernList } from '../auth/caller.ts';
import { type InputIssue, invalidInput } from '../errors.ts';
import { type Change, type ChangeFacts, isFinishEstimated, outcomes } from '../ledger/change.ts';
import type { ChangeReport, Changes, Ruling } from '../ledger/changes.ts';
import type { ChangeFilter } from '../ledger/ledger-store.ts';
import { readFacts } from './analyses/start-request.ts';
import { actorOf, callerOf } from './context.ts';
import {
  type FindService,
  queryFlag,
  queryPage,
  queryRange,
  queryService,
  queryText,
  queryWord,
} from './query.ts';
import type { components } from './schema.gen.ts';
import { parseInstant, writeInstant, writeInstantOrNull } from './times.ts';

type Schemas = components['schemas'];

function writeAttempt(attempt: Change['attempts'][number]): Schemas['Attempt'] {
  return {
    startedAt: writeInstantOrNull(attempt.startedAt),
    endedAt: writeInstantOrNull(attempt.endedAt),
    endedAtEstimated: attempt.endedAtEstimated === true,
    result: attempt.result,
  };
}

function writeAttribution(attribution: Change['attribution']): Schemas['Change']['attribution'] {
  if (attribution === null) return null;
  const { method, confidence, incidentId, by, reason } = attribution;
  return {
    method,
    confidence,
    ...(incidentId === undefined ? {} : { incidentId }),
    ...(by === undefined ? {} : { by }),
    ...(reason === undefined ? {} : { reason }),
  };
}

/** A change in the form of the API. */
function writeChange(change: Change): Schemas['Change'] {
  return {
    id: change.id,
    source: change.source,
    externalId: change.externalId,
    service: change.service,
    environment: change.environment,
    targets: [...change.targets],
    version: change.version,
    commit: change.commit,
    artifact: change.artifact,
    url: change.url,
    actor: change.actor,
    kind: change.kind,
    committedAt: writeInstantOrNull(change.committedAt),
    startedAt: writeInstantOrNull(change.startedAt),
    finishedAt: writeInstantOrNull(change.finishedAt),
    finishedAtEstimated: isFinishEstimated(change),
    outcome: change.outcome,
    failureClass: change.failureClass,
    outcomeAt: writeInstantOrNull(change.outcomeAt),
    recoveredAt: writeInstantOrNull(change.recoveredAt),
    attribution: writeAttribution(change.attribution),
    verdictOverruled: change.verdictOverruled,
    attempts: change.attempts.map(writeAttempt),
    analysisIds: [...change.analysisIds],
    createdAt: writeInstant(change.createdAt),
  };
}

export type ChangesDeps = {
  readonly changes: Changes;
  readonly findPlace: FindService;
  readonly now: () => number;
};

/**
 * A report in the form of the ledger. What cannot be read is added to `issues`, with paths under `at`. A service goes by
 * one name whatever it is called, or its incidents and analyses would miss its changes.
 */
export function readChangeReport(
  body: Schemas['ChangeReport'],
  at: string,
  { findPlace }: Pick<ChangesDeps, 'findPlace'>,
  issues: InputIssue[],
): ChangeReport {
  const {
    source,
    externalId,
    service,
    environment,
    targets = [],
    finishedAt,
    finishedAtEstimated,
    outcome,
    failureClass,
    ...facts
  } = body;
  const known: Partial<ChangeFacts> = readFacts(facts, at, issues);
  return {
    source,
    externalId,
    service: findPlace(service)?.service ?? service,
    environment,
    targets,
    facts: known,
    ...(finishedAt === undefined ? {} : { finishedAt: parseInstant(finishedAt, `${at}finishedAt`, issues) }),
    ...(finishedAtEstimated === true ? { finishedAtEstimated } : {}),
    ...(outcome === undefined ? {} : { outcome }),
    ...(failureClass === undefined ? {} : { failureClass }),
  };
}

function readReports(
  body: Schemas['ChangeReport'] | Schemas['ChangeReport'][],
  deps: ChangesDeps,
): ChangeReport[] {
  const issues: InputIssue[] = [];
  const reports = Array.isArray(body)
    ? body.map((one, index) => readChangeReport(one, `[${index}].`, deps, issues))
    : [readChangeReport(body, '', deps, issues)];
  if (issues.length > 0) throw invalidInput(issues);
  return reports;
}

function readRuling(body: Schemas['Ruling'], now: number): Omit<Ruling, 'by'> {
  const issues: InputIssue[] = [];
  const at = body.at === undefined ? now : parseInstant(body.at, 'at', issues);
  if (issues.length > 0) throw invalidInput(issues);
  return {
    outcome: body.outcome,
    failureClass: body.failureClass ?? null,
    at,
    reason: body.reason,
  };
}

function readFilter(request: Request, { findPlace }: ChangesDeps): ChangeFilter {
  return {
    service: queryService(request, findPlace),
    environment: queryText(request, 'environment'),
    outcome: queryWord(request, 'outcome', outcomes),
    source: queryText(request, 'source'),
    externalId: queryText(request, 'externalId'),
    suspected: queryFlag(request, 'suspected'),
    ...queryRange(request),
  };
}

/** The routes under `/v1/changes`. */
export function createChangesRouter(deps: ChangesDeps): Router {
  const { changes, now } = deps;
  const router = Router();
  router.post('/v1/changes', async (request, response) => {
    const written = (await changes.report(readReports(request.body, deps), actorOf(response))).map(
      writeChange,
    );
    response.json(Array.isArray(request.body) ? { items: written } : written[0]);
  });
  router.get('/v1/changes', async (request, response) => {
    const { limit, cursor } = queryPage(request);
    const filter = readFilter(request, deps);
    mustConcernList(callerOf(response), filter.service);
    const page = await changes.list(filter, limit, cursor);
    response.json({ items: page.items.map(writeChange), nextCursor: page.nextCursor });
  });
  router.get('/v1/changes/:id', async (request, response) => {
    const change = await changes.get(String(request.params['id']));
    mustConcern(callerOf(response), change.service);
    const suspectedDoubles = [...(await changes.doubles(change))];
    response.json({ ...writeChange(change), suspectedDoubles });
  });
  router.post('/v1/changes/:id/outcome', async (request, response) => {
    const ruling = readRuling(request.body, now());
    const ruled = await changes.rule(String(request.params['id']), ruling, actorOf(response));
    response.json(writeChange(ruled));
  });
  return router;
}
