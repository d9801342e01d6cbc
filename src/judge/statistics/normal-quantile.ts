import { normalLogCdf, normalLogPdf } from './normal-cdf.ts';

/** Newton's method doubles the digits of a start that has four. */
const steps = 4;

/** Rational approximation of the lower quantile, error below 4.5e−4 (Abramowitz & Stegun 26.2.23). */
function start(logP: number): number {
  const t = Math.sqrt(-2 * logP);
  const above = 2.515517 + t * (0.802853 + t * 0.010328);
  const below = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308));
  return above / below - t;
}

/**
 * Quantile of the standard normal distribution: the z with P(Z ≤ z) = p. Newton's method on the logarithm of the
 * distribution function, which keeps its digits in the far tail.
 *
 * @param p probability; 0 and 1 give −∞ and ∞, anything outside [0, 1] gives NaN
 * @example normalQuantile(0.99) // 2.326…
 */
export function normalQuantile(p: number): number {
  if (!(p >= 0 && p <= 1)) return Number.NaN;
  if (p === 0) return Number.NEGATIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  const target = Math.log(p);
  let z = start(target);
  for (let step = 0; step < steps; step++) {
    const logCdf = normalLogCdf(z);
    z -= (logCdf - target) * Math.exp(logCdf - normalLogPdf(z));
  }
  return z;
}
