import { mean, sampleVariance } from 'simple-statistics';
import type { NoiseProfile, Samples } from '../types.ts';
import { wideGrid } from './whiten.ts';

/** What each earlier run counts for beside the run itself. */
const earlierRunWeight = 0.5;
/** Fewer points of a run tell too little of its noise to be kept. */
const leastPoints = 10;
/** Log ratios that stay within a millionth of each other were not measured apart, and their noise is not known. */
const leastVariance = 1e-12;

/** The least squares fit of an unknown mean to a series under one φ. */
export type MeanFit = {
  readonly points: number;
  /** Residual square sum in innovations, A − Z²/X. */
  readonly squares: number;
  /** Information on the mean, X, and its score, Z: the mean is Z/X. */
  readonly information: number;
  readonly score: number;
  /** ln determinant of the noise with the mean integrated out, LD + ln X. */
  readonly logDeterminant: number;
};

/**
 * Fits the mean of a whole series under AR(1) noise of autocorrelation `phi`, as `whiten` would make it white, in one
 * pass that keeps nothing: pods are many.
 *
 * @returns information 0 for a series without a point
 */
export function fitMean(samples: Samples, phi: number): MeanFit {
  let [points, square, information, score, logDeterminant] = [0, 0, 0, 0, 0];
  let previous: number | null = null;
  let gap = 0;
  for (const sample of samples) {
    gap += 1;
    if (sample === null) continue;
    const carry = previous === null ? 0 : phi ** gap;
    const variance = (1 - carry * carry) / (1 - phi * phi);
    const value = sample - carry * (previous ?? 0);
    square += (value * value) / variance;
    information += (1 - carry) ** 2 / variance;
    score += ((1 - carry) * value) / variance;
    logDeterminant += Math.log(variance);
    points += 1;
    previous = sample;
    gap = 0;
  }
  const projected = points === 0 ? 0 : score ** 2 / information;
  return {
    points,
    squares: Math.max(0, square - projected),
    information,
    score,
    logDeterminant: points === 0 ? 0 : logDeterminant + Math.log(information),
  };
}

/**
 * What a series of unknown mean tells of its noise: under each φ of the wide grid the residual square sum and the ln
 * determinant of `fitMean`, and n − 1 degrees of freedom. `null` for fewer than two points.
 */
export function profileOf(samples: Samples): NoiseProfile | null {
  const fits = wideGrid.map((phi) => fitMean(samples, phi));
  const points = fits[0]?.points ?? 0;
  if (points < 2) return null;
  return {
    squares: fits.map(({ squares }) => squares),
    logDeterminants: fits.map(({ logDeterminant }) => logDeterminant),
    degrees: points - 1,
  };
}

/**
 * The profile as if only that part of it had been seen.
 *
 * @param weight of a degree of freedom; 0.5 = each counts half
 * @param variance what the noise of interest is in units of the profile's own; squares are multiplied by it
 */
export function discount(profile: NoiseProfile, weight: number, variance = 1): NoiseProfile {
  return {
    squares: profile.squares.map((square) => weight * variance * square),
    logDeterminants: profile.logDeterminants.map((determinant) => weight * determinant),
    degrees: weight * profile.degrees,
  };
}

/** All profiles together, part by part; `null` when there is none. */
export function addProfiles(profiles: readonly (NoiseProfile | null | undefined)[]): NoiseProfile | null {
  const known = profiles.filter((profile) => profile !== null && profile !== undefined);
  if (known.length === 0) return null;
  const sum = (pick: (profile: NoiseProfile) => number): number =>
    known.reduce((total, profile) => total + pick(profile), 0);
  return {
    squares: wideGrid.map((_, k) => sum(({ squares }) => squares[k] ?? 0)),
    logDeterminants: wideGrid.map((_, k) => sum(({ logDeterminants }) => logDeterminants[k] ?? 0)),
    degrees: sum(({ degrees }) => degrees),
  };
}

/**
 * What a run that is over tells later runs of a gauge's noise, not discounted yet.
 *
 * @param differences the log ratios of the whole run, winsorised, `null` where missing
 * @returns `null` for fewer than 10 points, or arms that never moved against each other
 */
export function learnNoise(differences: Samples): NoiseProfile | null {
  const profile = profileOf(differences);
  if (profile === null || profile.degrees + 1 < leastPoints) return null;
  const variance = (profile.squares[0] ?? 0) / profile.degrees;
  return variance > leastVariance ? profile : null;
}

/** The place in the grid of the φ that fits a profile best. */
function likeliest({ squares, logDeterminants, degrees }: NoiseProfile): number {
  const logLikelihood = (k: number): number =>
    -(logDeterminants[k] ?? 0) / 2 - (degrees / 2) * Math.log(squares[k] ?? 0);
  let best = 0;
  for (let k = 1; k < wideGrid.length; k++) if (logLikelihood(k) > logLikelihood(best)) best = k;
  return best;
}

/**
 * How many degrees of freedom runs are worth whose noise differs from run to run: with ln of their variances spread by
 * more than 2/ν of chance, a further run's variance is known no better than by 2/excess degrees (the variance of
 * ln χ²_ν, Bartlett & Kendall 1946). ∞ where they agree as well as chance lets them.
 */
function worth(learned: readonly NoiseProfile[], sum: NoiseProfile): number {
  const k = likeliest(sum);
  const spread = sampleVariance(learned.map(({ squares, degrees }) => Math.log((squares[k] ?? 0) / degrees)));
  const chance = mean(learned.map(({ degrees }) => 2 / degrees));
  return spread > chance ? 2 / (spread - chance) : Number.POSITIVE_INFINITY;
}

/**
 * What earlier runs told: the sum of all, each counted half, and less where they disagree with each other.
 *
 * @param learned what `learnNoise` gave
 * @returns `null` for fewer than two runs
 */
export function recallNoise(learned: readonly NoiseProfile[]): (NoiseProfile & { runs: number }) | null {
  if (learned.length < 2) return null;
  const sum = addProfiles(learned.map((profile) => discount(profile, earlierRunWeight)));
  if (sum === null) return null;
  const share = Math.min(1, worth(learned, sum) / sum.degrees);
  return { ...discount(sum, share), runs: learned.length };
}
