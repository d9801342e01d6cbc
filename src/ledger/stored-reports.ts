import { randomUUID } from 'node:crypto';
import { SerinError } from '../errors.ts';
import { type BucketLength, bucketStarts } from './calendar.ts';
import { type Cron, nextDue } from './due-times.ts';
import type { ChangeFailureReport } from './report.ts';
import type { ChangeFailureQuery, Reports } from './reports.ts';

/** When a report is made by itself, and of what. */
export type ReportSchedule = {
  readonly name: string;
  readonly cron: Cron;
  readonly tz: string;
  /** The last whole one of `tz` that is over when the report is due. */
  readonly covers: BucketLength;
  readonly query: Omit<ChangeFailureQuery, 'from' | 'to' | 'tz'>;
};

/** A report as it was made; times in milliseconds. */
export type StoredReport = {
  readonly id: string;
  readonly schedule: string;
  readonly dueAt: number;
  readonly createdAt: number;
  readonly report: ChangeFailureReport;
};

type ReportPage = { readonly items: readonly StoredReport[]; readonly nextCursor: string | null };

/** Keeps reports that were made by schedule. Implemented in `store/`. */
export interface StoredReportStore {
  /** Up to when a schedule's reports are made; notes `now` for a schedule that was not known, and gives it. */
  seenThrough(schedule: string, now: number): Promise<number>;
  /**
   * Keeps a report and notes that its schedule's reports are made up to then, both or neither; `false` when another
   * process kept one for that time before.
   */
  keep(report: StoredReport): Promise<boolean>;
  /** Newest first. An unreadable cursor is `invalid_input`. */
  list(schedule: string | undefined, limit: number, cursor: string | null): Promise<ReportPage>;
  find(id: string): Promise<StoredReport | null>;
}

export type StoredReportsDeps = {
  readonly store: StoredReportStore;
  readonly reports: Reports;
  readonly schedules: () => readonly ReportSchedule[];
  readonly now: () => number;
};

/** Reports by schedule. */
export type StoredReports = {
  /**
   * Makes what has become due since it was last made, missed times too, one report for each; gives those that were
   * made here. A schedule that is new begins now. One that fails keeps no other from being made, and rejects at the end.
   */
  makeDue(): Promise<readonly StoredReport[]>;
  list(schedule: string | undefined, limit: number, cursor: string | null): Promise<ReportPage>;
  /** `not_found` when there is none. */
  get(id: string): Promise<StoredReport>;
};

/** How many missed times of a schedule are made up at a go; the rest follows with the next. */
const atOnce = 50;

const dayMs = 86_400_000;

/** The last whole day, week or month that is over at `due`. */
function rangeBefore({ covers, tz }: ReportSchedule, due: number): { from: number; to: number } {
  const starts = bucketStarts(due - 70 * dayMs, due + 1, covers, tz, 200) ?? [];
  const [from = due - dayMs, to = due] = starts.slice(-2);
  return { from, to };
}

async function makeOf(schedule: ReportSchedule, deps: StoredReportsDeps): Promise<StoredReport[]> {
  const { store, reports, now } = deps;
  const made: StoredReport[] = [];
  let through = await store.seenThrough(schedule.name, now());
  for (let round = 0; round < atOnce; round += 1) {
    const dueAt = nextDue(schedule.cron, schedule.tz, through);
    if (dueAt === null || dueAt > now()) break;
    const query = { ...schedule.query, ...rangeBefore(schedule, dueAt), tz: schedule.tz };
    const report = await reports.changeFailure(query);
    const stored = { id: randomUUID(), schedule: schedule.name, dueAt, createdAt: now(), report };
    if (await store.keep(stored)) made.push(stored);
    through = dueAt;
  }
  return made;
}

async function makeDue(deps: StoredReportsDeps): Promise<StoredReport[]> {
  const made: StoredReport[] = [];
  const failures: unknown[] = [];
  for (const schedule of deps.schedules())
    await makeOf(schedule, deps).then(
      (reports) => made.push(...reports),
      (error: unknown) => failures.push(error),
    );
  if (failures.length > 0) throw failures[0];
  return made;
}

/** Joins reports by schedule with where they are kept. */
export function createStoredReports(deps: StoredReportsDeps): StoredReports {
  return {
    makeDue: () => makeDue(deps),
    list: (schedule, limit, cursor) => deps.store.list(schedule, limit, cursor),
    get: async (id) => {
      const stored = await deps.store.find(id);
      if (stored === null) throw new SerinError('not_found', `no stored report has the id "${id}"`);
      return stored;
    },
  };
}
