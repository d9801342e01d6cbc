import { SerinError } from '../errors.ts';
import type { ChangeFacts } from '../ledger/change.ts';
import type { KeptSeries, Page, RunFilter } from './run-store.ts';
import type { Rollout, Run, Scope } from './run.ts';
import { noteAsked, type StartDeps, startOrJoin } from './start.ts';
import { keepConclusion, type StepDeps } from './step.ts';
import { cancel, isOver } from './transitions.ts';
import { waitFor, watch } from './watch.ts';

/** What a caller asks to have judged; every caller's own body is translated to this. Times in milliseconds. */
export type StartRequest = {
  /** `null`: derived from the other fields. */
  readonly key: string | null;
  readonly service: string;
  readonly environment: string;
  readonly target: string | null;
  readonly change: Partial<ChangeFacts>;
  readonly rollout: Rollout | null;
  /** Name of a configured template; `null`: the service's. */
  readonly template: string | null;
  /** A plan in place, as it came; parsed and refused here. */
  readonly plan: unknown;
  readonly canary: Scope | null;
  readonly baseline: Scope | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly duration: number | null;
  readonly interval: number | null;
  readonly dryRun: boolean;
  /** True for callers that poll until the verdict; such a run expires when no longer asked for. */
  readonly polled: boolean;
};

/** What happened to a run, as told to those who watch it. */
export type RunEvent = { readonly type: 'look' | 'concluded'; readonly run: Run };

/** The use cases around analysis runs. All reject with a SerinError. */
export type Runs = {
  /** Starts a run or joins the one with the same key; a concluded key replays its verdict. */
  start(request: StartRequest): Promise<Run>;
  /** Notes that the run was asked for. `not_found` when there is none. */
  get(id: string): Promise<Run>;
  list(filter: RunFilter, limit: number, cursor: string | null): Promise<Page<Run>>;
  /** The verdict becomes inconclusive; harmless when the run is over already. */
  cancel(id: string): Promise<Run>;
  /** The series that were judged. */
  series(id: string): Promise<readonly KeptSeries[]>;
  /** Resolves with the run as soon as it is over, after `waitMs`, or when `signal` aborts; whichever is first. */
  waitFor(id: string, waitMs: number, signal: AbortSignal): Promise<Run>;
  /** Yields looks and the conclusion, then ends; ends early when `signal` aborts. A run that is over yields once. */
  watch(id: string, signal: AbortSignal): AsyncIterable<RunEvent>;
};

export type RunsDeps = StartDeps & StepDeps & {
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
async function cancelRun(deps: RunsDeps, id: string): Promise<Run> {
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const run = await findRun(deps, id);
    if (isOver(run)) return run;
    const cancelled = cancel(run, 'cancelled by the caller', deps.now());
    const saved = await deps.unitOfWork.transaction(async (stores) => {
      if (!(await stores.runs.saveForced(cancelled, run))) return false;
      await keepConclusion(stores, cancelled, deps.ledgerPolicy());
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
    list: (filter, limit, cursor) => deps.unitOfWork.stores.runs.list(filter, limit, cursor),
    cancel: (id) => cancelRun(deps, id),
    series: async (id) => {
      await find(id);
      return deps.unitOfWork.stores.runs.loadSeries(id);
    },
    waitFor: (id, waitMs, signal) => waitFor(watching, id, waitMs, signal),
    watch: (id, signal) => watch(watching, id, signal),
  };
}
