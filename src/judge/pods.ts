import type { Samples } from './types.ts';

function meanOf(present: readonly number[]): number | null {
  // A logarithm and back would change the last digit of a single pod.
  if (present.length < 2) return present[0] ?? null;
  if (present.every((value) => value > 0))
    return Math.exp(present.reduce((sum, value) => sum + Math.log(value), 0) / present.length);
  return present.reduce((sum, value) => sum + value / present.length, 0);
}

/**
 * The mean over pods, step by step: the geometric mean of the pods present when all their values are positive, the
 * plain mean otherwise; `null` where no pod speaks. NaN and ±Infinity count as absent. As long as the longest pod.
 */
export function meanOfPods(pods: readonly Samples[]): Samples {
  const steps = pods.reduce((longest, pod) => Math.max(longest, pod.length), 0);
  return Array.from({ length: steps }, (_, step) =>
    meanOf(
      pods.flatMap((pod) => {
        const value = pod[step] ?? null;
        return value !== null && Number.isFinite(value) ? [value] : [];
      }),
    ),
  );
}
