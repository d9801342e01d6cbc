import type { Ascending } from './rank-order.ts';
import { rankSum } from './rank-sum.ts';

/**
 * Cliff's delta, P(X > Y) − P(X < Y): how far two samples are apart whatever their unit, from −1 (all of x below all
 * of y) to 1. Cliff 1993, Psychol. Bull. 114:494. O(m + n) on sorted samples.
 *
 * @param x ascending
 * @param y ascending
 * @returns `null` when either sample is empty
 * @example cliffsDelta(ascending([1.1, 2.2, 3.3, 4.4]), ascending([0.5, 2, 2.9, 5.1, 6])) // −0.1
 */
export function cliffsDelta(x: Ascending, y: Ascending): number | null {
  const [m, n] = [x.length, y.length];
  if (m === 0 || n === 0) return null;
  return (2 * rankSum(x, y).ranks - m * (m + 1)) / (m * n) - 1;
}
