import assert from 'node:assert/strict';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RolloutEvent } from '../../src/analysis/rollout-events.ts';
import type { Run } from '../../src/analysis/run.ts';
import type { Runs, StartRequest } from '../../src/analysis/runs.ts';
import { createServer, type ServerDeps } from '../../src/api/server.ts';
import { readSpecText } from '../../src/api/spec.ts';
import { createValidation } from '../../src/api/validation.ts';
import { anonymousCaller } from '../../src/auth/caller.ts';
import { SerinError } from '../../src/errors.ts';
import type { Change } from '../../src/ledger/change.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeGithubHouse } from './github-events.ts';
import { makeRun, start } from './plans.ts';

/** Timers that go off when a test says so. */
export type ManualTimers = {
  readonly after: NonNullable<ServerDeps['after']>;
  /** Milliseconds of the timers that are set. */
  pending(): readonly number[];
  /** Lets every timer of that length go off. */
  fire(milliseconds: number): void;
};

export function makeTimers(): ManualTimers {
  const timers = new Set<{ readonly milliseconds: number; readonly task: () => void }>();
  return {
    after(milliseconds, task) {
      const timer = { milliseconds, task };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pending: () => [...timers].map(({ milliseconds }) => milliseconds),
    fire(milliseconds) {
      for (const timer of [...timers].filter((one) => one.milliseconds === milliseconds)) {
        timers.delete(timer);
        timer.task();
      }
    },
  };
}

/** Runs that are answered from a map; every start adds to `started`. */
export function makeRuns(changes: Partial<Runs> = {}, stored: readonly Run[] = [makeRun()]): Runs {
  const find = async (id: string): Promise<Run> => {
    const run = stored.find((one) => one.id === id);
    if (run === undefined) throw new SerinError('not_found', `there is no analysis ${id}`);
    return run;
  };
  return {
    start: async () => makeRun(),
    get: find,
    find,
    findByKey: async ({ key }) => stored.find((one) => one.key === key) ?? null,
    list: async () => ({ items: stored, nextCursor: null }),
    cancel: async (id) => ({ ...(await find(id)), phase: 'cancelled', verdict: 'inconclusive' }),
    override: async (id, { verdict }) => ({ ...(await find(id)), phase: 'concluded', verdict }),
    series: async () => [],
    waitFor: find,
    async *watch(id) {
      yield { type: 'concluded', run: await find(id) };
    },
    ...changes,
  };
}

/** A change that is still pending. */
export function makeChange(changes: Partial<Change> = {}): Change {
  return {
    id: 'c1',
    source: 'github',
    externalId: '1',
    service: 'checkout',
    environment: 'production',
    targets: [],
    version: 'v2',
    commit: null,
    artifact: null,
    url: null,
    actor: null,
    kind: 'normal',
    committedAt: null,
    startedAt: start,
    finishedAt: null,
    outcome: 'pending',
    failureClass: null,
    outcomeAt: null,
    recoveredAt: null,
    attribution: null,
    attempts: [],
    analysisIds: [],
    verdictOverruled: false,
    createdAt: start,
    settlesAt: null,
    ...changes,
  };
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('the test did not expect this call'));
}

function refuseNow(): never {
  throw new Error('the test did not expect this call');
}

const mismatches: string[] = [];
/** Made once, for reading the description takes longer than most tests. */
const validation = createValidation(readSpecText(), (error) => mismatches.push(error.message));

afterEach('every answer was as openapi.yaml says', () => {
  assert.deepEqual(mismatches.splice(0), []);
});

/** An API over fakes. Every answer is checked against the description; a test in which one differs fails. */
export type TestApi = {
  readonly handler: ReturnType<typeof createServer>['handler'];
  readonly drain: () => void;
  readonly deps: ServerDeps;
  /** What the rollout events' use case was given. */
  readonly taken: RolloutEvent[];
};

export function makeApi(changes: Partial<ServerDeps> = {}): TestApi {
  const taken: RolloutEvent[] = [];
  const deps: ServerDeps = {
    runs: makeRuns(),
    rolloutEvents: {
      take: async (event) => {
        taken.push(event);
        return 'recorded';
      },
    },
    steppedRollouts: { stay: refuse, step: refuse, rollBack: refuse, end: refuse },
    backfill: { take: refuse },
    changes: { report: refuse, get: refuse, list: refuse, doubles: refuse, rule: refuse },
    incidents: {
      incidents: { take: refuse, get: refuse, list: refuse, attribute: refuse, remap: refuse },
      findPlace: () => null,
    },
    incidentMapping: refuseNow,
    reports: { changeFailure: refuse },
    judgeQuality: { report: refuse },
    storedReports: { list: refuse, get: refuse },
    judging: refuse,
    gates: { evaluate: refuse },
    github: { intake: { take: refuse }, secrets: () => [], house: () => makeGithubHouse() },
    kayenta: {
      configs: { list: refuse, get: refuse, create: refuse, replace: refuse, remove: refuse },
      canaries: { start: refuse, defer: () => null, get: refuse, list: refuse, cancel: refuse },
      settings: () => ({ accounts: [], providers: [], judge: 'kayenta', since: start }),
    },
    tokens: { create: refuse, list: refuse, revoke: refuse },
    audit: { list: refuse },
    authentication: { identify: async () => anonymousCaller(['admin']) },
    hookHouse: () => ({ services: [], environments: [], webhooks: {} }),
    health: { live: () => true, ready: async () => ({ ok: true, checks: { database: 'ok' } }) },
    logger: createLogger('silent'),
    metrics: createMetrics({ process: false }),
    now: () => start,
    publicUrl: 'https://serin.example',
    hostNames: [],
    outageGrace: () => 900_000,
    validation,
    ...changes,
  };
  const { handler, drain } = createServer(deps);
  return {
    handler,
    drain,
    deps,
    taken,
  };
}

/** Records what is started. */
export function recordStarts(run: Run = makeRun()): {
  readonly runs: Runs;
  readonly started: StartRequest[];
} {
  const started: StartRequest[] = [];
  const runs = makeRuns({
    start: async (request) => {
      started.push(request);
      return run;
    },
  });
  return { runs, started };
}

/** The API on a loopback port, for what needs a real socket. Close it when done. */
export async function listen(
  api: TestApi,
): Promise<{ readonly url: string; readonly server: Server; close(): Promise<void> }> {
  const server = createHttpServer(api.handler);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    server,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
