import type { PlainSeries, Run, Trace } from '../run.ts';

/** So many looks may be above the threshold before the run fails. */
const forgiven = 3;

/** How far a minute is above what is usual, on a scale on which the threshold is 1. */
function heightOf({ canary, usual, allowed }: PlainSeries, minute: number): number {
  const value = canary[minute - 1] ?? null;
  return value === null || value <= 0
    ? Number.NEGATIVE_INFINITY
    : Math.log(value / usual) / Math.log(allowed);
}

/**
 * A fixed threshold on the canary alone, one minute a look, as rollout controllers offer it: fails at the fourth look
 * above it. Its statistic is the fourth highest so far, as a power of the threshold; of several metrics the worst.
 */
export function fixedThreshold({ plain, looks }: Run): Trace {
  const statistic: number[] = [];
  const highest = plain.map((): number[] => []);
  for (let minute = looks.from; minute <= looks.to; minute++) {
    const heights = plain.map((series, index) => {
      const seen = highest[index] ?? [];
      seen.push(heightOf(series, minute));
      seen.sort((left, right) => right - left).splice(forgiven + 1);
      return seen[forgiven] ?? Number.NEGATIVE_INFINITY;
    });
    statistic.push(Math.max(...heights));
  }
  const first = statistic.findIndex((height) => height > 1);
  return { failedAt: first < 0 ? null : looks.from + first, statistic };
}
