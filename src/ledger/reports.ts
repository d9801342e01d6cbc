import { type InputIssue, invalidInput } from '../errors.ts';
import { type BucketLength, bucketLengths, bucketStarts, isTimeZone } from './calendar.ts';
import { checkWord } from './change-report.ts';
import { type Count, counts } from './rates.ts';
import {
  type ChangeFailureReport,
  changeFailureReport,
  type GroupBy,
  groupings,
  isWanted,
  isWantedEnvironment,
  type ReportOptions,
  type ServiceInfo,
} from './report.ts';
import { checkRange, defaultRange, type ReportScope } from './report-range.ts';
import type { ReportStore, UnattributedIncidents } from './report-store.ts';

/** What a report is asked for; everything has a default. Times in milliseconds. */
export type ChangeFailureQuery = ReportScope & {
  /** Default: week. */
  readonly bucket?: BucketLength | undefined;
  /** Default: UTC. */
  readonly tz?: string | undefined;
  readonly groupBy?: GroupBy | undefined;
  /** Default: failed. */
  readonly count?: Count | undefined;
  readonly includeRollbacks?: boolean | undefined;
};

/** The reports that callers may ask for. */
export type Reports = {
  /** Rejects with `invalid_input` for an unknown time zone, a range without length, and more than 1000 buckets. */
  changeFailure(query: ChangeFailureQuery): Promise<ChangeFailureReport>;
};

export type ReportsDeps = {
  readonly reports: ReportStore;
  readonly incidents: UnattributedIncidents;
  readonly production: (environment: string) => boolean;
  /** `null` for a service that is not configured. */
  readonly serviceInfo: (service: string) => ServiceInfo | null;
  /** How many changes are enough to go by. */
  readonly minimum: () => number;
  readonly now: () => number;
};

/** More than anybody can look at. */
const maxBuckets = 1000;

/** The range and its buckets, with the defaults filled in. */
type Range = Pick<ReportOptions, 'from' | 'to' | 'tz'> & { readonly bucket: BucketLength };

function checkQuery(query: ChangeFailureQuery, { from, to, tz, bucket }: Range): void {
  const issues: InputIssue[] = [];
  checkRange(from, to, issues);
  if (!isTimeZone(tz)) {
    const message = `found "${tz}"; allowed are IANA time zones such as Europe/Berlin`;
    issues.push({ path: 'tz', message });
  }
  checkWord(bucket, bucketLengths, 'bucket', issues);
  checkWord(query.groupBy, groupings, 'groupBy', issues);
  checkWord(query.count, counts, 'count', issues);
  if (issues.length > 0) throw invalidInput(issues);
}

function readRange({ from, to, tz = 'UTC', bucket = 'week' }: ChangeFailureQuery, now: number): Range {
  const end = to ?? now;
  return { from: from ?? end - defaultRange, to: end, tz, bucket };
}

function findStarts({ from, to, bucket, tz }: Range): readonly number[] {
  const starts = bucketStarts(from, to, bucket, tz, maxBuckets);
  if (starts !== null) return starts;
  const message = `buckets of a ${bucket} from then on are more than ${maxBuckets}; ask for longer buckets or a shorter range`;
  throw invalidInput([{ path: 'from', message }]);
}

function readOptions(query: ChangeFailureQuery, deps: ReportsDeps): ReportOptions {
  const range = readRange(query, deps.now());
  checkQuery(query, range);
  return {
    ...{ from: range.from, to: range.to, tz: range.tz },
    starts: findStarts(range),
    groupBy: query.groupBy ?? null,
    count: query.count ?? 'failed',
    includeRollbacks: query.includeRollbacks ?? false,
    minimum: deps.minimum(),
    environment: query.environment ?? null,
    production: deps.production,
    service: query.service ?? null,
    team: query.team ?? null,
    tier: query.tier ?? null,
    serviceInfo: deps.serviceInfo,
    previous: null,
    unattributedIncidents: null,
  };
}

async function reportChangeFailure(
  query: ChangeFailureQuery,
  deps: ReportsDeps,
): Promise<ChangeFailureReport> {
  const options = readOptions(query, deps);
  const { from, to } = options;
  const filter = {
    service: query.service,
    environment: query.environment,
    inEnvironment: (environment: string) => isWantedEnvironment(options, environment),
    wanted: (service: string, environment: string) => isWanted(options, { service, environment }),
  };
  const facts = await deps.reports.facts(from, to, filter);
  const previous = await deps.reports.facts(from - (to - from), from, filter);
  const unattributedIncidents = await deps.incidents.count(from, to, filter);
  return changeFailureReport(facts, { ...options, previous, unattributedIncidents });
}

/** Joins the reports with where their facts come from. */
export function createReports(deps: ReportsDeps): Reports {
  return { changeFailure: (query) => reportChangeFailure(query, deps) };
}
