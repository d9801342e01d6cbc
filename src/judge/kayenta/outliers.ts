import { percentile } from '../statistics/percentile.ts';
import type { Ascending } from '../statistics/rank-order.ts';
import type { Interval } from '../statistics/wilson.ts';

/**
 * Tukey's fences: the quartiles ± a multiple of their distance. Tukey 1977, Exploratory Data Analysis, section 2D.
 *
 * @param values ascending
 * @param factor the multiple, > 0; 1.5 is Tukey's, 3 Kayenta's default
 * @param wide as Kayenta's judge has it: never within the 1st and 99th percentile
 * @returns values outside are outliers; `null` for no values
 */
export function fences(values: Ascending, factor: number, wide: boolean): Interval | null {
  const [first, third] = [percentile(values, 25), percentile(values, 75)];
  if (first === null || third === null) return null;
  const reach = factor * (third - first);
  const inner: Interval = [first - reach, third + reach];
  if (!wide) return inner;
  return [
    Math.min(percentile(values, 1) ?? first, inner[0]),
    Math.max(percentile(values, 99) ?? third, inner[1]),
  ];
}

/** The values within their fences, in order. */
export function withoutOutliers(
  values: readonly number[],
  sorted: Ascending,
  factor: number,
  wide: boolean,
): readonly number[] {
  const limits = fences(sorted, factor, wide);
  return limits === null ? values : values.filter((value) => value >= limits[0] && value <= limits[1]);
}
