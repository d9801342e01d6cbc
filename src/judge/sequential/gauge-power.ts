import { effectVariance } from './gauge-evidence.ts';
import type { GaugePosterior } from './gauge-posterior.ts';

/** Standard normal quantile of 80 %, the power that a detectable effect is found with. */
const powerQuantile = 0.84;
/** Prior weight of harm from the start, and the two of a one-sided test: 2 · ½. */
const shareOfAlpha = 1;
/** What not knowing the autocorrelation costs. */
const unknownPhi = 1.2;

/**
 * The mean log ratio found with 80 % power after so many steps: margin + (c + 0.84) · s · 1.2 / √X with
 * X = (1 − φ²) + (T − 1)(1 − φ)², the information of T steps, and c the normal-mixture boundary at that information
 * (Robbins 1970; Howard et al. 2021, Ann. Stat. 49:1055). An approximation.
 */
function detectable(
  margin: number,
  { innovation, phi }: GaugePosterior,
  steps: number,
  alpha: number,
): number {
  const information = 1 - phi * phi + (steps - 1) * (1 - phi) ** 2;
  const mixed = effectVariance * information;
  const boundary = Math.sqrt(2 * Math.log(Math.sqrt(mixed + 1) / (shareOfAlpha * alpha)) * (1 + 1 / mixed));
  return margin + ((boundary + powerQuantile) * innovation * unknownPhi) / Math.sqrt(information);
}

/** The smallest relative effect found with 80 % power by the planned end; `null` when it is beyond all numbers. */
export function gaugeMinimumDetectable(
  margin: number,
  posterior: GaugePosterior,
  plannedSteps: number,
  alpha: number,
): number | null {
  const effect = detectable(margin, posterior, Math.max(3, plannedSteps), alpha);
  return Number.isFinite(effect) ? effect : null;
}

/**
 * The first number of steps after which the harm seen now is found; `null` when the plan has not so many, or when
 * there is no harm beyond the margin, for then only the planned end decides.
 *
 * @param seen the difference in the direction of harm
 */
export function gaugeStepsNeeded(
  margin: number,
  seen: number,
  posterior: GaugePosterior,
  plannedSteps: number,
  alpha: number,
): number | null {
  const distance = seen - margin;
  if (!(distance > 0)) return null;
  const isEnough = (steps: number): boolean =>
    detectable(margin, posterior, steps, alpha) - margin <= distance;
  let [low, high] = [3, plannedSteps];
  if (!isEnough(high)) return null;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
