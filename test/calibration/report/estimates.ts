import { type Interval, wilson } from '../../../src/judge/statistics/wilson.ts';
import { type FirstFails, failedOf } from '../tally.ts';

const z95 = 1.959963984540054;

/** A share of runs with its 95 % interval (Wilson). */
export type Share = { readonly estimate: number; readonly interval: Interval };

/** A minute with its 95 % interval; `null` = never within the run. */
export type Minute = {
  readonly estimate: number | null;
  readonly interval: readonly [number | null, number | null];
};

/** The share of `some` out of `runs`. */
export function shareOf(some: number, runs: number): Share {
  return { estimate: runs === 0 ? 0 : some / runs, interval: wilson(some, runs, z95) ?? [0, 1] };
}

/** The minute by which so many runs have failed; `null` when fewer ever do. */
function minuteOfRank(firstFails: FirstFails, rank: number): number | null {
  let failed = 0;
  const minute = firstFails.findIndex((runs) => {
    failed += runs;
    return failed >= rank;
  });
  return minute < 0 ? null : minute;
}

/**
 * The median minute of the first fail, over all runs: those that never fail count as later than all. Its interval lies
 * between the order statistics n/2 ± 1.96 √n/2 (Conover 1999, Practical Nonparametric Statistics, 3.2).
 */
export function medianMinute(firstFails: FirstFails, runs: number): Minute {
  const half = runs / 2;
  const reach = (z95 * Math.sqrt(runs)) / 2;
  return {
    estimate: minuteOfRank(firstFails, Math.ceil(half)),
    interval: [
      minuteOfRank(firstFails, Math.max(1, Math.floor(half - reach))),
      minuteOfRank(firstFails, Math.ceil(half + reach) + 1),
    ],
  };
}

/** The share of runs that had failed by a minute. */
export function failedBy(firstFails: FirstFails, runs: number, minute: number): Share {
  return shareOf(failedOf(firstFails.slice(0, minute + 1)), runs);
}
