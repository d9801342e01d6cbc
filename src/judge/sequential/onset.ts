import { logSumExp } from '../statistics/log-sum-exp.ts';

/** First step, counted from 1, at which a harm may begin besides the very first one. */
const firstOnset = 4;
/** Runs of up to so many steps have a window for every step. */
export const shortRun = 64;
/** How many windows a longer run has that stay to its end, and how many steps each of the passing ones lasts. */
const lastingWindows = 28;
const passingSteps = 14;

/** Evidence for harm beyond a boundary. */
export type OnsetEvidence = {
  /** ln E; 0 = none. */
  readonly logE: number;
  /** The step (from 1) since when harm fits best; 1 = since the start. */
  readonly onset: number;
};

/** Windows that begin at evenly spaced steps, `from`, `from + stride` … `to` (counted from 1), and weigh the same. */
type WindowFamily = {
  readonly from: number;
  readonly to: number;
  readonly stride: number;
  readonly weight: number;
  /** Steps after which a window is given up: its evidence counts as 0 from then on. */
  readonly lasts: number;
};

/** The onset windows of a run: the prior weight of the run as a whole, and those that begin later. */
export type OnsetWindows = { readonly weightOfWhole: number; readonly families: readonly WindowFamily[] };

/**
 * Planned steps that leave the first window alone. For an early pass: that a canary has been fine since some later step
 * must not make up for harm before it.
 */
export const theWholeRun = 0;

function familyOf(stride: number, to: number, share: number, lasts: number): WindowFamily {
  const count = Math.floor((to - firstOnset) / stride) + 1;
  return { from: firstOnset, to, stride, weight: share / count, lasts };
}

/**
 * Prior over the step at which a harm begins: half on the start of the run, half spread evenly over the steps
 * 4 … T − 2. Fixed by the planned length T in advance, so that a look cannot choose among them; a window that has not
 * begun keeps its weight with evidence 1. A run of 5 steps or fewer has the first window alone.
 *
 * A run of more than 64 steps would spread that half too thin and cost too much: there one quarter lies on 28 windows
 * evenly spaced, and one quarter on a window a step that is given up after 14 steps; giving up only lowers evidence.
 */
export function onsetWindows(plannedSteps: number): OnsetWindows {
  const to = plannedSteps - 2;
  if (to < firstOnset) return { weightOfWhole: 1, families: [] };
  if (plannedSteps <= shortRun)
    return { weightOfWhole: 0.5, families: [familyOf(1, to, 0.5, Number.POSITIVE_INFINITY)] };
  const stride = Math.ceil((to - firstOnset + 1) / lastingWindows);
  return {
    weightOfWhole: 0.5,
    families: [familyOf(stride, to, 0.25, Number.POSITIVE_INFINITY), familyOf(1, to, 0.25, passingSteps)],
  };
}

/**
 * Adds up weight × E of the whole and of all windows after so many steps; the heaviest says since when.
 *
 * @param logEOfWhole ln E of the window that is the whole run
 * @param logEFrom ln E of the window that begins at a step counted from 1, ≤ `steps`; 0 where it cannot be weighed
 */
export function mixOnsets(
  { weightOfWhole, families }: OnsetWindows,
  steps: number,
  logEOfWhole: number,
  logEFrom: (onset: number) => number,
): OnsetEvidence {
  const terms = [Math.log(weightOfWhole) + logEOfWhole];
  let [best, onset, waiting] = [terms[0] ?? 0, 1, 0];
  for (const { from, to, stride, weight, lasts } of families) {
    const logWeight = Math.log(weight);
    const skipped = Math.max(0, Math.ceil((steps - lasts + 1 - from) / stride));
    const begun = Math.min(to, steps);
    for (let at = from + skipped * stride; at <= begun; at += stride) {
      const term = logWeight + logEFrom(at);
      terms.push(term);
      if (term > best) [best, onset] = [term, at];
    }
    const all = Math.floor((to - from) / stride) + 1;
    waiting += weight * (all - (steps < from ? 0 : Math.floor((begun - from) / stride) + 1));
  }
  if (waiting > 0) terms.push(Math.log(waiting));
  return { logE: logSumExp(terms), onset };
}
