import { normalQuantile } from '../statistics/normal-quantile.ts';
import type { Ascending } from '../statistics/rank-order.ts';
import type { RankSum } from '../statistics/rank-sum.ts';
import { rankSumOfShifts } from '../statistics/rank-sum-shifts.ts';
import { brentRoot, type Point } from './brent.ts';

/**
 * How far one sample lies above another, in the unit of the values. The limits are only searched to 0.0001, so that
 * `lower` may lie above `upper` where the values themselves are not much larger.
 */
export type ShiftInterval = { readonly lower: number; readonly upper: number; readonly estimate: number };

/**
 * The rank sum of the first of two samples, of sizes m and n, in standard deviations from its expectation, corrected
 * for continuity and ties; `null` where every value is tied with every other.
 */
export function standardise({ ranks, ties }: RankSum, m: number, n: number): number | null {
  const distance = ranks - (m * (m + 1)) / 2 - (m * n) / 2;
  const variance = ((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1)));
  if (variance === 0) return null;
  return (distance - Math.sign(distance) * 0.5) / Math.sqrt(variance);
}

/** The root for one quantile; the end of the range where the quantile is not reached within it. */
function limitAt(f: (shift: number) => number, quantile: number, least: Point, most: Point): number {
  if (least.value - quantile <= 0) return least.at;
  if (most.value - quantile >= 0) return most.at;
  return rootAt(f, quantile, least, most);
}

function rootAt(f: (shift: number) => number, quantile: number, least: Point, most: Point): number {
  const lowered = ({ at, value }: Point): Point => ({ at, value: value - quantile });
  return brentRoot((shift) => f(shift) - quantile, lowered(least), lowered(most));
}

/**
 * Kayenta's interval of the shift x − y: the shifts that the Mann–Whitney test in its normal approximation does not
 * reject, found as roots, with correction for continuity also in the estimate (reference: `wilcox.test(exact = FALSE,
 * conf.int = TRUE)` of R up to 4.0; reference/kayenta.md 1.4 describes what differs since). Never exact, however few
 * the values; where a level cannot be reached the limit is the end of all differences.
 *
 * @param x ascending, finite, not empty
 * @param y ascending, finite, not empty
 * @param level of both sides together: 0.98
 * @returns `null` where a shift ties all values with one another, which Kayenta answers by an error
 * @example shiftInterval(ascending([10, 20, 30, 40]), ascending([1, 2, 3, 4]), 0.95) // 6 … 39, 22.5
 */
export function shiftInterval(x: Ascending, y: Ascending, level: number): ShiftInterval | null {
  const rankSumAt = rankSumOfShifts(x, y);
  let tied = false;
  const statistic = (shift: number): number => {
    const value = standardise(rankSumAt(shift), x.length, y.length);
    if (value === null) tied = true;
    return value ?? 0;
  };
  const pointAt = (at: number): Point => ({ at, value: statistic(at) });
  const least = pointAt((x[0] ?? 0) - (y.at(-1) ?? 0));
  const most = pointAt((x.at(-1) ?? 0) - (y[0] ?? 0));
  const quantile = normalQuantile((1 - level) / 2);
  const interval = {
    lower: limitAt(statistic, -quantile, least, most),
    upper: limitAt(statistic, quantile, least, most),
    estimate: rootAt(statistic, 0, least, most),
  };
  return tied ? null : interval;
}
