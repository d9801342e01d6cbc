import { binomial } from './random.ts';
import type { Moment } from './scenario.ts';
import { own, requests, signals } from './signals.ts';

/** The one signal whose values are several at each moment. */
export const bucketSignal = 'latency_buckets';

/** The signals that a query may name. */
export const signalNames: readonly string[] = [...Object.keys(signals), bucketSignal];

/** Upper edges of `latency_buckets`, milliseconds. */
const edges: readonly number[] = [10, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200, 300, 500, 1000];

/** The edges as labels, the last one that of all requests. */
export const bucketLabels: readonly string[] = [...edges.map(String), '+Inf'];

/** Standard deviation of the logarithm of a request's latency. */
const logDeviation = 0.5;

/** 0.99 of a standard normal distribution lies below this. */
const normalP99 = 2.3263478740408408;

/**
 * Requests of the step at or below each edge of `bucketLabels`. Their latencies are log-normal with the 99th percentile
 * that `latency_p99` has at this moment; the last count is that of `requests`.
 */
export function latencyBuckets(moment: Moment): readonly number[] {
  const p99 = signals['latency_p99']?.(moment) ?? 0;
  const median = Math.log(p99) - normalP99 * logDeviation;
  const total = requests(moment);
  const random = own('buckets', moment);
  let slower = total;
  let shareSlower = 1;
  const counts = edges.map((edge) => {
    const share = normalTail((Math.log(edge) - median) / logDeviation);
    slower = binomial(random, slower, share / shareSlower);
    shareSlower = share;
    return total - slower;
  });
  return [...counts, total];
}

/** The part of a standard normal distribution above `z`, to 7.5e-8 (Abramowitz and Stegun 1964, 26.2.17). */
function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * polynomial;
}
