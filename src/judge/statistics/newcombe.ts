import { poissonScore } from './poisson-score.ts';
import { type Interval, wilson } from './wilson.ts';

/** `events` out of `total` trials, or over `total` exposure; need not be whole. */
export type EventsOf = { readonly events: number; readonly total: number };

/** A difference with its interval. */
export type Difference = { readonly estimate: number; readonly interval: Interval };

/**
 * Interval of a difference recovered from the intervals of its two parts: the distance of each limit is the root
 * of the sum of squares of the two distances on that side. Zou & Donner 2008, Stat. Med. 27:1693.
 */
function recovered(first: number, firstLimits: Interval, second: number, secondLimits: Interval): Difference {
  const estimate = first - second;
  const down = Math.hypot(first - firstLimits[0], secondLimits[1] - second);
  const up = Math.hypot(firstLimits[1] - first, second - secondLimits[0]);
  return { estimate, interval: [estimate - down, estimate + up] };
}

/**
 * Newcombe's hybrid score interval of a difference of two proportions, first − second. Keeps its level for small
 * counts and for no events at all. Newcombe 1998, Stat. Med. 17:873, method 10.
 *
 * @param z standard normal quantile of the level; 1.6449 makes each limit a one-sided 95 % limit
 * @returns `null` when either total is not above 0
 * @example newcombe({ events: 4, total: 23 }, { events: 9, total: 40 }, 1.959964) // −0.051 [−0.234, 0.171]
 */
export function newcombe(first: EventsOf, second: EventsOf, z: number): Difference | null {
  const limits = [wilson(first.events, first.total, z), wilson(second.events, second.total, z)] as const;
  if (limits[0] === null || limits[1] === null) return null;
  return recovered(first.events / first.total, limits[0], second.events / second.total, limits[1]);
}

/**
 * The same for two Poisson rates: score intervals joined as Newcombe joins Wilson's; Li, Tang & Wong 2014,
 * Comput. Stat. 29:869. A little wider than for proportions, so safe also when the exposure does count trials.
 *
 * @returns `null` when either exposure is not above 0
 */
export function poissonDifference(first: EventsOf, second: EventsOf, z: number): Difference | null {
  const limits = [
    poissonScore(first.events, first.total, z),
    poissonScore(second.events, second.total, z),
  ] as const;
  if (limits[0] === null || limits[1] === null) return null;
  return recovered(first.events / first.total, limits[0], second.events / second.total, limits[1]);
}
