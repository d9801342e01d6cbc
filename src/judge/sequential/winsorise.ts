import type { Samples } from '../types.ts';

/** Makes the median absolute deviation of normal values their standard deviation. */
const normalScale = 1.4826;
const limit = 4;

/** Values kept in order, to which more are added one by one. */
export type Sorted = {
  readonly values: Float64Array;
  readonly count: number;
  readonly add: (value: number) => void;
};

/** Makes room for so many values in order. */
export function createSorted(capacity: number): Sorted {
  const values = new Float64Array(capacity);
  let count = 0;
  const add = (value: number): void => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((values[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    values.copyWithin(low + 1, low, count);
    values[low] = value;
    count += 1;
  };
  return {
    values,
    add,
    get count() {
      return count;
    },
  };
}

function middleOf({ values, count }: Sorted): number {
  const half = count >>> 1;
  const upper = values[half] ?? 0;
  return count % 2 === 1 ? upper : ((values[half - 1] ?? 0) + upper) / 2;
}

/** Median of the distances from the middle: both halves are in order of it, so they are merged from the middle out. */
function middleDistance({ values, count }: Sorted, centre: number): number {
  let [left, right] = [(count >>> 1) - 1, count >>> 1];
  const nearest = (): number => {
    const below = left >= 0 ? centre - (values[left] ?? 0) : Number.POSITIVE_INFINITY;
    const above = right < count ? (values[right] ?? 0) - centre : Number.POSITIVE_INFINITY;
    if (below < above) left -= 1;
    else right += 1;
    return Math.min(below, above);
  };
  let [previous, current] = [0, 0];
  for (let taken = 0; taken <= count >>> 1; taken++) [previous, current] = [current, nearest()];
  return count % 2 === 1 ? current : (previous + current) / 2;
}

/** Between what values outliers are drawn in; no bounds where more than half of the values are equal. */
export function winsorBounds(sorted: Sorted): { readonly low: number; readonly high: number } {
  const centre = middleOf(sorted);
  const reach = sorted.count === 0 ? 0 : limit * normalScale * middleDistance(sorted, centre);
  if (!(reach > 0)) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
  return { low: centre - reach, high: centre + reach };
}

/**
 * Draws outliers in to the median ± 4 robust standard deviations, so that one gross point neither makes nor hides a
 * finding (Tukey & McLaughlin 1963). Where more than half of the values are equal nothing is changed.
 */
export function winsorise(samples: Samples): Samples {
  const sorted = createSorted(samples.length);
  for (const value of samples) if (value !== null) sorted.add(value);
  const { low, high } = winsorBounds(sorted);
  return samples.map((value) => (value === null ? null : Math.min(high, Math.max(low, value))));
}
