/** Seconds; `null` without data. */
export type Percentiles = { readonly p50: number | null; readonly p90: number | null };

/**
 * Quantile by linear interpolation between the order statistics (type 7 of Hyndman & Fan 1996, The American
 * Statistician 50:361). `sorted` ascends and is not empty.
 */
function quantile(sorted: readonly number[], fraction: number): number {
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)] ?? 0;
  const above = sorted[Math.ceil(position)] ?? 0;
  return below + (above - below) * (position - Math.floor(position));
}

/** Median and ninetieth percentile, in seconds, of durations in milliseconds. */
export function percentilesOf(durations: readonly number[]): Percentiles {
  if (durations.length === 0) return { p50: null, p90: null };
  const sorted = durations.map((duration) => duration / 1000).sort((left, right) => left - right);
  return { p50: quantile(sorted, 0.5), p90: quantile(sorted, 0.9) };
}
