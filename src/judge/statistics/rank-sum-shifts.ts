import { type Ascending, tieSum } from './rank-order.ts';
import { type RankSum, rankSum, tiesOf } from './rank-sum.ts';

/** The different values of a sorted sample between −∞ and ∞, so that walking over them needs no look at the ends. */
type Distinct = {
  readonly values: Float64Array;
  /** How many values of the sample lie before the one at the same index; the last entry is the sample's size. */
  readonly before: Int32Array;
};

function distinct(sample: Ascending): Distinct {
  const values = new Float64Array(sample.length + 2);
  const before = new Int32Array(sample.length + 2);
  values[0] = Number.NEGATIVE_INFINITY;
  let size = 1;
  sample.forEach((value, index) => {
    if (value === values[size - 1]) return;
    values[size] = value;
    before[size] = index;
    size += 1;
  });
  values[size] = Number.POSITIVE_INFINITY;
  before[size] = sample.length;
  return { values: values.subarray(0, size + 1), before: before.subarray(0, size + 1) };
}

/** What a search over shifts keeps. The loops below take it apart first: typed arrays in variables are read fastest. */
type Search = {
  readonly xs: Distinct;
  readonly ys: Distinct;
  /** For each of `xs` the index of the first of `ys` that is not below it, at the shift asked about last. */
  readonly places: Int32Array;
  /** Ties within x and within y. */
  readonly ties: number;
};

/** Moves places on to `shift` until the moves add up to more than a merge takes; returns the first not moved. */
function movePlaces({ xs, ys, places }: Search, shift: number): number {
  const [xValues, yValues] = [xs.values, ys.values];
  const end = xValues.length - 1;
  let moves = end + yValues.length;
  let i = 1;
  for (; i < end && moves > 0; i++) {
    const value = (xValues[i] ?? 0) - shift;
    const from = places[i] ?? 1;
    let at = from;
    while ((yValues[at - 1] ?? 0) >= value) at -= 1;
    while ((yValues[at] ?? 0) < value) at += 1;
    if (at === from) continue;
    places[i] = at;
    moves -= Math.abs(at - from);
  }
  return i;
}

/** Finds the places from the `first` on by merging, the one before it being right. */
function mergePlaces({ xs, ys, places }: Search, shift: number, first: number): void {
  const [xValues, yValues] = [xs.values, ys.values];
  let at = places[first - 1] ?? 1;
  for (let i = first; i < xValues.length - 1; i++) {
    const value = (xValues[i] ?? 0) - shift;
    while ((yValues[at] ?? 0) < value) at += 1;
    places[i] = at;
  }
}

/** Adds up the ranks at those places; `null` where rounding made different values of x equal. */
function sumRanks({ xs, ys, places, ties: ownTies }: Search, shift: number): RankSum | null {
  const [xValues, xBefore, yValues, yBefore] = [xs.values, xs.before, ys.values, ys.before];
  const end = xValues.length - 1;
  let halves = 0;
  let ties = ownTies;
  let previous = Number.NEGATIVE_INFINITY;
  for (let i = 1; i < end; i++) {
    const value = (xValues[i] ?? 0) - shift;
    if (value === previous) return null;
    previous = value;
    const at = places[i] ?? 1;
    const same = (xBefore[i + 1] ?? 0) - (xBefore[i] ?? 0);
    const below = yBefore[at] ?? 0;
    halves += 2 * same * below;
    if (yValues[at] === value) {
      const equal = (yBefore[at + 1] ?? 0) - below;
      halves += same * equal;
      ties += tiesOf(same + equal) - tiesOf(same) - tiesOf(equal);
    }
  }
  const size = xBefore[end] ?? 0;
  return { ranks: halves / 2 + (size * (size + 1)) / 2, ties };
}

/**
 * Rank sums of `x − shift` beside `y` for one shift after another, each exactly that of `rankSum`. A search asks about
 * shifts ever closer together, between which hardly a value changes its place: each value's place is kept and moved
 * on from there. O(m + n) for any shift, little more than one look at each of x for a shift nearby.
 *
 * @param x ascending, finite
 * @param y ascending, finite
 * @returns a function that remembers the places of its last call, which changes its speed and nothing else
 */
export function rankSumOfShifts(x: Ascending, y: Ascending): (shift: number) => RankSum {
  const [xs, ys] = [distinct(x), distinct(y)];
  const places = new Int32Array(xs.values.length).fill(1);
  const search = { xs, ys, places, ties: tieSum(x) + tieSum(y) };
  return (shift) => {
    mergePlaces(search, shift, movePlaces(search, shift));
    return sumRanks(search, shift) ?? rankSum(x, y, shift);
  };
}
