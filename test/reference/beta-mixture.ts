import { logBeta } from '../../src/judge/statistics/log-beta.ts';

/** Of `total` events `canary` fell to the canary, where a share of `share`, in (0, 1), is expected. */
export type SharedEvents = { readonly canary: number; readonly total: number; readonly share: number };

/** Evidence that the share is another, and the anytime p-value of it. */
type BetaMixture = { readonly logE: number; readonly pSequential: number };

/** Parameters of the beta distribution of the share, before and after the events. */
export function betaParameters(
  { canary, total, share }: SharedEvents,
  k: number,
): { readonly before: readonly [number, number]; readonly after: readonly [number, number] } {
  const before = [k * share, k * (1 - share)] as const;
  return { before, after: [before[0] + canary, before[1] + total - canary] };
}

/**
 * Evidence that the canary's share of all events is not the one expected: a Bayes factor with a Beta(k θ₀, k (1 − θ₀))
 * prior of the share, which is an E-process in the number of events. Lindon & Malek 2022, NeurIPS 35,
 * "Anytime-valid inference for multinomial count data", for two arms.
 *
 * @param k how narrow the prior is, > 0
 * @example betaMixture({ canary: 30, total: 40, share: 0.5 }, 100).logE // 1.27
 */
export function betaMixture(events: SharedEvents, k: number): BetaMixture {
  const { canary, total, share } = events;
  const { before, after } = betaParameters(events, k);
  const logNull = canary * Math.log(share) + (total - canary) * Math.log1p(-share);
  const logE = logBeta(...after) - logBeta(...before) - logNull;
  return { logE, pSequential: Math.min(1, Math.exp(-logE)) };
}
