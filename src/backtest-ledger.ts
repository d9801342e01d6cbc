import { existsSync } from 'node:fs';
import { pendingMigrations } from '../db/migrate.ts';
import { readChanges, readRuns } from './analysis/backtest/past-changes.ts';
import type { Subject } from './analysis/backtest/past-window.ts';
import type { KnownPast } from './analysis/backtest/plan-windows.ts';
import { recall } from './analysis/noise.ts';
import type { Run, RunNoise } from './analysis/run.ts';
import { invalidInput } from './errors.ts';
import { readSettings } from './settings.ts';
import { openDatabase } from './store/database.ts';
import { createUnitOfWork } from './store/unit-of-work.ts';

/** What the service's database tells a backtest. Nothing is written to it. */
export type PastLedger = {
  readonly past: KnownPast;
  /** What earlier runs told of the noise of a run's metrics by the time of its start. */
  recallNoise(run: Run): Promise<readonly RunNoise[]>;
  close(): Promise<void>;
};

/** Opening an SQLite database that is not there would make one. */
function requireDatabase(url: string): void {
  const path = /^sqlite:(.+)$/.exec(url)?.[1];
  if (path === undefined || path === ':memory:' || existsSync(path)) return;
  throw invalidInput([
    { path: 'SERIN_DATABASE_URL', message: `there is no database ${path}, so no deploys are known` },
  ]);
}

/**
 * Opens the database that SERIN_DATABASE_URL names and reads what it knows of a service; to be closed. Rejects with
 * `invalid_input` when it is not there or not up to date, with `store_unavailable` when it is away.
 */
export async function openPast(
  env: Readonly<Record<string, string | undefined>>,
  { service, environment }: Subject,
): Promise<PastLedger> {
  const { databaseUrl } = readSettings(env);
  requireDatabase(databaseUrl);
  const database = openDatabase(databaseUrl);
  try {
    if ((await pendingMigrations(database)).length > 0)
      throw invalidInput([
        { path: 'SERIN_DATABASE_URL', message: 'the database is not up to date; run `serin migrate`' },
      ]);
    const { ledger, runs, noise } = createUnitOfWork(database).stores;
    const changes = await readChanges(ledger, service, environment);
    return {
      past: { changes, runs: await readRuns(runs, changes) },
      recallNoise: (run) => recall(noise, run, run.plan, run.start),
      close: () => database.close(),
    };
  } catch (error) {
    await database.close();
    throw error;
  }
}
