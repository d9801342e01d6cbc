import type { Direction, MetricInput, Samples } from '../types.ts';
import { sidesOf } from './direction.ts';
import type { GaugePosterior } from './gauge-posterior.ts';
import type { Scale } from './gauge-scale.ts';
import { limitAfter, timesNeeded, writeShortfall } from './shortfall.ts';

/** The probability with which a pass excludes the acceptable worsening, under a prior that expects slow noise. */
const passProbability = 0.95;

/** The bound that a pass excludes: relative or absolute, whichever is wider, for either excluded is enough. */
export function acceptableBound({ acceptable }: Pick<MetricInput, 'acceptable'>, scale: Scale): number {
  const bounds = [
    acceptable.relative === undefined ? 0 : scale.fromRelative(acceptable.relative),
    acceptable.absolute === undefined ? 0 : scale.fromAbsolute(acceptable.absolute),
  ];
  return Math.max(...bounds);
}

/**
 * Whether a worsening beyond the bound has at most 5 % probability, on each side that is harm. Arms that are equal at
 * every step exclude any worsening, also where, all being 0, the bound itself is 0.
 */
export function isExcluded(
  posterior: GaugePosterior | null,
  values: Samples,
  bound: number,
  direction: Direction,
): boolean {
  if (posterior === null) return false;
  if (values.every((value) => value === null || value === 0)) return true;
  return sidesOf(direction).every((sign) => {
    const beyond = sign === 1 ? 1 - posterior.below(bound) : posterior.below(-bound);
    return beyond <= 1 - passProbability;
  });
}

/** What a pass lacks if all goes on as it is: the limit of the mean draws nearer with the steps. */
export function lackingOf(
  posterior: GaugePosterior | null,
  bound: number,
  direction: Direction,
  seen: { readonly steps: number; readonly stepSeconds: number },
): string | null {
  if (posterior === null) return null;
  const middle = posterior.quantile(0.5);
  const limits = { '1': posterior.quantile(passProbability), '-1': posterior.quantile(1 - passProbability) };
  const times = timesNeeded((candidate) =>
    sidesOf(direction).every((sign) => sign * limitAfter(candidate, middle, limits[sign]) < bound),
  );
  return writeShortfall(times, seen.steps, seen.stepSeconds, null);
}
