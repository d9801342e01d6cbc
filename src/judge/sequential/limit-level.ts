import { median } from 'simple-statistics';
import { present } from '../clean.ts';
import type { NoiseProfile, Samples } from '../types.ts';
import { phiGrid } from './whiten.ts';
import { createSorted, winsorBounds } from './winsorise.ts';

/** A threshold and the side beyond it: +1 above a maximum, −1 below a minimum. */
export type Threshold = { readonly limit: number; readonly sign: 1 | -1 };

/** How far a run of values lies beyond a threshold, in the metric's own units; negative is within it. */
export type Distances = {
  /** Outliers drawn in: what evidence is made of. */
  readonly values: Samples;
  /** What a pass is made of: the same, but as they were where more than the odd value would be drawn in. */
  readonly lasting: Samples;
  /** Noise that values are taken to have that hardly ever moved; `null` where they tell it themselves. */
  readonly floor: NoiseProfile | null;
};

/** So small a part of the threshold is rounding. */
const rounding = 1e-12;
/** Robust standard deviations between the bounds of `winsorBounds`. */
const betweenBounds = 8;
/** A robust standard deviation so small beside the level says that the values do not move. */
const hardlyMoved = 1e-5;
/** Beyond the threshold no value counts for more than so many standard deviations of the noise. */
const mostBeyond = 3;
/** So many standard deviations of its noise lies a level beyond, where the noise is not known. */
const unknownNoise = 2;
/** More values than one, and than this part of all, are no longer odd ones. */
const oddShare = 0.05;

function isOdd(count: number, all: number): boolean {
  return count <= Math.max(1, oddShare * all);
}

/** Distances of values beyond a threshold; what differs from it by rounding alone is at it. */
export function distancesFrom(values: Samples, { limit, sign }: Threshold): Samples {
  return values.map((value) => {
    if (value === null) return null;
    const distance = sign * (value - limit);
    return Math.abs(distance) <= rounding * Math.abs(limit) ? 0 : distance;
  });
}

/** The same as logarithms of the ratio; `null` unless the threshold and all values are positive. */
export function logDistancesFrom(values: Samples, { limit, sign }: Threshold): Samples | null {
  if (!(limit > 0) || values.some((value) => value !== null && value <= 0)) return null;
  return distancesFrom(values, { limit, sign }).map((distance, step) => {
    const value = values[step] ?? null;
    return value === null || distance === 0 ? distance : sign * (Math.log(value) - Math.log(limit));
  });
}

type Bounds = { readonly low: number; readonly high: number; readonly floor: number };

const unbounded: Bounds = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, floor: 0 };

/**
 * Between what values distances are drawn in, and the standard deviation of the noise floor. As `winsorBounds`, but a
 * level that jumps beyond the threshold must stay beyond it when drawn in, however quiet it was before. Where more than
 * half of the values are equal and within the threshold, their noise is not known: those beyond are drawn in to the
 * middle one of them, and that is taken to be two standard deviations, for a few steps to be no certainty. A single one
 * of them is drawn in to as far beyond as the others are within.
 */
function boundsOf(known: readonly number[]): Bounds {
  const sorted = createSorted(known.length);
  for (const distance of known) sorted.add(distance);
  const { low, high } = winsorBounds(sorted);
  const deviation = (high - low) / betweenBounds;
  if (deviation < Number.POSITIVE_INFINITY && deviation > hardlyMoved * Math.abs(low + high)) {
    return { low, high: Math.max(high, mostBeyond * deviation), floor: 0 };
  }
  const beyond = known.filter((distance) => distance > 0);
  if (beyond.length === 0 || 2 * beyond.length >= known.length) return unbounded;
  if (isOdd(beyond.length, known.length))
    return { ...unbounded, high: Math.max(0, -median([...known])), floor: 0 };
  const middle = median(beyond);
  return { ...unbounded, high: middle, floor: middle / unknownNoise };
}

/** The noise floor as if as many values of white noise had been seen besides. */
function floorOf(deviation: number, points: number): NoiseProfile | null {
  if (deviation === 0) return null;
  return {
    squares: phiGrid.map((phi) => points * deviation * deviation * (1 + phi * phi)),
    logDeterminants: phiGrid.map(() => 0),
    degrees: points,
  };
}

/** Draws outliers in, so that no single value, however far beyond the threshold, makes a finding. */
export function drawIn(distances: Samples): Distances {
  const known = present(distances);
  const { low, high, floor } = boundsOf(known);
  const values = distances.map((distance) =>
    distance === null ? null : Math.min(high, Math.max(low, distance)),
  );
  const drawn = known.filter((distance) => distance > high && distance > 0).length;
  return {
    values,
    lasting: isOdd(drawn, known.length) ? values : distances,
    floor: floorOf(floor, known.length),
  };
}
