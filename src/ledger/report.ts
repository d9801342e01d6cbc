import { writeDefinition } from './definition.ts';
import { type Count, isCounted, isSettled, type Rates, type RatesOptions, ratesOf } from './rates.ts';
import type { ReportRow } from './report-store.ts';

export const groupings = ['service', 'team', 'environment', 'tier'] as const;
export type GroupBy = (typeof groupings)[number];

/** Team and tier of a service, as configured. */
export type ServiceInfo = { readonly team: string | null; readonly tier: string | null };

export type ReportOptions = {
  /** The range [from, to), milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly tz: string;
  /** When the buckets begin, as `bucketStarts` gives them for the range in `tz`. */
  readonly starts: readonly number[];
  readonly groupBy: GroupBy | null;
  readonly count: Count;
  readonly includeRollbacks: boolean;
  readonly minimum: number;
  /** One environment; `null`: those that `production` says are. */
  readonly environment: string | null;
  readonly production: (environment: string) => boolean;
  /** Only these; `null`: all. */
  readonly service: string | null;
  readonly team: string | null;
  readonly tier: string | null;
  readonly serviceInfo: (service: string) => ServiceInfo | null;
  /** Rows of the range of the same length before; `null` when it is not known. */
  readonly previous: readonly ReportRow[] | null;
};

/** The change-failure report; times in milliseconds. */
export type ChangeFailureReport = {
  readonly definition: string;
  readonly from: number;
  readonly to: number;
  readonly tz: string;
  readonly totals: Rates;
  /** `null` when nothing at all is known of the range before. */
  readonly previous: Rates | null;
  /** In the order of time, empty ones included; the first may begin before `from` and counts from there. */
  readonly buckets: readonly (Rates & { readonly start: number })[];
  /** By key; empty without `groupBy`. */
  readonly groups: readonly (Rates & { readonly key: string })[];
  readonly pending: number;
  readonly abandoned: number;
  readonly unattributedIncidents: number;
};

/** Stands for the team or tier of a service that has none. */
const noGroup = '(none)';

function isWanted(row: ReportRow, options: ReportOptions): boolean {
  const { environment, production, service, team, tier, serviceInfo } = options;
  if (environment === null ? !production(row.environment) : row.environment !== environment) return false;
  if (service !== null && row.service !== service) return false;
  if (team !== null && serviceInfo(row.service)?.team !== team) return false;
  return tier === null || serviceInfo(row.service)?.tier === tier;
}

function keyOf(row: ReportRow, groupBy: GroupBy, serviceInfo: ReportOptions['serviceInfo']): string {
  if (groupBy === 'service' || groupBy === 'environment') return row[groupBy];
  return serviceInfo(row.service)?.[groupBy] ?? noGroup;
}

function groupRows<Key>(rows: readonly ReportRow[], keyFor: (row: ReportRow) => Key): Map<Key, ReportRow[]> {
  const groups = new Map<Key, ReportRow[]>();
  for (const row of rows) {
    const key = keyFor(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

/** Index of the last start that is not after the instant. */
function findBucket(starts: readonly number[], instant: number): number {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if ((starts[middle] ?? 0) <= instant) low = middle;
    else high = middle;
  }
  return low;
}

/** The time under which a settled change is counted. */
function timeOf({ finishedAt, outcomeAt }: ReportRow): number {
  return finishedAt ?? outcomeAt ?? 0;
}

function makeBuckets(
  rows: readonly ReportRow[],
  { from, to, starts }: ReportOptions,
  options: RatesOptions,
): ChangeFailureReport['buckets'] {
  const byBucket = groupRows(rows.filter(isSettled), (row) => findBucket(starts, timeOf(row)));
  return starts.map((start, index) => {
    const length = Math.min(starts[index + 1] ?? to, to) - Math.max(start, from);
    return { start, ...ratesOf(byBucket.get(index) ?? [], length, options) };
  });
}

function makeGroups(
  rows: readonly ReportRow[],
  { groupBy, serviceInfo, from, to }: ReportOptions,
  options: RatesOptions,
): ChangeFailureReport['groups'] {
  if (groupBy === null) return [];
  const groups = groupRows(rows, (row) => keyOf(row, groupBy, serviceInfo));
  return [...groups]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, group]) => ({ key, ...ratesOf(group, to - from, options) }));
}

/**
 * The change-failure report over `rows`, the changes whose reporting time lies in [from, to). Pure: what is counted is
 * said by `definition`; buckets and groups add up to the totals.
 */
export function changeFailureReport(rows: readonly ReportRow[], options: ReportOptions): ChangeFailureReport {
  const { from, to, tz, count, includeRollbacks, minimum } = options;
  const rates: RatesOptions = { count, includeRollbacks, minimum };
  const wanted = rows.filter((row) => isWanted(row, options));
  const before = options.previous?.filter((row) => isWanted(row, options)) ?? [];
  const countOf = (outcome: ReportRow['outcome']): number =>
    wanted.filter((row) => row.outcome === outcome && isCounted(row, includeRollbacks)).length;
  return {
    definition: writeDefinition(options),
    ...{ from, to, tz },
    totals: ratesOf(wanted, to - from, rates),
    previous: before.length === 0 ? null : ratesOf(before, to - from, rates),
    buckets: makeBuckets(wanted, options, rates),
    groups: makeGroups(wanted, options, rates),
    pending: countOf('pending'),
    abandoned: countOf('abandoned'),
    unattributedIncidents: 0,
  };
}
