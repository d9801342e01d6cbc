import fc from 'fast-check';
import { type BucketLength, bucketStarts } from '../../src/ledger/calendar.ts';
import { changeKinds, failureClasses } from '../../src/ledger/change.ts';
import { type FactSource, factOf, type PlaceFacts } from '../../src/ledger/fact.ts';
import { type Rates, type RatesOptions, ratesOf } from '../../src/ledger/rates.ts';
import type { ReportOptions } from '../../src/ledger/report.ts';
import { addTo, startTally } from '../../src/ledger/tally.ts';
import { day, epoch, hour } from './events.ts';

/** What reports count of a change. */
export type ReportRow = FactSource & { readonly service: string; readonly environment: string };

/** The facts of rows, each a place of its own, as a store may give them. */
export function gather(rows: readonly ReportRow[]): PlaceFacts[] {
  return rows.map((row) => ({
    service: row.service,
    environment: row.environment,
    facts: [factOf(row)],
  }));
}

/** What rows come to over `lengthMs`. */
export function countRows(
  rows: readonly ReportRow[],
  lengthMs: number,
  options: RatesOptions & { readonly includeRollbacks: boolean },
): Rates {
  const tally = startTally();
  for (const row of rows) addTo(tally, factOf(row), options.includeRollbacks);
  return ratesOf(tally, lengthMs, options);
}

/** A succeeded change that finished at the epoch, unless said otherwise. */
export function makeRow(changes: Partial<ReportRow> = {}): ReportRow {
  return {
    service: 'checkout',
    environment: 'production',
    kind: 'normal',
    outcome: 'succeeded',
    failureClass: null,
    committedAt: null,
    startedAt: null,
    finishedAt: epoch,
    outcomeAt: epoch,
    recoveredAt: null,
    createdAt: epoch,
    ...changes,
  };
}

/** `count` rows alike. */
export function times(count: number, changes: Partial<ReportRow> = {}): ReportRow[] {
  return Array.from({ length: count }, () => makeRow(changes));
}

const teams: Readonly<Record<string, string>> = { checkout: 'shop', search: 'find', basket: 'shop' };

/** Options over four weeks from the epoch, in buckets of a week. */
export function makeOptions({
  bucket = 'week',
  ...changes
}: Partial<ReportOptions> & { readonly bucket?: BucketLength } = {}): ReportOptions {
  const options = {
    from: epoch,
    to: epoch + 28 * day,
    tz: 'UTC',
    groupBy: null,
    count: 'failed' as const,
    includeRollbacks: false,
    minimum: 20,
    environment: null,
    production: (environment: string) => environment === 'production' || environment === 'live',
    service: null,
    team: null,
    tier: null,
    serviceInfo: (service: string) => {
      const team = teams[service];
      return team === undefined ? null : { team, tier: team === 'shop' ? '1' : null };
    },
    previous: null,
    unattributedIncidents: null,
    ...changes,
  };
  const { from, to, tz } = options;
  return { ...options, starts: bucketStarts(from, to, bucket, tz, 1000) ?? [] };
}

/** Any row of the four weeks, consistent in itself. */
export function anyRow(): fc.Arbitrary<ReportRow> {
  const instant = fc.integer({ min: epoch, max: epoch + 28 * day - 1 });
  return fc
    .record({
      service: fc.constantFrom('checkout', 'search', 'basket', 'other'),
      environment: fc.constantFrom('production', 'live', 'staging'),
      kind: fc.constantFrom(...changeKinds),
      outcome: fc.constantFrom(
        'pending' as const,
        'succeeded' as const,
        'failed' as const,
        'abandoned' as const,
      ),
      failureClass: fc.constantFrom(...failureClasses),
      finished: fc.boolean(),
      at: instant,
      recovered: fc.boolean(),
    })
    .map(({ failureClass, finished, at, recovered, ...row }) => {
      const isFailed = row.outcome === 'failed';
      return makeRow({
        ...row,
        failureClass: isFailed ? failureClass : null,
        committedAt: at - hour,
        finishedAt: finished || row.outcome === 'succeeded' ? at : null,
        outcomeAt: row.outcome === 'pending' ? null : at,
        recoveredAt: isFailed && recovered ? at + hour : null,
      });
    });
}
