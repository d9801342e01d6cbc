import type { NoiseProfile } from '../types.ts';
import { anytimeLevel } from './assessment.ts';
import { gaugeEvidence } from './gauge-evidence.ts';
import type { GaugePosterior } from './gauge-posterior.ts';
import { theWholeRun } from './onset.ts';
import type { Whitened } from './whiten.ts';

const rounds = 40;
/** How far from the middle an end is looked for, in widths of the ninety per cent interval. */
const reach = 64;

/**
 * The mean differences that the evidence has not ruled out: those whose evidence for a larger, and for a smaller, mean
 * stays below 2/α, so that with probability 1 − α the true one is in all these intervals together (Howard et al.
 * 2021). The whole run counts as one window. Found by bisection, for the evidence falls with the boundary.
 *
 * @returns an end that nothing rules out is `null`; all `null` without a posterior
 */
export function gaugeAnytime(
  whites: readonly Whitened[],
  prior: readonly number[],
  profile: NoiseProfile | null,
  posterior: GaugePosterior | null,
): readonly [number | null, number | null] {
  if (posterior === null) return [null, null];
  const middle = posterior.quantile(0.5);
  const width = posterior.quantile(0.95) - posterior.quantile(0.05);
  const threshold = Math.log(2 / (1 - anytimeLevel));
  const isOut = (boundary: number, sign: 1 | -1): boolean =>
    gaugeEvidence(whites, prior, theWholeRun, { boundary, sign }, profile).logE >= threshold;
  const endOf = (sign: 1 | -1): number | null => {
    let [inside, outside] = [middle, middle - sign * reach * width];
    if (!isOut(outside, sign)) return null;
    for (let round = 0; round < rounds; round++) {
      const between = (inside + outside) / 2;
      if (isOut(between, sign)) outside = between;
      else inside = between;
    }
    return outside;
  };
  return [endOf(1), endOf(-1)];
}
