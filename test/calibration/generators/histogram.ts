import type { Draws } from '../random/draws.ts';
import { autoregression, factorAt, type Worsening } from './processes.ts';

/** How request latencies scatter when nothing happens. */
export type HistogramNoise = {
  /** Mean requests a minute of each arm. */
  readonly requests: number;
  /** Standard deviation, and lag-1 autocorrelation, of an arm's own ln(latency) from minute to minute. */
  readonly armDeviation: number;
  readonly armPhi: number;
};

/** The histogram that the rows are built on. */
export const histogramNoise: HistogramNoise = { requests: 1000, armDeviation: 0.05, armPhi: 0.5 };

/** Upper edges of the buckets in milliseconds; the last takes what is slower. */
export const edges: readonly number[] = [
  10,
  20,
  30,
  40,
  50,
  65,
  80,
  100,
  125,
  150,
  180,
  220,
  270,
  350,
  500,
  750,
  1000,
  2000,
  Number.POSITIVE_INFINITY,
];

const logEdges = edges.map(Math.log);
const logMedian = Math.log(100);
/** Standard deviation of ln(latency) among the requests of a minute. */
const requestDeviation = 0.5;

/** Requests in each bucket, a minute a row. */
export type Buckets = readonly number[][];

function bucketOf(logLatency: number): number {
  let [low, high] = [0, logEdges.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (logLatency <= (logEdges[middle] ?? Number.POSITIVE_INFINITY)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Histograms of both arms: Poisson traffic, log-normal latencies, whose median each arm moves about for itself. */
export function drawHistograms(
  draws: Draws,
  noise: HistogramNoise,
  steps: number,
  worsening: Worsening,
): { readonly canary: Buckets; readonly baseline: Buckets } {
  const arm = (factor: (minute: number) => number): Buckets => {
    const moved = autoregression(draws, steps, noise.armPhi);
    return Array.from(moved, (value, step) => {
      const centre = logMedian + noise.armDeviation * value + Math.log(factor(step + 1));
      const counts = edges.map(() => 0);
      for (let left = draws.poisson(noise.requests); left > 0; left--) {
        const bucket = bucketOf(centre + requestDeviation * draws.normal());
        counts[bucket] = (counts[bucket] ?? 0) + 1;
      }
      return counts;
    });
  };
  return { canary: arm((minute) => factorAt(worsening, minute, steps)), baseline: arm(() => 1) };
}

/** The median of a minute's requests, on a straight line within its bucket; `null` without any. */
export function medianOfBuckets(counts: readonly number[]): number | null {
  const half = counts.reduce((sum, count) => sum + count, 0) / 2;
  if (half === 0) return null;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (below + count >= half) {
      const [from, to] = [index === 0 ? 0 : (edges[index - 1] ?? 0), edges[index] ?? 0];
      return Number.isFinite(to) ? from + ((to - from) * (half - below)) / count : from;
    }
    below += count;
  }
  return null;
}

/** The median when nothing happens. */
export const usualMedian = Math.exp(logMedian);

/** The generator in words, for the report. */
export const histogramInWords = `**Histograms.** Poisson traffic of ${histogramNoise.requests} requests a minute and arm, log-normal latencies (median ${usualMedian.toFixed(0)} ms, standard deviation of the logarithm ${requestDeviation}), counted in ${edges.length - 1} fixed buckets and one for the rest. Each arm's median moves for itself (standard deviation ${histogramNoise.armDeviation}, autocorrelation ${histogramNoise.armPhi}).`;
