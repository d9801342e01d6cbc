import { logIncompleteBeta } from '../../src/judge/statistics/incomplete-beta.ts';
import { betaMixture, betaParameters, type SharedEvents } from './beta-mixture.ts';

/** ln of the probability that a beta variable lies above `share`. */
function logAbove([a, b]: readonly [number, number], share: number): number {
  return logIncompleteBeta(b, a, 1 - share, share);
}

/**
 * The same evidence for a share above the one expected alone: the prior is cut off at it. Lindon & Malek 2022 as in
 * `betaMixture`; the mixture over the upper part is that over all, times the posterior over the prior mass there.
 *
 * @param k how narrow the prior is before it is cut, > 0
 * @returns ln E
 * @example betaMixtureOneSided({ canary: 30, total: 40, share: 0.5 }, 100) // 1.92
 */
export function betaMixtureOneSided(events: SharedEvents, k: number): number {
  const { before, after } = betaParameters(events, k);
  return betaMixture(events, k).logE + logAbove(after, events.share) - logAbove(before, events.share);
}
