import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { migrateUp, pendingMigrations } from '../db/migrate.ts';
import type { Catalog } from './analysis/catalog.ts';
import { createRuns } from './analysis/create-runs.ts';
import { createRolloutEvents, type RolloutEvents } from './analysis/rollout-events.ts';
import type { Callback } from './analysis/run.ts';
import { createRunEvents } from './analysis/run-events.ts';
import type { UnitOfWork } from './analysis/run-store.ts';
import type { Runs } from './analysis/runs.ts';
import { createScheduler, type Scheduler } from './analysis/scheduler.ts';
import { type StepDeps, step } from './analysis/step.ts';
import type { HookHouse } from './api/hook-house.ts';
import { createServer } from './api/server.ts';
import { type Config, templatesOf } from './config.ts';
import { hasCode } from './errors.ts';
import { createJudging } from './judging.ts';
import { createBackfill } from './ledger/backfill.ts';
import { type Changes, createChanges, type LedgerPolicy, settleDue } from './ledger/changes.ts';
import type { Provider } from './metrics/provider.ts';
import { createProvider } from './metrics/registry.ts';
import type { Settings } from './settings.ts';
import { type Database, openDatabase } from './store/database.ts';
import { createUnitOfWork } from './store/unit-of-work.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { wireAuth } from './wire-auth.ts';
import { checkCallbacks } from './wire-callbacks.ts';
import { hookHouseOf } from './wire-hooks.ts';
import { ledgerPolicyOf, wireIncidents } from './wire-incidents.ts';
import { wireOutbox } from './wire-outbox.ts';
import { type Reporting, wireReports } from './wire-reports.ts';

export type AppOptions = {
  readonly settings: Settings;
  readonly config: Config;
  readonly version: string;
  /** Whether others may call without a credential as long as there is none; default false: only this machine. */
  readonly allowUnauthenticated?: boolean;
  readonly now?: () => number;
  readonly logger?: Logger;
};

/** The whole service, wired but not yet listening. */
export type App = {
  readonly logger: Logger;
  readonly scheduler: Scheduler;
  readonly changes: Changes;
  /** Whether a credential exists or is configured; true also while that cannot be told. */
  mayHaveCredentials(): Promise<boolean>;
  /** Brings the database up to date; rejects with `store_unavailable` while it is away. */
  migrate(): Promise<void>;
  /** Listens; resolves with the address, such as `http://127.0.0.1:8080`. */
  listen(): Promise<string>;
  /** Begins to look at runs. Call it when the database is up to date. */
  start(): void;
  /** Takes a new configuration. Rejects, and keeps the old one, when a provider of the new one is wrong. */
  reload(config: Config): void;
  /** Answers what is waiting, lets looks finish or give their leases back, and closes everything. */
  stop(graceMs: number): Promise<void>;
};

const concurrency = 32;
const leaseMs = 90_000;
const readDeadlineMs = 45_000;
const recheckMs = 2_000;

/** What the parts read of the configuration; replaced as a whole by `reload`. */
type Current = {
  readonly config: Config;
  readonly catalog: Catalog;
  readonly providers: ReadonlyMap<string, Provider>;
};

function makeCatalog(config: Config): Catalog {
  return {
    services: config.services.map((service) => ({
      ...service,
      team: service.team ?? null,
      tier: service.tier ?? null,
      template: service.template ?? null,
      scopes: { canary: service.scopes.canary ?? null, baseline: service.scopes.baseline ?? null },
    })),
    templates: templatesOf(config),
    rejoinAfter: config.analysis.rejoinAfter,
  };
}

function observeSteps(metrics: Metrics): StepDeps['observer'] {
  return {
    looked: (seconds, failedMetrics) => metrics.look(failedMetrics > 0 ? 'failed' : 'judged', seconds * 1000),
    concluded: (verdict) => {
      if (verdict !== 'running') metrics.verdict(verdict);
    },
  };
}

async function readiness(database: Database): Promise<{ ok: boolean; checks: Record<string, string> }> {
  try {
    await database.ping();
    const pending = await pendingMigrations(database);
    return {
      ok: pending.length === 0,
      checks: { database: 'ok', migrations: pending.length === 0 ? 'ok' : `pending: ${pending.join(', ')}` },
    };
  } catch (error) {
    return { ok: false, checks: { database: error instanceof Error ? error.message : 'unreachable' } };
  }
}

function listenOn(server: Server, { host, port }: Settings): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      resolve(
        `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
      );
    });
  });
}

function makeCurrent(config: Config, metrics: Metrics): Current {
  const onRequest = ({
    provider,
    outcome,
    seconds,
  }: {
    provider: string;
    outcome: string;
    seconds: number;
  }): void => metrics.providerRequest(provider, outcome, seconds * 1000);
  const providers = Object.entries(config.providers).map(
    ([name, one]) => [name, createProvider(name, one, { onRequest })] as const,
  );
  return { config, catalog: makeCatalog(config), providers: new Map(providers) };
}

const sweepMs = 50;

/** Lets answers under way be sent, closing each connection as it falls idle, and cuts what is left after `graceMs`. */
async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve));
  const sweep = setInterval(() => server.closeIdleConnections(), sweepMs);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(cut);
}

/** What every part is made from. */
type Ground = {
  readonly settings: Settings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly now: () => number;
  readonly current: () => Current;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly reporting: Reporting;
};

/** Work that is done each minute beside the looks. */
type Chore = () => Promise<unknown>;

function wireScheduler(ground: Ground, stepDeps: StepDeps, chores: readonly Chore[]): Scheduler {
  const { unitOfWork, metrics, logger, now, ledgerPolicy } = ground;
  const { publicUrl } = ground.settings;
  const outbox = wireOutbox({ ...ground, publicUrl, config: () => ground.current().config });
  const scheduler = createScheduler({
    runs: unitOfWork.stores.runs,
    step: (claim, stop) => step(stepDeps, claim, stop),
    alongside: outbox.dispatcher.tick,
    housekeeping: async () => {
      await outbox.housekeeping();
      await unitOfWork.transaction((stores) => settleDue(stores.ledger, now(), ledgerPolicy()));
      for (const chore of chores) await chore();
      metrics.runs((await unitOfWork.stores.runs.census()).byPhase);
    },
    now,
    onError: (error, doing) => {
      if (hasCode(error, 'store_unavailable')) metrics.databaseError(doing.split(' ')[0] ?? 'unknown');
      logger.error({ err: error, doing }, 'the scheduler could not do its work');
    },
    onLag: (milliseconds) => metrics.schedulerLag(milliseconds),
    concurrency,
    leaseMs,
  });
  const stop = async (graceMs: number): Promise<void> => {
    await Promise.all([scheduler.stop(graceMs), outbox.dispatcher.stop(graceMs)]);
  };
  return { ...scheduler, stop };
}

function wireAnalysis(
  ground: Ground,
  chores: readonly Chore[],
): { runs: Runs; rolloutEvents: RolloutEvents; scheduler: Scheduler } {
  const { unitOfWork, metrics, now, current, ledgerPolicy } = ground;
  const shared = {
    unitOfWork,
    events: createRunEvents(),
    ledgerPolicy,
    now,
    catalog: () => current().catalog,
    checkCallbacks: (callbacks: readonly Callback[]) => checkCallbacks(callbacks, current().config),
  };
  const stepDeps: StepDeps = {
    ...shared,
    findProvider: (name) => current().providers.get(name) ?? null,
    observer: observeSteps(metrics),
    expireAfter: () => current().config.analysis.rejoinAfter,
    upSince: () => scheduler.upSince(),
    readDeadlineMs,
  };
  const scheduler: Scheduler = wireScheduler(ground, stepDeps, chores);
  const runs = createRuns({ ...shared, ...stepDeps, recheckMs, poke: () => void scheduler.tick() });
  return { runs, rolloutEvents: createRolloutEvents(shared), scheduler };
}

/** The use cases, each wired in its own place. */
function wireParts(ground: Ground, { allowUnauthenticated = false }: AppOptions) {
  const house = {
    ...ground,
    config: () => ground.current().config,
    catalog: () => ground.current().catalog,
  };
  const auth = wireAuth({ ...house, allowUnauthenticated });
  const { remapIncidents, ...incidents } = wireIncidents(house);
  const hookHouse = (): HookHouse => hookHouseOf(house.config());
  const { reporting, ledgerPolicy: policy } = ground;
  return {
    ...wireAnalysis(ground, [remapIncidents, reporting.tend]),
    ...reporting,
    changes: createChanges({ ...ground, policy }),
    backfill: createBackfill({ ...ground, policy }),
    ...auth,
    ...incidents,
    hookHouse,
  };
}

/** Wires the service: the one place where its parts meet. Nothing is opened but the database's handle. */
export function createApp(options: AppOptions): App {
  const { settings, now = Date.now } = options;
  const logger = options.logger ?? createLogger(settings.logLevel);
  const metrics = createMetrics();
  const database = openDatabase(settings.databaseUrl);
  let current = makeCurrent(options.config, metrics);
  const ground: Ground = {
    settings,
    logger,
    metrics,
    database,
    unitOfWork: createUnitOfWork(database),
    now,
    current: () => current,
    ledgerPolicy: () => ({ now: now(), ...ledgerPolicyOf(current.config) }),
    reporting: wireReports({ database, now, current: () => current }),
  };
  const { scheduler, changes, mayHaveCredentials, ...parts } = wireParts(ground, options);
  const { judging, close: closeJudging } = createJudging();
  const api = createServer({
    ...parts,
    changes,
    health: { live: () => true, ready: () => readiness(database) },
    logger,
    metrics,
    now,
    publicUrl: settings.publicUrl,
    outageGrace: () => current.config.analysis.outageGrace,
    judging,
  });
  const server = createHttpServer(api.handler);

  return {
    logger,
    scheduler,
    changes,
    mayHaveCredentials,
    migrate: async () => {
      await migrateUp(database);
    },
    listen: () => listenOn(server, settings),
    start: () => scheduler.start(),
    reload: (config) => {
      const replaced = current.providers;
      current = makeCurrent(config, metrics);
      for (const provider of replaced.values()) provider.close();
    },
    stop: async (graceMs) => {
      api.drain();
      await Promise.all([closeServer(server, graceMs), scheduler.stop(graceMs)]);
      await closeJudging();
      for (const provider of current.providers.values()) provider.close();
      await database.close();
    },
  };
}
