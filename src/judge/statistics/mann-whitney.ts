import { countable, mannWhitneyCounts } from './mann-whitney-counts.ts';
import { normalLogCdf } from './normal-cdf.ts';
import type { Ascending } from './rank-order.ts';
import { type RankSum, rankSum } from './rank-sum.ts';

/** What is held against chance: x tends to be larger, smaller, or either. */
export type Alternative = 'greater' | 'less' | 'two-sided';

/** The test of Mann and Whitney. */
export type MannWhitney = {
  /** Number of pairs with x > y, equal ones counted half. */
  readonly u: number;
  readonly pValue: number;
  /** ln p, finite where p itself is too small for a number. */
  readonly logP: number;
  /** True when all orders were counted, false for the normal approximation. */
  readonly exact: boolean;
};

/** ln P(U ≥ u) by counting. */
function exactLogTail(m: number, n: number, u: number): number {
  const far = u > (m * n) / 2;
  const limit = far ? m * n - u : u - 1;
  if (limit < 0) return 0;
  const { counts, total } = mannWhitneyCounts(m, n, limit);
  const share = counts.reduce((sum, count) => sum + count, 0) / total;
  return far ? Math.log(share) : Math.log1p(-share);
}

/** ln P(U ≥ u) by the normal approximation with the variance that ties leave; 0 where all values are tied. */
function normalLogTail(m: number, n: number, u: number, ties: number, correction: number): number {
  const variance = ((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1)));
  if (!(variance > 0)) return 0;
  return normalLogCdf(-(u - (m * n) / 2 - correction) / Math.sqrt(variance));
}

function uOf({ ranks }: RankSum, m: number): number {
  return ranks - (m * (m + 1)) / 2;
}

/**
 * Mann and Whitney's test whether one sample tends to larger values than another: for small samples without ties by
 * counting all orders, else by the normal approximation with tie correction and continuity correction. Mann &
 * Whitney 1947, Ann. Math. Stat. 18:50; Lehmann 1975, Nonparametrics, section 1.4 (ties).
 *
 * The values must be independent, which minutes of one series are not: p describes, it does not decide.
 *
 * @param x ascending
 * @param y ascending
 * @param alternative two-sided p is twice the smaller of both others, at most 1
 * @param continuity false leaves the correction by ½ out of the normal approximation
 * @returns `null` when either sample is empty; p = 1 where all values are equal
 * @example mannWhitney(ascending([6]), ascending([1, 2, 3, 4, 5]), 'greater') // p = 1/6
 */
export function mannWhitney(
  x: Ascending,
  y: Ascending,
  alternative: Alternative = 'two-sided',
  continuity = true,
): MannWhitney | null {
  const [m, n] = [x.length, y.length];
  if (m === 0 || n === 0) return null;
  const sum = rankSum(x, y);
  const u = uOf(sum, m);
  const exact = sum.ties === 0 && countable(m, n);
  const logTail = (one: number): number =>
    exact ? exactLogTail(m, n, one) : normalLogTail(m, n, one, sum.ties, continuity ? 0.5 : 0);
  const logP =
    alternative === 'two-sided'
      ? Math.min(0, Math.LN2 + logTail(Math.max(u, m * n - u)))
      : logTail(alternative === 'greater' ? u : m * n - u);
  return { u, pValue: Math.exp(logP), logP, exact };
}
