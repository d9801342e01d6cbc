import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { migrateUp, pendingMigrations } from '../db/migrate.ts';
import type { Catalog } from './analysis/catalog.ts';
import { createRuns } from './analysis/create-runs.ts';
import { createRolloutEvents } from './analysis/rollout-events.ts';
import type { Callback } from './analysis/run.ts';
import { createRunEvents } from './analysis/run-events.ts';
import type { UnitOfWork } from './analysis/run-store.ts';
import type { Scheduler } from './analysis/scheduler.ts';
import type { StepDeps } from './analysis/step.ts';
import { createSteppedRollouts } from './analysis/stepped-rollouts.ts';
import type { HookHouse } from './api/hook-house.ts';
import { createServer } from './api/server.ts';
import { type Config, templatesOf } from './config.ts';
import { createJudging } from './judging.ts';
import { createBackfill } from './ledger/backfill.ts';
import { type Changes, createChanges, type LedgerPolicy } from './ledger/changes.ts';
import type { Provider } from './metrics/provider.ts';
import { createProvider } from './metrics/registry.ts';
import type { Settings } from './settings.ts';
import { type Database, openDatabase } from './store/database.ts';
import { createUnitOfWork } from './store/unit-of-work.ts';
import { createLogger, type Logger } from './telemetry/logger.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { wireAuth } from './wire-auth.ts';
import { checkCallbacks } from './wire-callbacks.ts';
import { wireGates } from './wire-gates.ts';
import { hookHouseOf } from './wire-hooks.ts';
import { ledgerPolicyOf, wireIncidents } from './wire-incidents.ts';
import { wireKayenta } from './wire-kayenta.ts';
import { wireOutbox } from './wire-outbox.ts';
import { type Reporting, wireReports } from './wire-reports.ts';
import { type Work, wireScheduler } from './wire-scheduler.ts';

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

function wireAnalysis(ground: Ground, works: readonly Work[]) {
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
  const config = (): Config => current().config;
  const outbox = wireOutbox({ ...ground, config, publicUrl: ground.settings.publicUrl });
  const scheduler: Scheduler = wireScheduler(ground, stepDeps, () => [outbox, gates.work, ...works]);
  const runs = createRuns({ ...shared, ...stepDeps, recheckMs, poke: () => void scheduler.tick() });
  const rolloutEvents = createRolloutEvents(shared);
  const steppedRollouts = createSteppedRollouts({ ...shared, runs, rolloutEvents });
  const gates = wireGates({ ...ground, config, runs });
  return { runs, rolloutEvents, steppedRollouts, scheduler, ...gates.served };
}

/** The use cases, each wired in its own place. */
function wireParts(ground: Ground, { allowUnauthenticated = false }: AppOptions) {
  const house = {
    ...ground,
    config: () => ground.current().config,
    catalog: () => ground.current().catalog,
  };
  const auth = wireAuth({ ...house, allowUnauthenticated });
  const { incidentWork, ...incidents } = wireIncidents(house);
  const { reportingWork, ...reporting } = ground.reporting;
  const analysis = wireAnalysis(ground, [incidentWork, reportingWork]);
  const hookHouse = (): HookHouse => hookHouseOf(house.config());
  return {
    ...analysis,
    ...reporting,
    ...auth,
    ...incidents,
    changes: createChanges({ ...ground, policy: ground.ledgerPolicy }),
    backfill: createBackfill({ ...ground, policy: ground.ledgerPolicy }),
    audit: ground.unitOfWork.stores.audit,
    kayenta: wireKayenta(ground, analysis),
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
    reporting: wireReports({ database, logger, now, current: () => current }),
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
