import { logSumExp } from '../statistics/log-sum-exp.ts';
import { type StudentT, studentT } from '../statistics/student-t.ts';
import type { NoiseProfile } from '../types.ts';
import { mixOnsets, type OnsetEvidence, onsetWindows } from './onset.ts';
import type { Whitened } from './whiten.ts';

/** Prior variance of the effect in squared innovation standard deviations. */
export const effectVariance = 4;
/** A window whose noise is this small a part of the whole is rounding, not noise. */
const negligible = 1e-13;
/** An autocorrelation whose part is e^−40 of the largest does not show in any digit. */
const farBelow = 40;

/** What one window knows under one autocorrelation: residual square sum, information, score, log determinant. */
type Sums = { a: number; x: number; z: number; logDeterminant: number };

/** Boundary and side of the question asked: is the mean beyond `boundary` in the direction of `sign`? */
export type Side = { readonly boundary: number; readonly sign: 1 | -1 };

/** The whole series as one window: the mean is as before or beyond the boundary from the first step on. */
function sumsOfWhole(white: Whitened, { boundary, sign }: Side, sums: Sums): void {
  const { steps } = white;
  const x = white.sumAA[steps] ?? 0;
  const z = white.sumAE[steps] ?? 0;
  sums.a = (white.sumEE[steps] ?? 0) - 2 * boundary * z + boundary * boundary * x;
  sums.x = x;
  sums.z = sign * (z - boundary * x);
  sums.logDeterminant = white.logDeterminant;
}

/**
 * A window that begins at `onset` (counted from 0): the steps before it have a free mean, projected out, and serve as
 * noise alone.
 */
function sumsFromOnset(white: Whitened, { boundary, sign }: Side, onset: number, sums: Sums): void {
  const { steps } = white;
  const carried = white.carried[onset] ?? 0;
  const scale = white.scale[onset] ?? 0;
  const before = white.sumAA[onset] ?? 0;
  const through = white.sumAA[onset + 1] ?? 0;
  const whole = white.sumAA[steps] ?? 0;
  const own = (white.value[onset] ?? 0) - boundary * (white.meanWeight[onset] ?? 0);
  const suu = before + carried * carried;
  const suv = -carried * scale;
  const scored = white.sumAE[steps] ?? 0;
  const suy = (white.sumAE[onset] ?? 0) - boundary * before - carried * own;
  const after = scored - (white.sumAE[onset + 1] ?? 0) - boundary * (whole - through);
  const square = (white.sumEE[steps] ?? 0) - 2 * boundary * scored + boundary * boundary * whole;
  sums.a = square - (suy * suy) / suu;
  sums.x = scale * scale + whole - through - (suv * suv) / suu;
  sums.z = sign * (scale * own + after - (suv * suy) / suu);
  sums.logDeterminant = white.logDeterminant + (white.logBefore[onset] ?? 0);
}

type Scratch = {
  readonly sums: Sums;
  readonly nothing: Float64Array;
  readonly something: Float64Array;
  readonly score: Float64Array;
};

function createScratch(size: number): Scratch {
  return {
    sums: { a: 0, x: 0, z: 0, logDeterminant: 0 },
    nothing: new Float64Array(size),
    something: new Float64Array(size),
    score: new Float64Array(size),
  };
}

/** What the evidence of all windows has in common. */
type Weights = {
  /** ln of the prior of each φ. */
  readonly prior: readonly number[];
  readonly profile: NoiseProfile | null;
  /** The size of the numbers that square sums were made of. */
  readonly scaleOf: number;
};

/** Adds ln P(T ≤ score) to the parts for harm, but for those that are too small to show anyhow. */
function addTails({ something, score }: Scratch, t: StudentT): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < something.length; k++) {
    if ((something[k] ?? 0) < largest - farBelow) continue;
    something[k] = (something[k] ?? 0) + t.logCdf(score[k] ?? 0);
    largest = Math.max(largest, something[k] ?? 0);
  }
}

/**
 * ln of the Bayes factor of a half-normal effect against none, variance and φ integrated out; right-Haar prior of the
 * scale, so that it is a test of t type. 0 when the window holds no noise to compare with.
 *
 * @param n degrees of freedom, those of the profile included
 */
function logBayesFactor(
  scratch: Scratch,
  { prior, profile, scaleOf }: Weights,
  n: number,
  t: StudentT,
  fill: (k: number) => void,
): number {
  const { sums, nothing, something, score } = scratch;
  for (let k = 0; k < prior.length; k++) {
    fill(k);
    sums.a += profile?.squares[k] ?? 0;
    if (!(sums.a > negligible * scaleOf)) return 0;
    const information = sums.x + 1 / effectVariance;
    const rest = sums.a - (sums.z * sums.z) / information;
    if (!(rest > 0)) return 0;
    const base = (prior[k] ?? 0) - (sums.logDeterminant + (profile?.logDeterminants[k] ?? 0)) / 2;
    nothing[k] = base - (n / 2) * Math.log(sums.a);
    something[k] = base - 0.5 * Math.log(effectVariance * information) - (n / 2) * Math.log(rest) + Math.LN2;
    score[k] = sums.z * Math.sqrt(n / (information * rest));
  }
  addTails(scratch, t);
  return logSumExp(something) - logSumExp(nothing);
}

/** Whether step `onset` (from 0) can begin a window: it and one more are there, and two before it. */
function canBegin({ present, count, steps }: Whitened, onset: number): boolean {
  const total = count[steps] ?? 0;
  const before = count[onset] ?? 0;
  return onset + 1 < steps && present[onset] === 1 && before >= 2 && total - before >= 2;
}

/**
 * The evidence that the mean log ratio lies beyond a boundary: a mixture over the step of onset
 * (`onsetWindows`) of AR(1) t-type Bayes factors, pre-onset steps serving as noise. 0 for fewer than 3 points.
 * Each window has expectation ≤ 1 under Gaussian AR(1) noise averaged over the prior of φ; their running mixture is
 * calibrated, not proven.
 *
 * @param whites the series, whitened under each φ of the grid
 * @param prior ln of the prior of each φ
 * @param profile noise known from elsewhere; it adds to every window's square sums, determinants and degrees of freedom
 */
export function gaugeEvidence(
  whites: readonly Whitened[],
  prior: readonly number[],
  plannedSteps: number,
  side: Side,
  profile: NoiseProfile | null = null,
): OnsetEvidence {
  const [first] = whites;
  if (first === undefined) return { logE: 0, onset: 1 };
  const { steps } = first;
  const points = first.count[steps] ?? 0;
  if (points < 3) return { logE: 0, onset: 1 };
  const n = points + (profile?.degrees ?? 0);
  const scratch = createScratch(whites.length);
  const scaleOf = (first.sumEE[steps] ?? 0) + side.boundary * side.boundary * points;
  const weights = { prior, profile, scaleOf };
  const at = (k: number): Whitened => whites[k] ?? first;
  const whole = logBayesFactor(scratch, weights, n, studentT(n), (k) =>
    sumsOfWhole(at(k), side, scratch.sums),
  );
  const t = studentT(n - 1);
  return mixOnsets(onsetWindows(plannedSteps), steps, whole, (begin) => {
    const onset = begin - 1;
    if (!canBegin(first, onset)) return 0;
    return logBayesFactor(scratch, weights, n - 1, t, (k) => sumsFromOnset(at(k), side, onset, scratch.sums));
  });
}
