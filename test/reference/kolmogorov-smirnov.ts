import type { Ascending } from '../../src/judge/statistics/rank-order.ts';
import { kolmogorovTail } from './kolmogorov-distribution.ts';

/** The two-sample test of Kolmogorov and Smirnov, two-sided. */
type KolmogorovSmirnov = {
  /** Greatest distance between both empirical distribution functions. */
  readonly D: number;
  /** P of a distance at least as great among all orders of both samples, as if there were no ties. */
  readonly p_exact: number;
  /** The same by the one-sample distribution for the rounded number m n / (m + n) of values. */
  readonly p_asymp: number;
};

/** m n D, a whole number: the greatest |n i − m j| where i of x and j of y are not above a value. */
function scaledDistance(x: Ascending, y: Ascending): number {
  let [i, j, greatest] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i] ?? 0, y[j] ?? 0);
    while (i < x.length && x[i] === value) i += 1;
    while (j < y.length && y[j] === value) j += 1;
    greatest = Math.max(greatest, Math.abs(y.length * i - x.length * j));
  }
  return greatest;
}

/**
 * Share of all orders of m and n values whose path reaches |n i − m j| ≥ `least` somewhere. Works on shares of the
 * orders of the first i and j values, which neither overflow nor cancel.
 */
function shareOfPaths(m: number, n: number, least: number): number {
  const shares = new Float64Array(n + 1);
  const share = (i: number, j: number): number => {
    if (Math.abs(n * i - m * j) >= least) return 1;
    if (i + j === 0) return 0;
    return (i * (shares[j] ?? 0) + j * (shares[j - 1] ?? 0)) / (i + j);
  };
  for (let i = 0; i <= m; i++) for (let j = 0; j <= n; j++) shares[j] = share(i, j);
  return shares[n] ?? 0;
}

/**
 * The two-sample test of Kolmogorov and Smirnov whether two samples come from one distribution, whatever the
 * difference. Exact p by counting paths: Hodges 1958, Ark. Mat. 3:469. The approximate p is what SciPy calls asymptotic.
 * O(m n).
 *
 * @param x ascending
 * @param y ascending
 * @returns `null` when either sample is empty
 * @example kolmogorovSmirnov(ascending([1.1, 2.2, 3.3, 4.4]), ascending([0.5, 2, 2.9, 5.1, 6])) // D = 0.4
 */
export function kolmogorovSmirnov(x: Ascending, y: Ascending): KolmogorovSmirnov | null {
  const [m, n] = [x.length, y.length];
  if (m === 0 || n === 0) return null;
  const scaled = scaledDistance(x, y);
  const D = scaled / (m * n);
  const effective = Math.max(1, Math.round((m * n) / (m + n)));
  return { D, p_exact: shareOfPaths(m, n, scaled), p_asymp: kolmogorovTail(effective, D) };
}
