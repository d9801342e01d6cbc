import { logSumExp } from '../statistics/log-sum-exp.ts';
import type { JudgeInput, Samples } from '../types.ts';
import { gaugeEvidence } from './gauge-evidence.ts';
import { type GaugePosterior, gaugePosterior } from './gauge-posterior.ts';
import { type Distances, distancesFrom, drawIn, logDistancesFrom, type Threshold } from './limit-level.ts';
import { type OnsetEvidence, theWholeRun } from './onset.ts';
import { phiPrior } from './phi-prior.ts';
import { phiGrid, type Whitened, whiten, wideGrid } from './whiten.ts';

/** (1 − φ)^½ over both grids: there is no baseline whose past could tell more. */
const exponent = 0.5;
const prior = { logWeights: phiPrior(exponent), forPass: phiPrior(exponent, [], wideGrid) };

function whitesOf(values: Samples, grid: readonly number[] = phiGrid): Whitened[] {
  return grid.map((phi) => whiten(values, phi));
}

/** Evidence that the level lies beyond, since the start or since a later step. */
function beyond({ values, floor }: Distances, plannedSteps: number): OnsetEvidence {
  return gaugeEvidence(whitesOf(values), prior.logWeights, plannedSteps, { boundary: 0, sign: 1 }, floor);
}

/**
 * The mean of the evidence of differences and of log ratios, where there are any: whether the noise adds to the level
 * or multiplies it is not known, and the mean of two e-values is one.
 */
function onBothScales(values: Samples, threshold: Threshold, plannedSteps: number): OnsetEvidence {
  const plain = beyond(drawIn(distancesFrom(values, threshold)), plannedSteps);
  const ratios = logDistancesFrom(values, threshold);
  if (ratios === null) return plain;
  const logs = beyond(drawIn(ratios), plannedSteps);
  return {
    logE: logSumExp([plain.logE, logs.logE]) - Math.LN2,
    onset: plain.logE >= logs.logE ? plain.onset : logs.onset,
  };
}

/** Evidence for a level beyond, and, only where an early pass may be said, evidence for one within. */
export function weighSide(
  values: Samples,
  threshold: Threshold,
  input: JudgeInput,
): OnsetEvidence & { readonly logPass: number } {
  const within = (): number => {
    const { lasting } = drawIn(distancesFrom(values, threshold));
    return gaugeEvidence(whitesOf(lasting), prior.logWeights, theWholeRun, { boundary: 0, sign: -1 }).logE;
  };
  return {
    ...onBothScales(values, threshold, input.plannedSteps),
    logPass: input.earlyPass ? within() : Number.NEGATIVE_INFINITY,
  };
}

/** What is known of the distance of the level beyond a threshold; `null` for fewer than 3 values. */
export function levelPosterior(distances: Samples): GaugePosterior | null {
  return gaugePosterior(whitesOf(drawIn(distances).lasting, wideGrid), prior.forPass);
}
