import type { Ascending } from './rank-order.ts';

/**
 * Percentile with linear interpolation between the two neighbours of place 1 + (n − 1) p / 100: type 7 of Hyndman &
 * Fan 1996, Am. Stat. 50:361, the default of R and NumPy.
 *
 * @param values ascending
 * @param p 0 … 100
 * @returns `null` for no values
 * @example percentile(ascending([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]), 5) // 0.175
 */
export function percentile(values: Ascending, p: number): number | null {
  const place = 1 + (values.length - 1) * (p / 100);
  const before = Math.floor(place);
  const lower = values[before - 1];
  if (lower === undefined) return null;
  return lower + (place - before) * ((values[before] ?? lower) - lower);
}
