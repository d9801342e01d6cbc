import { logSumExp } from '../statistics/log-sum-exp.ts';
import { dispersionGrid, logDispersionPrior, runningKernel } from './count-kernel.ts';
import type { CountSteps } from './count-steps.ts';
import type { Side } from './gauge-evidence.ts';
import { mixOnsets, type OnsetEvidence, onsetWindows } from './onset.ts';
import { type Residuals, tempering } from './tempering.ts';

/** Harms considered beyond the margin: ln of the further ratio of rates. */
export const harmGrid = [0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.4, 1.9, 2.5, 3.2] as const;

type Kernels = {
  readonly nothing: readonly Float64Array[];
  readonly something: readonly (readonly Float64Array[])[];
};

function computeKernels(steps: CountSteps, { boundary, sign }: Side, grid: readonly number[]): Kernels {
  return {
    nothing: dispersionGrid.map((dispersion) => runningKernel(steps, boundary, dispersion)),
    something: dispersionGrid.map((dispersion) =>
      grid.map((harm) => runningKernel(steps, boundary + sign * harm, dispersion)),
    ),
  };
}

/** ln of the Bayes factor of the steps from `onset` on (kept steps before it), not yet tempered. */
function windowLogE({ nothing, something }: Kernels, onset: number, scratch: Float64Array): number {
  const n = (nothing[0]?.length ?? 1) - 1;
  const [against, forHarm]: [number[], number[]] = [[], []];
  nothing.forEach((sums, c) => {
    const prior = logDispersionPrior[c] ?? 0;
    against.push(prior + (sums[n] ?? 0) - (sums[onset] ?? 0));
    something[c]?.forEach((harmed, index) => {
      scratch[index] = (harmed[n] ?? 0) - (harmed[onset] ?? 0);
    });
    forHarm.push(prior + logSumExp(scratch) - Math.log(scratch.length));
  });
  return logSumExp(forHarm) - logSumExp(against);
}

/**
 * The evidence that the canary's rate is beyond a multiple of the baseline's: a mixture over the
 * step of onset (`onsetWindows`), the over-dispersion and the size of the harm of conditional beta-binomial likelihood
 * ratios; a window's positive evidence is tempered by `tempering`. Given the events of both arms together the traffic
 * itself cancels (Lindon & Malek 2022). 0 without events. Linear in the number of steps.
 *
 * @param side `boundary` is ln of the multiple, `sign` +1 asks for more than that, −1 for less
 * @param grid ln of the further ratios considered
 */
export function countsEvidence(
  steps: CountSteps,
  residuals: Residuals,
  plannedSteps: number,
  side: Side,
  grid: readonly number[] = harmGrid,
): OnsetEvidence {
  if (steps.canary.length === 0) return { logE: 0, onset: 1 };
  const kernels = computeKernels(steps, side, grid);
  const scratch = new Float64Array(grid.length);
  const windows = onsetWindows(plannedSteps);
  const tempered = (onset: number): number => {
    const logE = windowLogE(kernels, onset, scratch);
    return logE > 0 ? logE * tempering(residuals, onset) : logE;
  };
  const terms = [windows.logWeightOfWhole + tempered(0)];
  const onsets = [1];
  const gridSteps = steps.kept.length - 1;
  for (let j = windows.from; j <= windows.to; j++) {
    const onset = steps.kept[Math.min(j - 1, gridSteps)] ?? 0;
    const begun = j <= gridSteps && onset > 0 && onset < steps.canary.length;
    terms.push(windows.logWeight + (begun ? tempered(onset) : 0));
    onsets.push(j);
  }
  return mixOnsets(terms, onsets);
}
