import { countable, mannWhitneyCounts } from './mann-whitney-counts.ts';
import { normalQuantile } from './normal-quantile.ts';
import { rankedDifference } from './rank-difference.ts';
import { type Ascending, tieSum } from './rank-order.ts';
import { rankSum } from './rank-sum.ts';
import type { Interval } from './wilson.ts';

/**
 * Hodges and Lehmann's estimate of the shift between two samples: the median of all differences x − y. Not moved by
 * a few gross values. Hodges & Lehmann 1963, Ann. Math. Stat. 34:598.
 *
 * @param x ascending, finite
 * @param y ascending, finite
 * @returns in the unit of the values; `null` when either sample is empty
 * @example hodgesLehmann(ascending([10, 11, 12]), ascending([1, 2, 3])) // 9
 */
export function hodgesLehmann(x: Ascending, y: Ascending): number | null {
  const pairs = x.length * y.length;
  if (pairs === 0) return null;
  const { value, next } = rankedDifference(x, y, Math.ceil(pairs / 2));
  return pairs % 2 === 0 ? value / 2 + next / 2 : value;
}

/** Smallest u with P(U ≤ u) ≥ tail. */
function exactRank(m: number, n: number, tail: number): number {
  const { counts, total } = mannWhitneyCounts(m, n, Math.floor((m * n) / 2));
  let sum = 0;
  for (let u = 0; u < counts.length; u++) {
    sum += (counts[u] ?? 0) / total;
    if (sum >= tail) return u;
  }
  return counts.length;
}

/** The same by the normal approximation with continuity and the ties that lie within the samples. */
function normalRank(x: Ascending, y: Ascending, tail: number): number {
  const [m, n] = [x.length, y.length];
  const ties = (tieSum(x) + tieSum(y)) / ((m + n) * (m + n - 1));
  const deviation = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties));
  return Math.ceil((m * n - 1) / 2 + normalQuantile(tail) * deviation);
}

/**
 * Interval of that shift: the shifts that a two-sided Mann–Whitney test does not reject, which are two of the ordered
 * differences (Hollander & Wolfe 1999, Nonparametric Statistical Methods, section 4.3). Exact for small samples
 * without ties, else by the normal approximation.
 *
 * @param level of both sides together, in (0, 1): 0.95
 * @returns `null` where so few values cannot reach the level at all, and for an empty sample
 * @example hodgesLehmannInterval(ascending([10, 11, 12, 13, 14]), ascending([1, 2, 3, 4, 5]), 0.95) // [6, 12]
 */
export function hodgesLehmannInterval(x: Ascending, y: Ascending, level: number): Interval | null {
  const pairs = x.length * y.length;
  if (pairs === 0) return null;
  const tail = (1 - level) / 2;
  const exact = countable(x.length, y.length) && rankSum(x, y).ties === 0;
  const rank = exact ? exactRank(x.length, y.length, tail) : normalRank(x, y, tail);
  if (rank < 1) return null;
  return [rankedDifference(x, y, rank).value, rankedDifference(x, y, pairs + 1 - rank).value];
}
