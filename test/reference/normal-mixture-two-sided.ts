/** The tuning of a normal mixture, and the boundary that it gives at one time. */
export type MixtureBound = { readonly rho: number; readonly bound: number };

/** The ρ that makes the two-sided boundary of level α about as tight as it can be where the variance is `vOpt`. */
export function mixtureTuning(vOpt: number, alpha: number): number {
  const twice = 2 * Math.log(1 / alpha);
  return vOpt / (twice + Math.log1p(twice));
}

/**
 * Robbins' two-sided normal mixture boundary: a sum of independent standard normal increments, of variance v so far,
 * ever leaves ± bound with probability ≤ α. Robbins 1970, Ann. Math. Stat. 41:1397; tuned as in Howard, Ramdas,
 * McAuliffe & Sekhon 2021, Ann. Stat. 49:1055.
 *
 * @param v variance so far, > 0
 * @example normalMixtureTwoSided(30, 0.05, 30).bound // 16.6
 */
export function normalMixtureTwoSided(v: number, alpha: number, vOpt: number): MixtureBound {
  const rho = mixtureTuning(vOpt, alpha);
  return { rho, bound: Math.sqrt((v + rho) * (Math.log((v + rho) / rho) + 2 * Math.log(1 / alpha))) };
}
