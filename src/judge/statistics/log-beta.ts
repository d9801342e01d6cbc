import { logGamma, logGammaRatio } from './log-gamma.ts';

/**
 * Logarithm of the beta function, ln B(a, b) = ln Γ(a) + ln Γ(b) − ln Γ(a + b) (Abramowitz & Stegun 6.2.2).
 *
 * @param a > 0
 * @param b > 0; NaN for arguments outside.
 * @example logBeta(1, 4) // ln ¼
 */
export function logBeta(a: number, b: number): number {
  if (!(a > 0 && b > 0)) return Number.NaN;
  const small = Math.min(a, b);
  return logGamma(small) - logGammaRatio(Math.max(a, b), small);
}
