/**
 * Half width of an asymptotic confidence sequence of a mean, valid at all numbers of values at once in the limit of
 * many. Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024, Ann. Stat. 52:2613, theorem 2.2.
 *
 * @param n values so far, ≥ 1
 * @param sigma their standard deviation
 * @param rho tuning, > 0: smaller is tighter for many values
 * @returns in the unit of `sigma`
 * @example asymptoticRadius(30, 0.1, 0.05, 0.5) // 0.0554
 */
export function asymptoticRadius(n: number, sigma: number, alpha: number, rho: number): number {
  const scaled = n * rho * rho;
  const factor = (2 * (scaled + 1)) / (n * scaled);
  return sigma * Math.sqrt(factor * Math.log(Math.sqrt(scaled + 1) / alpha));
}
