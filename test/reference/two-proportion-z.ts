import type { EventsOf } from '../../src/judge/statistics/newcombe.ts';
import { normalCdf } from '../../src/judge/statistics/normal-cdf.ts';

/** A normal statistic, above 0 when the first share is larger, and its two-sided p. */
type ZTest = { readonly z: number; readonly p: number };

/**
 * The pooled z-test of two proportions: the difference over its standard error if both shares were the one of all
 * trials together. Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, chapter 3, without the
 * correction for continuity.
 *
 * @returns `null` where the standard error is 0 or undefined: no trials, no events, or nothing but events
 * @example twoProportionZ({ events: 3, total: 10 }, { events: 9, total: 10 }) // z = −2.74, p = 0.0062
 */
export function twoProportionZ(first: EventsOf, second: EventsOf): ZTest | null {
  const pooled = (first.events + second.events) / (first.total + second.total);
  const variance = pooled * (1 - pooled) * (1 / first.total + 1 / second.total);
  if (!(variance > 0 && Number.isFinite(variance))) return null;
  const z = (first.events / first.total - second.events / second.total) / Math.sqrt(variance);
  return { z, p: 2 * normalCdf(-Math.abs(z)) };
}
