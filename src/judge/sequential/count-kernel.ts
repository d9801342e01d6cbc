import { logGammaRatio } from '../statistics/log-gamma.ts';
import { type CountSteps, shareOf } from './count-steps.ts';

/** Standard deviations of the logit of the share between steps: over-dispersion that one arm alone may have. */
export const dispersionGrid = [0, 0.1, 0.2, 0.3, 0.45, 0.7] as const;
/** ln of their prior weights, 8 : 7 : 6 : 5 : 3.5 : 1. */
export const logDispersionPrior = [8, 7, 6, 5, 3.5, 1].map((weight) => Math.log(weight / 30.5));

/**
 * ln of the chance, up to a constant, that `x` of `all` events of a step fell to the canary when its share is
 * expected to be `share`: binomial for `dispersion` 0, else beta-binomial with k = 1/(c² θ (1 − θ)) − 1. Events need
 * not be whole numbers.
 */
export function logKernel(x: number, all: number, share: number, dispersion: number): number {
  if (all === 0) return 0;
  const rest = all - x;
  if (dispersion === 0)
    return (x === 0 ? 0 : x * Math.log(share)) + (rest === 0 ? 0 : rest * Math.log1p(-share));
  const k = Math.max(1e-6, 1 / (dispersion * dispersion * share * (1 - share)) - 1);
  return logGammaRatio(k * share, x) + logGammaRatio(k * (1 - share), rest) - logGammaRatio(k, all);
}

/** Sum of `logKernel` over all steps for one ratio of rates. */
export function logLikelihood(steps: CountSteps, logRatio: number, dispersion: number): number {
  const ratio = Math.exp(logRatio);
  let sum = 0;
  for (let step = 0; step < steps.canary.length; step++) {
    const x = steps.canary[step] ?? 0;
    const all = x + (steps.baseline[step] ?? 0);
    sum += logKernel(x, all, shareOf(steps, step, ratio), dispersion);
  }
  return sum;
}
