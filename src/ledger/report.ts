import { writeDefinition } from './definition.ts';
import type { Fact, PlaceFacts } from './fact.ts';
import { type Difference, newcombe } from './newcombe.ts';
import { type Count, headlineOf, type Rates, type RatesOptions, ratesOf } from './rates.ts';
import { addTo, isCounted, isSettled, startTally, sumOf, type Tally } from './tally.ts';

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
  /** Facts of the range of the same length before; `null` when it is not known. */
  readonly previous: readonly PlaceFacts[] | null;
  /** Incidents in the range that no change was found for; `null` while nobody keeps incidents. */
  readonly unattributedIncidents: number | null;
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
  /** How far the rate is above that of the range before; `null` when either has no change. */
  readonly difference: Difference | null;
  /** In the order of time, empty ones included; the first may begin before `from` and counts from there. */
  readonly buckets: readonly (Rates & { readonly start: number })[];
  /** By key; empty without `groupBy`. */
  readonly groups: readonly (Rates & { readonly key: string })[];
  readonly pending: number;
  readonly abandoned: number;
  readonly unattributedIncidents: number | null;
};

/** Stands for the team or tier of a service that has none. */
const noGroup = '(none)';

type Wanted = Pick<ReportOptions, 'environment' | 'production' | 'service' | 'team' | 'tier' | 'serviceInfo'>;

/** Whether the report is about anything in an environment. */
export function isWantedEnvironment(
  { environment, production }: Pick<Wanted, 'environment' | 'production'>,
  found: string,
): boolean {
  return environment === null ? production(found) : found === environment;
}

/** Whether the report is about a place at all. */
export function isWanted(options: Wanted, place: Pick<PlaceFacts, 'service' | 'environment'>): boolean {
  const { service, team, tier, serviceInfo } = options;
  if (!isWantedEnvironment(options, place.environment)) return false;
  if (service !== null && place.service !== service) return false;
  if (team !== null && serviceInfo(place.service)?.team !== team) return false;
  return tier === null || serviceInfo(place.service)?.tier === tier;
}

function keyOf(place: PlaceFacts, groupBy: GroupBy, serviceInfo: ReportOptions['serviceInfo']): string {
  if (groupBy === 'service' || groupBy === 'environment') return place[groupBy];
  return serviceInfo(place.service)?.[groupBy] ?? noGroup;
}

/** Index of the last start that is not after the instant. Tries the one of the fact before first: they come in order. */
function findBucket(starts: readonly number[], instant: number, before: number): number {
  if ((starts[before] ?? 0) <= instant && instant < (starts[before + 1] ?? Infinity)) return before;
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= instant) low = middle;
    else high = middle;
  }
  return low;
}

/** Everything that one pass over the facts counts; the totals are those of the buckets. */
type Counted = {
  readonly buckets: readonly Tally[];
  readonly groups: Map<string, Tally>;
  pending: number;
  abandoned: number;
};

function groupOf(counted: Counted, key: string): Tally {
  const known = counted.groups.get(key);
  if (known !== undefined) return known;
  const fresh = startTally();
  counted.groups.set(key, fresh);
  return fresh;
}

function countUnsettled(counted: Counted, fact: Fact, includeRollbacks: boolean): void {
  if (!isCounted(fact, includeRollbacks)) return;
  if (fact.outcome === 'pending') counted.pending += 1;
  else counted.abandoned += 1;
}

/** A place without a fact makes no group. */
function countPlace(counted: Counted, place: PlaceFacts, options: ReportOptions): void {
  const { facts } = place;
  if (facts.length === 0) return;
  const { groupBy, serviceInfo, starts, includeRollbacks } = options;
  const group = groupBy === null ? null : groupOf(counted, keyOf(place, groupBy, serviceInfo));
  let index = 0;
  for (const fact of facts) {
    if (!isSettled(fact)) {
      countUnsettled(counted, fact, includeRollbacks);
      continue;
    }
    index = findBucket(starts, fact.at, index);
    const bucket = counted.buckets[index];
    if (bucket !== undefined) addTo(bucket, fact, includeRollbacks);
    if (group !== null) addTo(group, fact, includeRollbacks);
  }
}

function countAll(places: readonly PlaceFacts[], options: ReportOptions): Counted {
  const counted: Counted = {
    buckets: options.starts.map(startTally),
    groups: new Map(),
    pending: 0,
    abandoned: 0,
  };
  for (const place of places) if (isWanted(options, place)) countPlace(counted, place, options);
  return counted;
}

/** The rates of the range before; `null` when there is nothing at all, settled or not. */
function ratesBefore(options: ReportOptions, rates: RatesOptions): Rates | null {
  const tally = startTally();
  let known = 0;
  for (const place of options.previous ?? []) {
    if (!isWanted(options, place)) continue;
    for (const fact of place.facts) {
      known += 1;
      addTo(tally, fact, options.includeRollbacks);
    }
  }
  return known === 0 ? null : ratesOf(tally, options.to - options.from, rates);
}

function differ(totals: Rates, previous: Rates | null, count: Count): Difference | null {
  if (previous === null) return null;
  const share = (rates: Rates) => ({ part: headlineOf(rates, count), whole: rates.changes });
  return newcombe(share(totals), share(previous));
}

function writeBuckets(
  { buckets }: Counted,
  { from, to, starts }: ReportOptions,
  rates: RatesOptions,
): ChangeFailureReport['buckets'] {
  return buckets.map((tally, index) => {
    const start = starts[index] ?? from;
    const length = Math.min(starts[index + 1] ?? to, to) - Math.max(start, from);
    return { start, ...ratesOf(tally, length, rates) };
  });
}

/**
 * The change-failure report over `places`, the facts whose time lies in [from, to). Pure: what is counted is said by
 * `definition`; buckets and groups add up to the totals.
 */
export function changeFailureReport(
  places: readonly PlaceFacts[],
  options: ReportOptions,
): ChangeFailureReport {
  const { from, to, tz, unattributedIncidents } = options;
  const counted = countAll(places, options);
  const { pending, abandoned } = counted;
  const totals = ratesOf(sumOf(counted.buckets), to - from, options);
  const previous = ratesBefore(options, options);
  return {
    definition: writeDefinition(options),
    ...{ from, to, tz, totals, previous },
    difference: differ(totals, previous, options.count),
    buckets: writeBuckets(counted, options, options),
    groups: [...counted.groups]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([key, tally]) => ({ key, ...ratesOf(tally, to - from, options) })),
    ...{ pending, abandoned, unattributedIncidents },
  };
}
