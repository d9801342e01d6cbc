import { linearRegression } from 'simple-statistics';
import { present } from '../clean.ts';
import { logSumExp } from '../statistics/log-sum-exp.ts';
import type { Samples } from '../types.ts';
import { shortRun } from './onset.ts';
import { phiGrid, whiten, wideGrid } from './whiten.ts';
import { winsorise } from './winsorise.ts';

/** Fewer steps of the baseline's past tell too little of its autocorrelation. */
const leastHistory = 30;
/**
 * The past of one arm speaks for the difference of two arms at half its weight only. For a pass it counts in full:
 * what both arms share tends to be slower than their difference, which is on the careful side there.
 */
const historyWeights = { evidence: 0.5, pass: 1 };

/**
 * Exponents of (1 − φ) in the prior: for evidence, of a short run whose past is known and of any other; and for a
 * pass, with a past and without one. −1 is a time of correlation of which not even the order of magnitude is known.
 */
const exponents = { shortWithPast: 2.25, evidence: 0.5, passWithPast: -1, pass: 0 };

/**
 * Prior over the autocorrelation: ln w_k, normalised, w_k ∝ (1 − φ_k)^exponent, times a power of the likelihood of the
 * baseline's past where that is given.
 *
 * @param history logarithms of the baseline's values before the run, `null` where missing; empty for none
 * @param weight that power; its square root, unless another is given
 */
export function phiPrior(
  exponent: number,
  history: Samples = [],
  grid: readonly number[] = phiGrid,
  weight = historyWeights.evidence,
): number[] {
  const residuals = history.length === 0 ? [] : winsorise(detrend(history));
  const raw = grid.map((phi) => exponent * Math.log(1 - phi) + weight * logLikelihood(residuals, phi));
  const total = logSumExp(raw);
  return raw.map((value) => value - total);
}

/** Priors of the autocorrelation, and how many steps of the baseline's past they rest on. */
export type PhiPrior = {
  /** Over `phiGrid`, for the evidence of harm. */
  readonly logWeights: readonly number[];
  /** Over `wideGrid`, for what is known of the effect. */
  readonly forPass: readonly number[];
  readonly historySteps: number;
};

/**
 * The priors to use. Where at least 30 steps of a positive past are known, little noise is expected to be slow and the
 * past corrects that; elsewhere more is, and so it is in a long run, which has the time to learn its noise and more
 * looks to be wrong at. A past that never moved tells nothing of its autocorrelation and counts as none. A pass expects
 * slower noise than evidence of harm does, so that neither is said too lightly. The exponents were chosen by simulation
 * (docs/calibration.md).
 *
 * @param plannedSteps fixed in advance, so that the prior is the same at every look
 */
export function choosePhiPrior(history: Samples | undefined, plannedSteps: number): PhiPrior {
  const logs = (history ?? []).map((value) => (value !== null && value > 0 ? Math.log(value) : null));
  const known = present(logs);
  const isTelling = known.length >= leastHistory && known.some((value) => value !== known[0]);
  const past = isTelling ? logs : [];
  const isShort = plannedSteps <= shortRun;
  return {
    logWeights: phiPrior(isTelling && isShort ? exponents.shortWithPast : exponents.evidence, past),
    forPass: phiPrior(
      isTelling ? exponents.passWithPast : exponents.pass,
      past,
      wideGrid,
      historyWeights.pass,
    ),
    historySteps: isTelling ? known.length : 0,
  };
}

/** Takes a straight line out; gaps stay where they are, for they loosen the tie of the steps around them. */
function detrend(values: Samples): Samples {
  const known = values.flatMap((value, index) => (value === null ? [] : [[index, value]]));
  const { m, b } = linearRegression(known);
  return values.map((value, index) => (value === null ? null : value - b - m * index));
}

/** ln of the likelihood of the past under φ, mean and variance integrated out (flat, and 1/σ priors). */
function logLikelihood(residuals: Samples, phi: number): number {
  const points = present(residuals).length;
  if (points < 3) return 0;
  const steps = residuals.length;
  const { sumEE, sumAE, sumAA, logDeterminant } = whiten(residuals, phi);
  const information = sumAA[steps] ?? 0;
  const rest = (sumEE[steps] ?? 0) - (sumAE[steps] ?? 0) ** 2 / information;
  if (!(rest > 0)) return 0;
  return -logDeterminant / 2 - Math.log(information) / 2 - ((points - 2) / 2) * Math.log(rest);
}
