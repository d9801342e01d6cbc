import { logSumExp } from '../statistics/log-sum-exp.ts';

/** First step, counted from 1, at which a harm may begin besides the very first one. */
const firstOnset = 4;

/** Evidence for harm beyond a boundary. */
export type OnsetEvidence = {
  /** ln E; 0 = none. */
  readonly logE: number;
  /** The step (from 1) since when harm fits best; 1 = since the start. */
  readonly onset: number;
};

/** Adds up ln of weight × E of windows that begin at `onsets`; the heaviest says since when. */
export function mixOnsets(terms: readonly number[], onsets: readonly number[]): OnsetEvidence {
  let best = 0;
  terms.forEach((term, index) => {
    if (term > (terms[best] ?? 0)) best = index;
  });
  return { logE: logSumExp(terms), onset: onsets[best] ?? 1 };
}

/** The onset windows of a run: where each begins (step counted from 1) and the logarithm of its prior weight. */
export type OnsetWindows = {
  readonly logWeightOfWhole: number;
  readonly logWeight: number;
  readonly from: number;
  readonly to: number;
};

/**
 * Planned steps that leave the first window alone. For an early pass: that a canary has been fine since some later step
 * must not make up for harm before it.
 */
export const theWholeRun = 0;

/**
 * Prior over the step at which a harm begins: half on the start of the run, half spread evenly over the steps
 * 4 … T − 2. Fixed by the planned length T in advance, so that a look cannot choose among them; a window that has not
 * begun keeps its weight with evidence 1. A run of 5 steps or fewer has the first window alone.
 */
export function onsetWindows(plannedSteps: number): OnsetWindows {
  const count = plannedSteps - 5;
  if (count <= 0)
    return { logWeightOfWhole: 0, logWeight: Number.NEGATIVE_INFINITY, from: firstOnset, to: firstOnset - 1 };
  return {
    logWeightOfWhole: -Math.LN2,
    logWeight: -Math.log(2 * count),
    from: firstOnset,
    to: plannedSteps - 2,
  };
}
