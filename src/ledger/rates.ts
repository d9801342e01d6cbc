import { wilson } from '../judge/statistics/wilson.ts';
import { type Percentiles, percentilesOf } from './percentiles.ts';
import type { ReportRow } from './report-store.ts';

export const counts = ['failed', 'escaped'] as const;
/** Which failures make the headline. */
export type Count = (typeof counts)[number];

/** What a range of time comes to; the definitions are in `definition.ts`. */
export type Rates = {
  readonly changes: number;
  readonly failed: number;
  readonly escaped: number;
  readonly caughtInCanary: number;
  readonly failedToDeploy: number;
  /** `null`, as is the interval, without any change. */
  readonly rate: number | null;
  /** Wilson 95 %. */
  readonly interval: readonly [number, number] | null;
  readonly enough: boolean;
  /** `null` for a range without length. */
  readonly deploymentsPerDay: number | null;
  readonly leadTimeSeconds: Percentiles;
  readonly recoverySeconds: Percentiles;
  readonly reworkRate: number | null;
};

export type RatesOptions = {
  readonly count: Count;
  readonly includeRollbacks: boolean;
  /** How many changes are enough to go by. */
  readonly minimum: number;
};

/** The standard normal quantile of 0.975. */
const z95 = 1.959963984540054;
const dayMs = 86_400_000;

/** Whether the outcome is final: only such changes are in a denominator. */
export function isSettled({ outcome }: ReportRow): boolean {
  return outcome === 'succeeded' || outcome === 'failed';
}

/** Whether a row is one of the changes that are counted. */
export function isCounted({ kind }: ReportRow, includeRollbacks: boolean): boolean {
  return includeRollbacks || kind !== 'rollback';
}

/** Whether users got the change in the end: a stopped canary's end is no delivery. */
function isDelivered({ outcome, failureClass, recoveredAt }: ReportRow): boolean {
  return outcome === 'succeeded' || failureClass === 'escaped' || recoveredAt !== null;
}

/** Clocks of different machines may put an end before its beginning; such a span tells nothing. */
function spans(
  rows: readonly ReportRow[],
  start: 'committedAt' | 'outcomeAt',
  end: 'finishedAt' | 'recoveredAt',
): number[] {
  return rows.flatMap((row) => {
    const [from, to] = [row[start], row[end]];
    return from === null || to === null || to < from ? [] : [to - from];
  });
}

function shareOf(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

/**
 * Counts the settled ones of `rows`, which cover `lengthMs` of time. `failed` never exceeds `changes`, for each
 * change counts once and with one class.
 */
export function ratesOf(rows: readonly ReportRow[], lengthMs: number, options: RatesOptions): Rates {
  const settled = rows.filter(isSettled);
  const counted = settled.filter((row) => isCounted(row, options.includeRollbacks));
  const failures = counted.filter(({ outcome }) => outcome === 'failed');
  const escaped = failures.filter(({ failureClass }) => failureClass === 'escaped').length;
  const failedToDeploy = failures.filter(({ failureClass }) => failureClass === 'failed_to_deploy').length;
  const failed = failures.length - failedToDeploy;
  const headline = options.count === 'escaped' ? escaped : failed;
  const rework = settled.filter(({ kind }) => kind !== 'normal').length;
  return {
    ...{ changes: counted.length, failed, escaped, caughtInCanary: failed - escaped, failedToDeploy },
    rate: shareOf(headline, counted.length),
    interval: wilson(headline, counted.length, z95),
    enough: counted.length >= options.minimum,
    deploymentsPerDay: lengthMs > 0 ? counted.length / (lengthMs / dayMs) : null,
    leadTimeSeconds: percentilesOf(spans(counted.filter(isDelivered), 'committedAt', 'finishedAt')),
    recoverySeconds: percentilesOf(spans(failures, 'outcomeAt', 'recoveredAt')),
    reworkRate: shareOf(rework, settled.length),
  };
}
