/** Seconds; `null` without data. */
export type Percentiles = { readonly p50: number | null; readonly p90: number | null };

/**
 * Quantile by linear interpolation between the order statistics (type 7 of Hyndman & Fan 1996, The American
 * Statistician 50:361). `sorted` ascends and is not empty.
 */
function quantile(sorted: Float64Array, fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? 0;
  return below + (above - below) * (position - Math.floor(position));
}

/** Median and ninetieth percentile, in seconds, of durations in milliseconds. */
export function percentilesOf(durations: readonly number[]): Percentiles {
  if (durations.length === 0) return { p50: null, p90: null };
  // Typed arrays sort numbers as numbers, and several times faster.
  const sorted = Float64Array.from(durations).sort();
  return { p50: quantile(sorted, 0.5) / 1000, p90: quantile(sorted, 0.9) / 1000 };
}
