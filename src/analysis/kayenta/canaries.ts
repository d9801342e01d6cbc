import { hasCode, SerinError } from '../../errors.ts';
import { type Actor, requireScope } from '../../ledger/actor.ts';
import { findService } from '../catalog.ts';
import type { Run } from '../run.ts';
import type { UnitOfWork } from '../run-store.ts';
import type { Runs } from '../runs.ts';
import type { CanaryRequest } from './canary-request.ts';
import { deferredId, newExecutionId, readDeferred } from './execution-id.ts';
import { growRun } from './grow.ts';
import type { Execution, ExecutionFilter } from './kayenta-store.ts';
import { readSubject, type Subject, type SubjectDeps } from './subject.ts';

/** An execution and the run that answers for it. */
export type CanaryView = { readonly execution: Execution; readonly run: Run };

/** The use cases around canary executions. All reject with a SerinError. */
export type Canaries = {
  /** Starts a run, joins it or lets it go on over a longer window; gives the execution's id. */
  start(request: CanaryRequest, by: Actor): Promise<string>;
  /** An id for a request that cannot be stored now; whoever asks for it starts it. `null` when it is too long. */
  defer(request: CanaryRequest): string | null;
  /** Notes that it was asked for. `not_found` when there is none. */
  get(id: string, by: Actor): Promise<CanaryView>;
  /** Newest first. `page` counts from 1. Who has a scope must name one of its applications. */
  list(filter: ExecutionFilter, limit: number, page: number, by: Actor): Promise<readonly CanaryView[]>;
  /** Ends the run; harmless when it is over. */
  cancel(id: string, by: Actor): Promise<void>;
};

export type CanariesDeps = Omit<SubjectDeps, 'findConfig'> & {
  readonly runs: Runs;
  readonly unitOfWork: UnitOfWork;
  readonly now: () => number;
  /** Called when a run may be due at once. */
  readonly poke: () => void;
};

async function tryRun({ runs, unitOfWork, now, poke }: CanariesDeps, subject: Subject): Promise<Run | null> {
  const { service, environment, target, key } = subject.start;
  const found = await unitOfWork.stores.runs.findLatest({ service, environment, target, key: key ?? '' });
  if (found !== null) {
    const grown = await growRun(unitOfWork, found, subject.end, now());
    if (grown !== found) poke();
    return grown;
  }
  try {
    return await runs.start(subject.start);
  } catch (error) {
    // Somebody else was quicker, with a window that ends elsewhere.
    if (hasCode(error, 'key_conflict')) return null;
    throw error;
  }
}

async function runOf(deps: CanariesDeps, subject: Subject): Promise<Run> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const run = await tryRun(deps, subject);
    if (run !== null) return run;
  }
  throw new SerinError(
    'store_unavailable',
    'the canary could not be started: too many ask at once; ask again',
  );
}

function executionOf(
  id: string,
  request: CanaryRequest,
  subject: Subject,
  run: Run,
  createdAt: number,
): Execution {
  const { application, end, thresholds, configId, configName, judgeName, metrics } = subject;
  return {
    id,
    kind: request.kind,
    runId: run.id,
    application,
    createdAt,
    start: run.start,
    end,
    thresholds,
    configId,
    configName,
    judgeName,
    metrics,
    accounts: request.accounts,
    parentPipelineExecutionId: request.parentPipelineExecutionId,
    request: request.request,
    concluded: null,
  };
}

async function startAs(
  deps: CanariesDeps,
  request: CanaryRequest,
  keptAs: string | null,
  by: Actor,
): Promise<Execution> {
  const { kayenta } = deps.unitOfWork.stores;
  const subject = await readSubject({ ...deps, findConfig: kayenta.findConfig }, request, by);
  requireScope(by, subject.start.service);
  const run = await runOf(deps, subject);
  const execution = executionOf(
    keptAs ?? newExecutionId(subject.thresholds),
    request,
    subject,
    run,
    deps.now(),
  );
  await kayenta.insertExecution(execution);
  return execution;
}

async function find(deps: CanariesDeps, id: string, by: Actor): Promise<Execution> {
  const { kayenta } = deps.unitOfWork.stores;
  const deferred = readDeferred(id);
  const known = await kayenta.findExecution(deferred?.keptAs ?? id);
  if (known !== null) return known;
  if (deferred === null)
    throw new SerinError('not_found', `there is no canary execution ${id.slice(0, 200)}`);
  return startAs(deps, deferred.request, deferred.keptAs, by);
}

async function view(deps: CanariesDeps, execution: Execution): Promise<CanaryView> {
  return { execution, run: execution.concluded ?? (await deps.runs.get(execution.runId)) };
}

/** Joins the use cases around canary executions. */
export function createCanaries(deps: CanariesDeps): Canaries {
  const { kayenta } = deps.unitOfWork.stores;
  const findFor = async (id: string, by: Actor): Promise<Execution> => {
    const execution = await find(deps, id, by);
    const { application } = execution;
    requireScope(by, findService(deps.catalog(), application)?.name ?? application);
    return execution;
  };
  return {
    start: async (request, by) => (await startAs(deps, request, null, by)).id,
    defer: deferredId,
    get: async (id, by) => view(deps, await findFor(id, by)),
    list: async (filter, limit, page, by) => {
      const { application } = filter;
      requireScope(by, findService(deps.catalog(), application ?? '')?.name ?? application ?? '');
      const executions = await kayenta.listExecutions(filter, limit, (page - 1) * limit);
      return Promise.all(
        executions.map(async (execution) => ({
          execution,
          // Looking at a list is not asking for a verdict, so it keeps no run alive.
          run: execution.concluded ?? (await deps.runs.find(execution.runId)),
        })),
      );
    },
    cancel: async (id, by) => {
      const execution = await findFor(id, by);
      if (execution.concluded === null) await deps.runs.cancel(execution.runId, by);
    },
  };
}
