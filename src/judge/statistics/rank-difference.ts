import type { Ascending } from './rank-order.ts';

/** The pairwise differences x − y on both sides of a value. */
type Split = {
  /** How many are at most that value. */
  readonly count: number;
  /** The largest of these, −∞ if there is none. */
  readonly last: number;
  /** The smallest above it, ∞ if there is none. */
  readonly next: number;
};

/** One of all pairwise differences in ascending order, and the one after it. */
export type RankedDifference = { readonly value: number; readonly next: number };

/** Walks along the border of the matrix of differences, which rises with x and falls with y: O(m + n). */
function splitAt(x: Ascending, y: Ascending, value: number): Split {
  let count = 0;
  let last = Number.NEGATIVE_INFINITY;
  let next = Number.POSITIVE_INFINITY;
  let above = 0;
  for (const one of x) {
    while (above < y.length && one - (y[above] ?? 0) > value) above += 1;
    count += y.length - above;
    if (above < y.length) last = Math.max(last, one - (y[above] ?? 0));
    if (above > 0) next = Math.min(next, one - (y[above - 1] ?? 0));
  }
  return { count, last, next };
}

/**
 * The difference x − y that is in place `rank` when all m·n of them are put in order, without making them: halves
 * the range of values, counts in the sorted matrix of differences and lets the range shrink to differences that
 * exist, so that the result is exact. O((m + n) log(range / gap)); the idea is of Johnson & Mizoguchi 1978, SIAM J.
 * Comput. 7:147.
 *
 * @param x ascending, not empty, finite
 * @param y ascending, not empty, finite
 * @param rank 1 (the smallest) … m·n (the largest)
 * @returns `next` is the difference in place rank + 1; ∞ after the largest
 * @example rankedDifference(ascending([4, 9]), ascending([1, 2]), 2) // { value: 3, next: 7 }
 */
export function rankedDifference(x: Ascending, y: Ascending, rank: number): RankedDifference {
  let low = (x[0] ?? 0) - (y.at(-1) ?? 0);
  let high = (x.at(-1) ?? 0) - (y[0] ?? 0);
  while (low < high) {
    // Differences of the largest numbers overflow; the middle must not.
    const middle = Math.max(low, -Number.MAX_VALUE) / 2 + Math.min(high, Number.MAX_VALUE) / 2;
    const split = splitAt(x, y, middle < high ? middle : low);
    if (split.count >= rank) high = split.last;
    else low = split.next;
  }
  const { count, next } = splitAt(x, y, low);
  return { value: low, next: count > rank ? low : next };
}
