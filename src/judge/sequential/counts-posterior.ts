import { fitChebyshev } from '../statistics/chebyshev.ts';
import { logSumExp } from '../statistics/log-sum-exp.ts';
import { anytimeLevel } from './assessment.ts';
import { dispersionGrid, logDispersionPrior, logLikelihood } from './count-kernel.ts';
import { type CountSteps, total } from './count-steps.ts';

/** What is known of ln(canary's rate / baseline's rate). */
export type CountsPosterior = {
  /** P(ln ratio < x). */
  readonly below: (x: number) => number;
  readonly quantile: (p: number) => number;
  /** The ratios' logarithms not ruled out at any look so far; an end that is open is `null`. */
  readonly anytime: readonly [number | null, number | null];
};

const points = 61;
/** How often each dispersion's likelihood is computed; it is smooth, so that the points between follow. */
const evaluations = 19;
const reach = 6;
/** The prior of the ratio's logarithm is flat over ± this, or so far beyond the ratio seen. */
const priorReach = 3;
const beyondSeen = 2;
/** Dispersions with less than this share of the posterior do not show in any figure. */
const negligible = 1e-3;

/** The dispersions that matter, judged at the fitted ratio, with ln of their weights. */
function likelyDispersions(
  steps: CountSteps,
  centre: number,
  eta: number,
): { dispersion: number; logPrior: number; share: number }[] {
  const at = dispersionGrid.map(
    (dispersion, c) => (logDispersionPrior[c] ?? 0) + eta * logLikelihood(steps, centre, dispersion),
  );
  const whole = logSumExp(at);
  return dispersionGrid
    .map((dispersion, c) => ({
      dispersion,
      logPrior: logDispersionPrior[c] ?? 0,
      share: Math.exp((at[c] ?? 0) - whole),
    }))
    .filter(({ share }) => share > negligible);
}

/** ln of the ratio of rates, one event shared out at ratio 1 added so that it is finite and leans to no harm. */
function centreOf(steps: CountSteps): number {
  const [canary, baseline] = [total(steps.canaryTotal), total(steps.baselineTotal)];
  const share = canary / (canary + baseline);
  return Math.log((total(steps.canary) + share) / canary / ((total(steps.baseline) + 1 - share) / baseline));
}

/** A width that surely covers the posterior: chance of the counts, and each step's own dispersion. */
function spread(
  steps: CountSteps,
  dispersions: readonly { dispersion: number; share: number }[],
  eta: number,
): number {
  const chance = 1 / (total(steps.canary) + 0.5) + 1 / (total(steps.baseline) + 0.5);
  const square = dispersions.reduce((sum, { dispersion, share }) => sum + share * dispersion * dispersion, 0);
  return Math.sqrt((chance + square / steps.canary.length) / eta);
}

/**
 * Posterior of the ratio of rates on an even grid: flat prior of its logarithm, tempered likelihood mixed over the
 * dispersions. The prior ends at a twentieth and twenty times (two beyond what is seen, where that is further): with no
 * events in one arm the likelihood never falls off on that side, and a flat prior without an end would make one error
 * in the baseline a proof that the canary is fine. Quantiles on that side are bounds of the prior, not to be shown.
 *
 * @param eta the tempering of the whole run, in (0, 1]
 * @returns `null` without events
 */
export function countsPosterior(steps: CountSteps, eta: number): CountsPosterior | null {
  if (total(steps.canary) + total(steps.baseline) === 0) return null;
  const centre = centreOf(steps);
  const dispersions = likelyDispersions(steps, centre, eta);
  const half = reach * spread(steps, dispersions, eta);
  const low = Math.max(centre - half, Math.min(-priorReach, centre - beyondSeen));
  const high = Math.min(centre + half, Math.max(priorReach, centre + beyondSeen));
  const at = (index: number): number => low + ((high - low) * index) / (points - 1);
  const curves = dispersions.map(({ dispersion, logPrior }) => {
    const likelihood = fitChebyshev((x) => logLikelihood(steps, x, dispersion), low, high, evaluations);
    return (x: number): number => logPrior + eta * likelihood(x);
  });
  const logDensity = Array.from({ length: points }, (_, index) =>
    logSumExp(curves.map((curve) => curve(at(index)))),
  );
  const width = 2 * Math.max(priorReach, Math.abs(centre) + beyondSeen);
  return { ...fromGrid(logDensity, low, high), anytime: notRuledOut(logDensity, low, high, width) };
}

/**
 * Where a curve that is known at even points, walking from its highest one towards an end, falls to a level; linear
 * between the points.
 *
 * @returns a place in steps from the first point; `null` when it stays above
 */
function fallsTo(level: number, curve: readonly number[], step: 1 | -1): number | null {
  let at = curve.indexOf(Math.max(...curve));
  while ((curve[at] ?? level) > level) at += step;
  const [inside, outside] = [curve[at - step] ?? level, curve[at]];
  return outside === undefined ? null : at - (step * (level - outside)) / (inside - outside);
}

/**
 * The ratios against which the evidence of the flat prior, its mean likelihood over that of the ratio, stays below
 * 1/α: with probability 1 − α the true one is in all these intervals together (Robbins 1970; Lindon & Malek 2022).
 *
 * @param width of the prior
 */
function notRuledOut(
  logDensity: readonly number[],
  low: number,
  high: number,
  width: number,
): CountsPosterior['anytime'] {
  const step = (high - low) / (logDensity.length - 1);
  const level = logSumExp(logDensity) + Math.log((step / width) * (1 - anytimeLevel));
  const at = (place: number | null): number | null => (place === null ? null : low + step * place);
  return [at(fallsTo(level, logDensity, -1)), at(fallsTo(level, logDensity, 1))];
}

/** A distribution whose density is known at even points from `low` to `high`; linear between its running sums. */
function fromGrid(
  logDensity: readonly number[],
  low: number,
  high: number,
): Pick<CountsPosterior, 'below' | 'quantile'> {
  const whole = logSumExp(logDensity);
  const step = (high - low) / (logDensity.length - 1);
  const running = [0];
  for (const value of logDensity) running.push((running.at(-1) ?? 0) + Math.exp(value - whole));
  // Each point stands for the cell around it, so that the running sum belongs to the cell's upper end.
  const start = low - step / 2;
  return {
    below: (x) => {
      const cell = Math.min(logDensity.length, Math.max(0, (x - start) / step));
      const index = Math.floor(cell);
      const from = running[index] ?? 1;
      return Math.min(1, from + (cell - index) * ((running[index + 1] ?? from) - from));
    },
    quantile: (p) => {
      const index = Math.max(0, running.findIndex((sum) => sum >= p) - 1);
      const from = running[index] ?? 0;
      const mass = (running[index + 1] ?? 1) - from;
      return start + step * (index + (mass > 0 ? (p - from) / mass : 0));
    },
  };
}
