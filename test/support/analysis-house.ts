import type { Catalog } from '../../src/analysis/catalog.ts';
import { createRuns } from '../../src/analysis/create-runs.ts';
import {
  createRolloutEvents,
  type RolloutEvent,
  type RolloutEvents,
} from '../../src/analysis/rollout-events.ts';
import type { Run } from '../../src/analysis/run.ts';
import { createRunEvents } from '../../src/analysis/run-events.ts';
import type { UnitOfWork } from '../../src/analysis/run-store.ts';
import type { Runs, StartRequest } from '../../src/analysis/runs.ts';
import { createScheduler, type Scheduler } from '../../src/analysis/scheduler.ts';
import { type StepDeps, step } from '../../src/analysis/step.ts';
import { createSteppedRollouts, type SteppedRollouts } from '../../src/analysis/stepped-rollouts.ts';
import type { Actor } from '../../src/ledger/actor.ts';
import type { Provider } from '../../src/metrics/provider.ts';
import type { Database } from '../../src/store/database.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { makePlan, start } from './plans.ts';

/** Runs, scheduler and ledger over a real database, with a clock in the test's hand. */
export type House = {
  readonly runs: Runs;
  readonly rolloutEvents: RolloutEvents;
  readonly steppedRollouts: SteppedRollouts;
  readonly scheduler: Scheduler;
  readonly unitOfWork: UnitOfWork;
  readonly errors: unknown[];
  readonly catalog: () => Catalog;
  /** Moves the clock to `minutes` after the start and performs everything due. */
  at(minutes: number): Promise<void>;
  /** Moves the clock without looking at anything. */
  setMinutes(minutes: number): void;
  /** Moves the clock by a minute at a time until `minutes`, looking each time. */
  through(minutes: number): Promise<void>;
  get(id: string): Promise<Run>;
  /** Takes every template away, as a reload of the configuration may. */
  forgetTemplates(): void;
};

export type HouseOptions = {
  readonly provider: Provider;
  readonly plan?: Record<string, unknown>;
  readonly leaseMs?: number;
  readonly startAt?: number;
  readonly upSince?: () => number;
};

const minute = 60_000;

/** Somebody who may do everything. */
export const admin: Actor = { name: 'token:admin', isAdmin: true };

function makeCatalog(plan: Record<string, unknown>): Catalog {
  const service = {
    name: 'checkout',
    aliases: ['shop/checkout'],
    team: null,
    tier: null,
    environment: 'production',
    template: 'http',
    inlinePlans: false,
    callerMayLoosen: false,
  };
  return {
    services: [{ ...service, scopes: { canary: { arm: 'canary' }, baseline: { arm: 'baseline' } } }],
    templates: new Map([['http', makePlan({ name: 'http', ...plan })]]),
    rejoinAfter: 10 * minute,
  };
}

/** Builds the house; close the database afterwards. */
export function makeHouse(database: Database, options: HouseOptions): House {
  let now = options.startAt ?? start;
  const errors: unknown[] = [];
  const unitOfWork = createUnitOfWork(database);
  let catalog = makeCatalog(options.plan ?? {});
  const shared = {
    unitOfWork,
    events: createRunEvents(),
    catalog: () => catalog,
    now: () => now,
    ledgerPolicy: () => ({ now, observationWindow: 24 * 60 * minute, abandonAfter: 7 * 24 * 60 * minute }),
  };
  const stepDeps: StepDeps = {
    ...shared,
    findProvider: (name) => (name === 'synthetic' ? options.provider : null),
    observer: { looked: () => {}, concluded: () => {} },
    expireAfter: () => 10 * minute,
    upSince: () => options.upSince?.() ?? start,
    readDeadlineMs: 5_000,
  };
  const scheduler = createScheduler({
    runs: unitOfWork.stores.runs,
    step: (claim, stop) => step(stepDeps, claim, stop),
    housekeeping: async () => {},
    now: shared.now,
    onError: (error) => errors.push(error),
    onLag: () => {},
    concurrency: 8,
    leaseMs: options.leaseMs ?? 60_000,
  });
  const at = async (minutes: number): Promise<void> => {
    now = start + minutes * minute;
    await scheduler.tick();
    await scheduler.idle();
  };
  const runs = createRuns({ ...shared, ...stepDeps, recheckMs: 20, poke: () => {} });
  const rolloutEvents = createRolloutEvents(shared);
  return {
    runs,
    rolloutEvents,
    steppedRollouts: createSteppedRollouts({ ...shared, runs, rolloutEvents }),
    scheduler,
    unitOfWork,
    errors,
    catalog: () => catalog,
    at,
    setMinutes: (minutes) => {
      now = start + minutes * minute;
    },
    through: async (minutes) => {
      for (let passed = Math.ceil((now - start) / minute); passed <= minutes; passed += 0.5) await at(passed);
    },
    forgetTemplates: () => {
      catalog = { ...catalog, templates: new Map() };
    },
    get: async (id) => {
      const run = await unitOfWork.stores.runs.find(id);
      if (run === null) throw new Error(`no run ${id}`);
      return run;
    },
  };
}

/** A request of the service `checkout`, key `k`. */
export function makeRequest(changes: Partial<StartRequest> = {}): StartRequest {
  return {
    key: 'k',
    service: 'checkout',
    environment: 'production',
    target: null,
    change: { version: 'v2' },
    rollout: null,
    template: null,
    plan: null,
    canary: null,
    baseline: null,
    start: null,
    end: null,
    duration: null,
    interval: null,
    dryRun: false,
    polled: false,
    by: admin,
    ...changes,
  };
}

/** An event of revision 7 of the rollout `u1`. */
export function makeRolloutEvent(
  type: RolloutEvent['type'],
  minutes: number,
  changes: Partial<RolloutEvent> = {},
): RolloutEvent {
  return {
    source: 'argo-rollouts',
    type,
    rollout: { uid: 'u1', revision: '7', namespace: 'shop', name: 'checkout' },
    at: start + minutes * minute,
    service: null,
    environment: null,
    target: null,
    facts: {},
    reason: null,
    by: admin,
    ...changes,
  };
}
