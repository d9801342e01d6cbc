import { normalLogCdf } from '../../src/judge/statistics/normal-cdf.ts';
import { type MixtureBound, mixtureTuning } from './normal-mixture-two-sided.ts';

/** ln of the mixture over positive effects at the sum s; rises with s. */
function logMixture(s: number, v: number, rho: number): number {
  const variance = v + rho;
  const tail = normalLogCdf(s / Math.sqrt(variance));
  return Math.log((4 * rho) / variance) / 2 + (s * s) / (2 * variance) + tail;
}

/**
 * The one-sided normal mixture boundary: a sum of independent standard normal increments, of variance v so far, ever
 * exceeds the bound with probability ≤ α. Howard, Ramdas, McAuliffe & Sekhon 2021, Ann. Stat. 49:1055; the bound is
 * where the mixture over positive effects reaches 1/α, by bisection down to the last digit. Tuned for level 2 α.
 *
 * @param v variance so far, > 0
 * @param alpha in (0, ½)
 * @example normalMixtureOneSided(30, 0.05, 30).bound // 15.2
 */
export function normalMixtureOneSided(v: number, alpha: number, vOpt: number): MixtureBound {
  const rho = mixtureTuning(vOpt, 2 * alpha);
  const target = Math.log(1 / alpha);
  let [low, high] = [0, Math.sqrt(v + rho)];
  while (logMixture(high, v, rho) < target) high *= 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return { rho, bound: middle };
    if (logMixture(middle, v, rho) < target) low = middle;
    else high = middle;
  }
}
