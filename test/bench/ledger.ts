import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateUp } from '../../db/migrate.ts';
import { createReports } from '../../src/ledger/reports.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createReportStore } from '../../src/store/report-store.ts';
import { createRollupStore } from '../../src/store/rollup-store.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { fill } from './ledger-fill.ts';
import { benchIngestion } from './ledger-ingestion.ts';
import { end, size } from './ledger-rows.ts';
import { printTable } from './table.ts';

const day = 86_400_000;
const rounds = 40;

/** Milliseconds; `cpu` is the processor time of this process, the median. */
type Times = { readonly p50: number; readonly p95: number; readonly cpu: number };

function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.ceil(share * values.length) - 1] ?? Number.NaN;
}

async function time(work: () => Promise<unknown>): Promise<Times> {
  for (let round = 0; round < 5; round += 1) await work();
  const [times, cpu]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    await work();
    times.push(performance.now() - began);
    const { user, system } = process.cpuUsage(used);
    cpu.push((user + system) / 1000);
  }
  return { p50: quantileOf(times, 0.5), p95: quantileOf(times, 0.95), cpu: quantileOf(cpu, 0.5) };
}

/** What the report counts, in SQL over the changes themselves: by week or service, and the range before; no quantiles. */
async function aggregate(database: Database, key: string): Promise<void> {
  const count = (condition: string): string => `SUM(CASE WHEN ${condition} THEN 1 ELSE 0 END)`;
  const figures = [
    'COUNT(*)',
    ...['escaped', 'caught_in_canary', 'failed_to_deploy'].map((one) => count(`failure_class = '${one}'`)),
    count("kind <> 'normal'"),
    'AVG(finished_at - committed_at)',
    'AVG(recovered_at - outcome_at)',
  ].join(', ');
  const where = (from: number, to: number): string =>
    `reported_at >= ${from} AND reported_at < ${to} AND environment = 'production' AND kind <> 'rollback' AND outcome IN ('succeeded', 'failed')`;
  const from = end - 90 * day;
  for (const statement of [
    `SELECT ${key} AS k, ${figures} FROM changes WHERE ${where(from, end)} GROUP BY ${key}`,
    `SELECT ${figures} FROM changes WHERE ${where(from, end)}`,
    `SELECT ${figures} FROM changes WHERE ${where(from - 90 * day, from)}`,
  ])
    await database.run((sql) => sql.raw(statement));
}

async function benchReports(database: Database): Promise<string[][]> {
  const reports = createReports({
    reports: createReportStore(database),
    incidents: { count: async () => null },
    production: (environment) => environment === 'production',
    serviceInfo: () => null,
    minimum: () => 20,
    now: () => end,
  });
  const rows: string[][] = [];
  const show = (name: string, { p50, p95, cpu }: Times, reference: Times): void => {
    const ratio = `${(p95 / reference.p95).toFixed(2)}×`;
    rows.push([name, ...[p50, p95, cpu].map((ms) => `${ms.toFixed(0)} ms`), ratio]);
  };
  const byWeek = await time(() => aggregate(database, `(reported_at - reported_at % ${7 * day})`));
  const byService = await time(() => aggregate(database, 'service'));
  show('bare SQL over the changes, by week', byWeek, byWeek);
  show('report, 90 days by week', await time(() => reports.changeFailure({})), byWeek);
  const far = { bucket: 'day', tz: 'Asia/Kathmandu' } as const;
  show('report, by day in a zone of 5:45', await time(() => reports.changeFailure(far)), byWeek);
  show('bare SQL over the changes, by service', byService, byService);
  show(
    'report, 90 days by week and service',
    await time(() => reports.changeFailure({ groupBy: 'service' })),
    byService,
  );
  show('report of one service', await time(() => reports.changeFailure({ service: 'service-7' })), byService);
  return rows;
}

async function sizeOf(database: Database, file: string | null): Promise<string[][]> {
  const scalar = async (statement: string): Promise<number> => {
    const answer = await database.run((sql) => sql.raw(statement));
    const [row] = (Array.isArray(answer) ? answer : answer.rows) as Readonly<Record<string, unknown>>[];
    return Number(Object.values(row ?? {})[0]);
  };
  const whole =
    file === null ? await scalar('SELECT pg_database_size(current_database())') : statSync(file).size;
  const facts = await scalar('SELECT SUM(LENGTH(facts)) FROM change_rollups');
  const cells = await scalar('SELECT COUNT(*) FROM change_rollups');
  const mebi = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
  return [
    ['database', mebi(whole), '', '', ''],
    [`facts in ${cells} roll-ups`, mebi(facts), '', '', ''],
  ];
}

async function benchOn(name: string, url: string, file: string | null): Promise<void> {
  const database = openDatabase(url, { statementTimeoutMs: 600_000 });
  try {
    await migrateUp(database);
    let began = performance.now();
    const incidents = await fill(database);
    const filled = ((performance.now() - began) / 1000).toFixed(0);
    began = performance.now();
    const rollups = createRollupStore(database);
    const { cells } = await rollups.rebuild();
    const rebuilt = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    const reports = await benchReports(database);
    const sizes = await sizeOf(database, file);
    const ingestion = await benchIngestion(database);
    began = performance.now();
    const { differences } = await rollups.check();
    const checked = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    printTable(
      `The ledger on ${name}: ${size.changes} changes and ${incidents} incidents, made in ${filled} s`,
      [
        ['', 'p50', 'p95', 'processor', 'ratio of p95'],
        ...reports,
        ...ingestion,
        ...sizes,
        [`rebuild of ${cells} roll-ups`, rebuilt, '', '', ''],
        [`check, ${differences.length} differences`, checked, '', '', ''],
      ],
    );
  } finally {
    await database.close();
  }
}

/**
 * Reports, ingestion and size with two years of changes, on both databases, one after the other. Takes some minutes;
 * SERIN_BENCH_CHANGES makes fewer changes than a million.
 */
export async function benchLedger(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'serin-bench-ledger-'));
  const file = join(folder, 'ledger.db');
  try {
    await benchOn('SQLite', `sqlite:${file}`, file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const postgres = await startPostgres();
  try {
    await benchOn('PostgreSQL', postgres.url, null);
  } finally {
    await postgres.stop();
  }
}
