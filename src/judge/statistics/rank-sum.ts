import { type Ascending, tieSum } from './rank-order.ts';

/** Where the values of one sample stand among those of both. */
export type RankSum = {
  /** Sum of the mid-ranks of the first sample, 1-based. */
  readonly ranks: number;
  /** Sum of t³ − t over all groups of t equal values of both samples. */
  readonly ties: number;
};

/** The first index from `from` on whose value, is not below `value`. */
function skipBelow(values: Ascending, from: number, value: number): number {
  let at = from;
  while (at < values.length && (values[at] ?? Number.NaN) < value) at += 1;
  return at;
}

/** The first index from `from` on whose value, less `shift`, is not `value`. */
function skipEqual(values: Ascending, from: number, value: number, shift: number): number {
  let at = from;
  while (at < values.length && (values[at] ?? Number.NaN) - shift === value) at += 1;
  return at;
}

/** t³ − t, what a group of t equal values adds to the ties. */
export function tiesOf(size: number): number {
  return size * size * size - size;
}

/**
 * Rank sum of `x − shift` among itself and `y`, equal values sharing the mean of their ranks (Wilcoxon 1945, Biom.
 * Bull. 1:80). Merges the sorted samples in O(m + n).
 *
 * @param x ascending; the shift is taken from each value as floating point does, so that it may bring about ties
 * @param y ascending
 * @example rankSum(ascending([1, 3]), ascending([2, 3])) // { ranks: 1 + 3.5, ties: 6 }
 */
export function rankSum(x: Ascending, y: Ascending, shift = 0): RankSum {
  let below = 0;
  let halves = 0;
  let ties = tieSum(y);
  for (let from = 0; from < x.length; ) {
    const value = (x[from] ?? Number.NaN) - shift;
    const to = skipEqual(x, from + 1, value, shift);
    below = skipBelow(y, below, value);
    const through = skipEqual(y, below, value, 0);
    halves += (to - from) * (below + through);
    ties += tiesOf(to - from + through - below) - tiesOf(through - below);
    below = through;
    from = to;
  }
  return { ranks: halves / 2 + (x.length * (x.length + 1)) / 2, ties };
}
