import type { Catalog } from './analysis/catalog.ts';
import type { Config } from './config.ts';
import { createJudgeQuality, type JudgeQuality } from './ledger/judge-quality.ts';
import type { UnattributedIncidents } from './ledger/report-store.ts';
import { createReports, type Reports } from './ledger/reports.ts';
import { createRollupBuilder } from './ledger/rollup-builder.ts';
import { createStoredReports, type ReportSchedule, type StoredReports } from './ledger/stored-reports.ts';
import type { Database } from './store/database.ts';
import { createJudgedRunStore } from './store/judged-run-store.ts';
import { createReportStore } from './store/report-store.ts';
import { createRollupStore } from './store/rollup-store.ts';
import { createStoredReportStore } from './store/stored-report-store.ts';

export type ReportingDeps = {
  readonly database: Database;
  readonly now: () => number;
  readonly current: () => { readonly config: Config; readonly catalog: Catalog };
  /** Default: nobody keeps incidents. */
  readonly incidents?: UnattributedIncidents;
};

/** Everything that reports. */
export type Reporting = {
  readonly reports: Reports;
  readonly judgeQuality: JudgeQuality;
  readonly storedReports: StoredReports;
  /** Builds the roll-ups where an upgrade left none, and makes the reports that are due. About once a minute. */
  tend(): Promise<void>;
};

/** Nobody keeps incidents: how many are unattributed is not known. */
const noIncidents: UnattributedIncidents = { count: async () => null };

function isProduction(config: Config, environment: string): boolean {
  const declared = config.environments.find(({ name }) => name === environment);
  return declared?.production ?? ['production', 'prod'].includes(environment);
}

function schedulesOf({ reports }: Config): ReportSchedule[] {
  return reports.schedules.map(({ name, cron, tz, covers, ...query }) => ({ name, cron, tz, covers, query }));
}

/** Joins the reports with the database and the configuration in force. */
export function wireReports({ database, now, current, incidents = noIncidents }: ReportingDeps): Reporting {
  const config = (): Config => current().config;
  const shared = {
    production: (environment: string) => isProduction(config(), environment),
    serviceInfo: (name: string) => {
      const service = current().catalog.services.find((one) => one.name === name);
      return service === undefined ? null : { team: service.team, tier: service.tier };
    },
    now,
  };
  const buildMissing = createRollupBuilder(createRollupStore(database));
  const reports = createReports({
    ...shared,
    reports: createReportStore(database),
    incidents,
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
      await buildMissing();
      await storedReports.makeDue();
    },
  };
}
