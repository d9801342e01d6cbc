import type { Interval } from './wilson.ts';

/**
 * Score interval of a Poisson rate: what Wilson's interval is to a proportion, for events over an exposure that
 * does not count trials (hours, instances). Solves (x − λe)² = z² λe; Barker 2002, Am. Stat. 56:85.
 *
 * @param events ≥ 0; need not be whole (an effective number)
 * @param exposure in any unit; the rate is per that unit
 * @param z standard normal quantile of the level
 * @returns `null` when `exposure` is not above 0
 * @example poissonScore(0, 1000, 1.6449) // [0, 0.0027]
 */
export function poissonScore(events: number, exposure: number, z: number): Interval | null {
  if (!(exposure > 0)) return null;
  const centre = events + (z * z) / 2;
  const half = z * Math.sqrt(events + (z * z) / 4);
  return [Math.max(0, centre - half) / exposure, (centre + half) / exposure];
}
