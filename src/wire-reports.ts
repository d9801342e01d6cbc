import type { Catalog } from './analysis/catalog.ts';
import type { Config } from './config.ts';
import { createJudgeQuality, type JudgeQuality } from './ledger/judge-quality.ts';
import { createReports, type Reports } from './ledger/reports.ts';
import { createRollupBuilder } from './ledger/rollup-builder.ts';
import { createStoredReports, type ReportSchedule, type StoredReports } from './ledger/stored-reports.ts';
import type { Database } from './store/database.ts';
import { createUnattributedIncidents } from './store/incident-counts.ts';
import { createJudgedRunStore } from './store/judged-run-store.ts';
import { createReportStore } from './store/report-store.ts';
import { createRollupStore } from './store/rollup-store.ts';
import { createStoredReportStore } from './store/stored-report-store.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Work } from './wire-scheduler.ts';

export type ReportingDeps = {
  readonly database: Database;
  readonly now: () => number;
  readonly current: () => { readonly config: Config; readonly catalog: Catalog };
  readonly logger: Logger;
};

/** Everything that reports. */
export type Reporting = {
  readonly reports: Reports;
  readonly judgeQuality: JudgeQuality;
  readonly storedReports: StoredReports;
  /** Builds the roll-ups where an upgrade left none, and makes the reports that are due. */
  readonly reportingWork: Work;
};

function isProduction(config: Config, environment: string): boolean {
  const declared = config.environments.find(({ name }) => name === environment);
  return declared?.production ?? ['production', 'prod'].includes(environment);
}

function schedulesOf({ reports }: Config): ReportSchedule[] {
  return reports.schedules.map(({ name, cron, tz, covers, ...query }) => ({ name, cron, tz, covers, query }));
}

/** Joins the reports with the database and the configuration in force. */
export function wireReports({ database, now, current, logger }: ReportingDeps): Reporting {
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
    reportingWork: {
      tick: async () => undefined,
      housekeeping: async () => {
        try {
          await buildMissing();
          await storedReports.makeDue();
        } catch (error) {
          logger.error({ err: error }, 'roll-ups or reports that are due could not be made');
        }
      },
      stop: async () => undefined,
    },
  };
}
