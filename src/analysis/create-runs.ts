import { SerinError } from '../errors.ts';
import { type Actor, requireScope } from '../ledger/actor.ts';
import { entryOf } from '../ledger/audit-store.ts';
import { findService } from './catalog.ts';
import { overrideRun } from './override.ts';
import type { Run } from './run.ts';
import type { Runs } from './runs.ts';
import { noteAsked, type StartDeps, startOrJoin } from './start.ts';
import { keepConclusion, type StepDeps } from './step.ts';
import { cancel, isOver } from './transitions.ts';
import { waitFor, watch } from './watch.ts';

export type RunsDeps = StartDeps &
  StepDeps & {
    readonly recheckMs: number;
    /** Called when a run may be due at once. */
    readonly poke: () => void;
  };

async function findRun(deps: RunsDeps, id: string): Promise<Run> {
  const run = await deps.unitOfWork.stores.runs.find(id);
  if (run === null) throw new SerinError('not_found', `there is no analysis ${id}`);
  return run;
}

/** Forced writes race with looks; each try takes the newest state, so a few are plenty. */
async function cancelRun(deps: RunsDeps, id: string, by: Actor): Promise<Run> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const run = await findRun(deps, id);
    requireScope(by, run.service);
    if (isOver(run)) return run;
    const cancelled = cancel(run, 'cancelled by the caller', deps.now());
    const saved = await deps.unitOfWork.transaction(async (stores) => {
      await stores.ledger.holdPlace(run.service, run.environment);
      if (!(await stores.runs.saveForced(cancelled, run))) return false;
      await keepConclusion(stores, cancelled, deps.ledgerPolicy());
      const [before, after] = [run, cancelled].map(({ phase, verdict }) => ({ phase, verdict }));
      const subject = { type: 'analysis', id };
      await stores.audit.append(
        entryOf(by, deps.now(), { action: 'analysis.cancel', subject, before, after }),
      );
      return true;
    });
    if (saved) {
      deps.events.emit({ type: 'concluded', run: cancelled });
      return cancelled;
    }
  }
  throw new SerinError('conflict', `analysis ${id} keeps changing; try again`);
}

/** Joins the use cases around analysis runs. */
export function createRuns(deps: RunsDeps): Runs {
  const find = (id: string): Promise<Run> => findRun(deps, id);
  const watching = { events: deps.events, find, recheckMs: deps.recheckMs };
  return {
    start: async (request) => {
      const run = await startOrJoin(deps, request);
      if (run.nextLookAt !== null && run.nextLookAt <= deps.now()) deps.poke();
      return run;
    },
    get: async (id) => {
      const run = await find(id);
      await noteAsked(deps.unitOfWork.stores, run, deps.now());
      return run;
    },
    findByKey: (keySpace) => {
      const service = findService(deps.catalog(), keySpace.service)?.name ?? keySpace.service;
      return deps.unitOfWork.stores.runs.findLatest({ ...keySpace, service });
    },
    list: (filter, limit, cursor) => deps.unitOfWork.stores.runs.list(filter, limit, cursor),
    find,
    cancel: (id, by) => cancelRun(deps, id, by),
    override: (id, asked, by) => overrideRun(deps, () => find(id), asked, by),
    series: async (id) => {
      await find(id);
      return deps.unitOfWork.stores.runs.loadSeries(id);
    },
    waitFor: (id, waitMs, signal) => waitFor(watching, id, waitMs, signal),
    watch: (id, signal) => watch(watching, id, signal),
  };
}
