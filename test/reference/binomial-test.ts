import { logIncompleteBeta } from '../../src/judge/statistics/incomplete-beta.ts';

/** p and its natural logarithm, which is finite also where p is too small for a number. */
type TailProbability = { readonly p: number; readonly log_p: number };

/**
 * The exact binomial test against more events than expected, P(X ≥ x) for X ~ Bin(n, p₀), through the incomplete beta
 * function: I_{p₀}(x, n − x + 1) (Abramowitz & Stegun 26.5.24).
 *
 * @param x events, 0 … n
 * @param p0 share of events expected, in (0, 1)
 * @example binomialTest(30, 40, 0.5).p // 0.00111
 */
export function binomialTest(x: number, n: number, p0: number): TailProbability {
  const log = x === 0 ? 0 : logIncompleteBeta(x, n - x + 1, p0);
  return { p: Math.exp(log), log_p: log };
}
