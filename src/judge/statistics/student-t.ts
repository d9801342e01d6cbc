import { logIncompleteBeta } from './incomplete-beta.ts';
import { logBeta } from './log-beta.ts';

/** Student's t distribution with fixed degrees of freedom; its constants are computed once. */
export type StudentT = {
  /** P(T ≤ t). */
  readonly cdf: (t: number) => number;
  /** ln P(T ≤ t), exact in both tails: neither 0 nor 1 swallows it. */
  readonly logCdf: (t: number) => number;
  /** Density at t. */
  readonly pdf: (t: number) => number;
};

/**
 * Student's t distribution through the incomplete beta function: P(T ≤ −|t|) = ½ I_x(ν/2, ½) with
 * x = ν/(ν + t²) (Abramowitz & Stegun 26.7.1 and 26.5.27).
 *
 * @param degrees degrees of freedom ν > 0, need not be whole
 * @returns functions that accept any number; ±∞ give the limits, NaN gives NaN
 * @example studentT(29).cdf(1.96) // 0.970…
 */
export function studentT(degrees: number): StudentT {
  const logB = logBeta(degrees / 2, 0.5);
  const logTail = (t: number): number => {
    if (!Number.isFinite(t * t)) return Number.isNaN(t) ? t : farTail(degrees, t, logB);
    const whole = degrees + t * t;
    return logIncompleteBeta(degrees / 2, 0.5, degrees / whole, (t * t) / whole, logB) - Math.LN2;
  };
  return {
    logCdf: (t) => (t > 0 ? Math.log1p(-Math.exp(logTail(t))) : logTail(t)),
    cdf: (t) => (t > 0 ? 1 - Math.exp(logTail(t)) : Math.exp(logTail(t))),
    pdf: (t) =>
      Math.exp(-((degrees + 1) / 2) * Math.log1p((t * t) / degrees) - 0.5 * Math.log(degrees) - logB),
  };
}

/** The tail where t² overflows: ½ I_x ≈ x^{ν/2} / (ν B(ν/2, ½)) with x = ν/t². */
function farTail(degrees: number, t: number, logB: number): number {
  return (degrees / 2) * (Math.log(degrees) - 2 * Math.log(Math.abs(t))) - Math.log(degrees) - logB;
}
