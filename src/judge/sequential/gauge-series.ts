import { clean } from '../clean.ts';
import type { Samples } from '../types.ts';
import { logScale, pairsOf, plainScale, type Scale } from './gauge-scale.ts';
import { createWhitening, phiGrid, type Whitened, type Whitening, whiten, wideGrid } from './whiten.ts';
import { createSorted, type Sorted, winsorBounds, winsorise } from './winsorise.ts';

/** The differences of two arms after some steps, outliers drawn in, and whitened under each φ of the grid. */
export type GaugeSeries = {
  readonly steps: number;
  /** One difference a step, in units of `scale`; the array may be longer than `steps`. */
  readonly values: Samples;
  readonly whites: readonly Whitened[];
  readonly scale: Scale;
};

function logRatio(canary: number | null, baseline: number | null): number | null {
  return canary === null || baseline === null ? null : Math.log(canary) - Math.log(baseline);
}

/** The first step at which a pair is not positive, from which on logarithms are of no use; the length when none is. */
function stepsOfLogs(canary: Samples, baseline: Samples): number {
  const isOdd = (value: number | null | undefined): boolean => (value ?? 1) <= 0;
  const step = canary.findIndex((value, at) => {
    const other = baseline[at] ?? null;
    return value !== null && other !== null && (isOdd(value) || isOdd(other));
  });
  return step === -1 ? canary.length : step;
}

/** The log ratios taken in so far. */
type Taken = {
  readonly sorted: Sorted;
  readonly values: (number | null)[];
  readonly whitenings: readonly Whitening[];
};

function takeNothing(capacity: number): Taken {
  return {
    sorted: createSorted(capacity),
    values: [],
    whitenings: phiGrid.map((phi) => createWhitening(phi, capacity)),
  };
}

/** Takes in more steps; only from the first value on that is now drawn in otherwise must be whitened again. */
function takeThrough({ sorted, values, whitenings }: Taken, ratios: Samples, steps: number): void {
  for (let step = values.length; step < steps; step++) {
    const ratio = ratios[step] ?? null;
    if (ratio !== null) sorted.add(ratio);
    values.push(Number.NaN);
  }
  const { low, high } = winsorBounds(sorted);
  let changed = steps;
  for (let step = 0; step < steps; step++) {
    const ratio = ratios[step] ?? null;
    const value = ratio === null ? null : Math.min(high, Math.max(low, ratio));
    if (value === values[step]) continue;
    values[step] = value;
    changed = Math.min(changed, step);
  }
  for (const { extend } of whitenings) extend(values, changed, steps);
}

/** Differences where logarithms are of no use: their unit depends on all values so far, so all are computed anew. */
function differ(canary: Samples, baseline: Samples, steps: number): GaugeSeries {
  const scale = plainScale(pairsOf(canary, baseline, steps));
  const raw = canary.slice(0, steps).map((value, step) => {
    const other = baseline[step] ?? null;
    return value === null || other === null ? null : scale.differ(value, other);
  });
  const values = winsorise(clean(raw).values);
  return { steps, values, whites: phiGrid.map((phi) => whiten(values, phi)), scale };
}

/**
 * The differences of two arms of the same length after any number of steps. Asked with growing numbers it goes on from
 * where it was; what it gives is the same in any order, and is valid until it is asked again.
 */
export function gaugeSeries(canary: Samples, baseline: Samples): (steps: number) => GaugeSeries {
  const logs = stepsOfLogs(canary, baseline);
  const ratios = canary.slice(0, logs).map((value, step) => logRatio(value, baseline[step] ?? null));
  let taken = takeNothing(logs);
  return (steps) => {
    if (steps > logs) return differ(canary, baseline, steps);
    if (steps < taken.values.length) taken = takeNothing(logs);
    takeThrough(taken, ratios, steps);
    return {
      steps,
      values: taken.values,
      whites: taken.whitenings.map(({ white }) => white),
      scale: logScale(() => pairsOf(canary, baseline, steps).baseline),
    };
  };
}

/** The series whitened under each φ of the wide grid. */
export function widen({ whites, values, steps }: GaugeSeries): readonly Whitened[] {
  const more = wideGrid.slice(whites.length).map((phi) => whiten(values.slice(0, steps), phi));
  return [...whites, ...more];
}
