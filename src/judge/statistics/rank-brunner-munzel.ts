import type { Ascending } from './rank-order.ts';
import { studentT } from './student-t.ts';

/** The test of Brunner and Munzel. */
export type BrunnerMunzel = {
  /** Above 0 when y tends to be larger. */
  readonly statistic: number;
  readonly degrees: number;
  /** Two-sided. */
  readonly pValue: number;
};

type Placements = { readonly mean: number; readonly variance: number };

/** Mean and variance of how many of `other` lie below a value of `one`, equal ones counted half. */
function placements(one: Ascending, other: Ascending): Placements {
  let below = 0;
  let through = 0;
  const places = one.map((value) => {
    while (below < other.length && (other[below] ?? 0) < value) below += 1;
    while (through < other.length && (other[through] ?? 0) <= value) through += 1;
    return (below + through) / 2;
  });
  const mean = places.reduce((sum, place) => sum + place, 0) / one.length;
  const squares = places.reduce((sum, place) => sum + (place - mean) ** 2, 0);
  return { mean, variance: squares / (one.length - 1) };
}

/**
 * Brunner and Munzel's test whether one sample tends to larger values than another, valid also where they spread
 * differently. Brunner & Munzel 2000, Biom. J. 42:17; t distribution with Satterthwaite's degrees of freedom.
 *
 * @param x ascending
 * @param y ascending
 * @returns `null` for fewer than two values in either sample and where the samples do not overlap at all
 */
export function brunnerMunzel(x: Ascending, y: Ascending): BrunnerMunzel | null {
  const [m, n] = [x.length, y.length];
  if (m < 2 || n < 2) return null;
  const [first, second] = [placements(x, y), placements(y, x)];
  const spread = m * first.variance + n * second.variance;
  if (spread === 0) return null;
  // The difference of the mean ranks, of which each is the mean placement and (own size + 1) / 2.
  const distance = second.mean - first.mean + (n - m) / 2;
  const statistic = (m * n * distance) / ((m + n) * Math.sqrt(spread));
  const degrees = spread ** 2 / ((m * first.variance) ** 2 / (m - 1) + (n * second.variance) ** 2 / (n - 1));
  return { statistic, degrees, pValue: 2 * studentT(degrees).cdf(-Math.abs(statistic)) };
}
