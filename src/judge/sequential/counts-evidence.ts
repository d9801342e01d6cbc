import { logSumExp } from '../statistics/log-sum-exp.ts';
import { dispersionGrid, logDispersionPrior, logKernel } from './count-kernel.ts';
import { type CountSteps, shareOf } from './count-steps.ts';
import type { Side } from './gauge-evidence.ts';
import { mixOnsets, type OnsetEvidence, onsetWindows } from './onset.ts';
import { type Residuals, tempering } from './tempering.ts';

/** Harms considered beyond the margin, ln of the further ratio of rates, and their prior weights; alike without them. */
export type HarmGrid = { readonly harms: readonly number[]; readonly weights?: readonly number[] };

/** The harms of events that are rare: errors, failed jobs. */
export const harmGrid: HarmGrid = { harms: [0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.4, 1.9, 2.5, 3.2] };

function logShares({ harms, weights }: HarmGrid): number[] {
  const all = weights ?? harms.map(() => 1);
  const sum = all.reduce((whole, weight) => whole + weight, 0);
  return all.map((weight) => Math.log(weight / sum));
}

/**
 * Running sums of the logarithms of all kernels. A row holds the sums over the first so many kept steps; in it come, for
 * each dispersion, the kernel of no harm and then those of the harms of the grid.
 */
type KernelTable = {
  readonly rows: Float64Array;
  readonly width: number;
  /** ln of the prior weights of the harms, adding up to 1. */
  readonly logPrior: readonly number[];
  /** Computes the rows through that of so many steps, as far as they are not there. */
  readonly fillThrough: (steps: number) => void;
};

function createTable(steps: CountSteps, { boundary, sign }: Side, grid: HarmGrid): KernelTable {
  const ratios = [boundary, ...grid.harms.map((harm) => boundary + sign * harm)].map(Math.exp);
  const width = dispersionGrid.length * ratios.length;
  const rows = new Float64Array((steps.canary.length + 1) * width);
  let filled = 0;
  const fillRow = (step: number): void => {
    const x = steps.canary[step] ?? 0;
    const all = x + (steps.baseline[step] ?? 0);
    const shares = ratios.map((ratio) => shareOf(steps, step, ratio));
    let cell = step * width;
    for (const dispersion of dispersionGrid) {
      for (const share of shares) {
        rows[cell + width] = (rows[cell] ?? 0) + logKernel(x, all, share, dispersion);
        cell += 1;
      }
    }
  };
  const fillThrough = (through: number): void => {
    for (; filled < through; filled++) fillRow(filled);
  };
  return { rows, width, logPrior: logShares(grid), fillThrough };
}

type Scratch = {
  readonly against: Float64Array;
  readonly forHarm: Float64Array;
  readonly harmed: Float64Array;
};

/** ln of the Bayes factor of the kept steps from `onset` (those before it) to `end`, not yet tempered. */
function windowLogE(table: KernelTable, onset: number, end: number, scratch: Scratch): number {
  const { rows, width, logPrior } = table;
  const { against, forHarm, harmed } = scratch;
  let [low, high] = [onset * width, end * width];
  for (let c = 0; c < against.length; c++) {
    const prior = logDispersionPrior[c] ?? 0;
    against[c] = prior + (rows[high++] ?? 0) - (rows[low++] ?? 0);
    for (let index = 0; index < harmed.length; index++)
      harmed[index] = (logPrior[index] ?? 0) + (rows[high++] ?? 0) - (rows[low++] ?? 0);
    forHarm[c] = prior + logSumExp(harmed);
  }
  return logSumExp(forHarm) - logSumExp(against);
}

/** A question about one pair of arms that can be asked after any number of steps of the grid. */
export type CountsQuestion = (gridSteps: number, residuals: Residuals) => OnsetEvidence;

/**
 * Asks whether the canary's rate is beyond a multiple of the baseline's: a mixture over the step of onset
 * (`onsetWindows`), the over-dispersion and the size of the harm of conditional beta-binomial likelihood ratios; a
 * window's positive evidence is tempered by `tempering`. Given the events of both arms together the traffic itself
 * cancels (Lindon & Malek 2022). 0 without events. What one look computed the next one uses again.
 *
 * @param side `boundary` is ln of the multiple, `sign` +1 asks for more than that, −1 for less
 */
export function askCounts(
  steps: CountSteps,
  plannedSteps: number,
  side: Side,
  grid: HarmGrid = harmGrid,
): CountsQuestion {
  const table = createTable(steps, side, grid);
  const windows = onsetWindows(plannedSteps);
  const scratch = {
    against: new Float64Array(dispersionGrid.length),
    forHarm: new Float64Array(dispersionGrid.length),
    harmed: new Float64Array(grid.harms.length),
  };
  return (gridSteps, residuals) => {
    const end = steps.kept[gridSteps] ?? 0;
    if (end === 0) return { logE: 0, onset: 1 };
    table.fillThrough(end);
    const tempered = (onset: number): number => {
      const logE = windowLogE(table, onset, end, scratch);
      return logE > 0 ? logE * tempering(residuals, onset) : logE;
    };
    return mixOnsets(windows, gridSteps, tempered(0), (at) => {
      const onset = steps.kept[at - 1] ?? 0;
      return onset > 0 && onset < end ? tempered(onset) : 0;
    });
  };
}

/** `askCounts` asked once, after all steps. */
export function countsEvidence(
  steps: CountSteps,
  residuals: Residuals,
  plannedSteps: number,
  side: Side,
  grid: HarmGrid = harmGrid,
): OnsetEvidence {
  return askCounts(steps, plannedSteps, side, grid)(steps.kept.length - 1, residuals);
}
