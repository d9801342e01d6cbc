import type { Catalog } from './analysis/catalog.ts';
import type { Config } from './config.ts';
import { hasCode } from './errors.ts';
import { createJudgeQuality, type JudgeQuality } from './ledger/judge-quality.ts';
import { createReports, type Reports } from './ledger/reports.ts';
import type { RollupStore } from './ledger/rollup-store.ts';
import { createStoredReports, type ReportSchedule, type StoredReports } from './ledger/stored-reports.ts';
import type { Database } from './store/database.ts';
import { createJudgedRunStore } from './store/judged-run-store.ts';
import { createReportStore } from './store/report-store.ts';
import { createRollupStore } from './store/rollup-store.ts';
import { createStoredReportStore } from './store/stored-report-store.ts';
import { createUnattributedIncidents } from './store/unattributed-incidents.ts';

export type ReportingDeps = {
  readonly database: Database;
  readonly now: () => number;
  readonly current: () => { readonly config: Config; readonly catalog: Catalog };
};

/** Everything that reports. */
export type Reporting = {
  readonly reports: Reports;
  readonly judgeQuality: JudgeQuality;
  readonly storedReports: StoredReports;
  /** Builds the roll-ups where an upgrade left none, and makes the reports that are due. About once a minute. */
  tend(): Promise<void>;
};

function isProduction(config: Config, environment: string): boolean {
  const declared = config.environments.find(({ name }) => name === environment);
  return declared?.production ?? ['production', 'prod'].includes(environment);
}

function schedulesOf({ reports }: Config): ReportSchedule[] {
  return reports.schedules.map(({ name, cron, tz, covers, ...query }) => ({ name, cron, tz, covers, query }));
}

/** Another process may be building them at the same time; then its own are as good. */
async function buildMissing(rollups: RollupStore): Promise<void> {
  if (await rollups.isLive()) return;
  await rollups.rebuild().catch((error: unknown) => {
    if (!hasCode(error, 'conflict')) throw error;
  });
}

/** Joins the reports with the database and the configuration in force. */
export function wireReports({ database, now, current }: ReportingDeps): Reporting {
  const config = (): Config => current().config;
  const shared = {
    production: (environment: string) => isProduction(config(), environment),
    serviceInfo: (name: string) => {
      const service = current().catalog.services.find((one) => one.name === name);
      return service === undefined ? null : { team: service.team, tier: service.tier };
    },
    now,
  };
  const rollups = createRollupStore(database);
  const reports = createReports({
    ...shared,
    reports: createReportStore(database),
    incidents: createUnattributedIncidents(database),
    minimum: () => config().reports.minimumChanges,
  });
  const storedReports = createStoredReports({
    store: createStoredReportStore(database),
    reports,
    schedules: () => schedulesOf(config()),
    now,
  });
  return {
    reports,
    judgeQuality: createJudgeQuality({
      ...shared,
      store: createJudgedRunStore(database),
      observationWindow: () => config().ledger.observationWindow,
    }),
    storedReports,
    tend: async () => {
      await buildMissing(rollups);
      await storedReports.makeDue();
    },
  };
}
