import type { EdgeFinding, JudgeInput, MetricInput } from '../types.ts';
import type { Assessment } from './assessment.ts';
import { type CountSteps, fittedRatio, joinCounts, total } from './count-steps.ts';
import { effectOf, power } from './counts-effect.ts';
import { askCounts, type HarmGrid } from './counts-evidence.ts';
import { type CountsInput, isExcluded, type Knowledge, lackingOf } from './counts-pass.ts';
import { countsPosterior } from './counts-posterior.ts';
import { bySign, meanOfSides } from './direction.ts';
import { type ReadyHistogram, slowerThan } from './histogram-arm.ts';
import { type OnsetEvidence, theWholeRun } from './onset.ts';
import { dispersionOf, pearsonResiduals, tempering } from './tempering.ts';

type HistogramInput = Extract<MetricInput, { kind: 'histogram' }>;

/**
 * Harms considered at an edge beyond the margin, ln of the further ratio of shares: small ones too, as counts are many.
 * Their weights were chosen by simulation, for shifts of 10 to 20 % to be found sooner (docs/calibration.md).
 */
export const latencyGrid: HarmGrid = {
  harms: [0.03, 0.06, 0.1, 0.2, 0.35, 0.5, 0.7, 1, 1.4, 1.9, 2.5, 3.2],
  weights: [0.7, 1.2, 1.5, 1.5, 1.5, 1.2, 1, 0.8, 0.7, 0.7, 0.6, 0.6],
};

/** An edge as a ratio: requests slower than it out of all. */
export type EdgeRatio = {
  readonly le: number;
  readonly steps: CountSteps;
  /** The evidence of the first so many steps of the grid. */
  readonly weigh: (gridSteps: number) => OnsetEvidence & { readonly logPass: number };
  readonly metric: CountsInput;
};

/** What all steps say of an edge. */
export type EdgeAssessment = Pick<
  Assessment,
  'excluded' | 'effect' | 'interval' | 'anytimeInterval' | 'minimumDetectableEffect' | 'stepsNeeded'
> & {
  readonly edge: EdgeRatio;
  readonly logE: number;
  readonly finding: EdgeFinding;
  /** What a pass lacks at this edge, in words; `null` when nothing, or when more data would not help. */
  readonly lacking: () => string | null;
};

/** Events and totals of an arm. */
function countArm({ le, buckets, total: requests }: ReadyHistogram, edge: number) {
  return {
    events: buckets.map((row) => (row === null ? 0 : slowerThan(edge, le, row))),
    total: requests,
  };
}

/** Makes an edge ready. */
export function edgeRatio(
  histogram: HistogramInput,
  arms: { readonly canary: ReadyHistogram; readonly baseline: ReadyHistogram },
  le: number,
  input: JudgeInput,
): EdgeRatio {
  const [canary, baseline] = [countArm(arms.canary, le), countArm(arms.baseline, le)];
  const metric: CountsInput = { ...histogram, kind: 'ratio', canary, baseline };
  const steps = joinCounts(canary, baseline);
  const bound = Math.log1p(metric.acceptable.relative ?? metric.margin);
  const forHarm = bySign((sign) =>
    askCounts(steps, input.plannedSteps, { boundary: sign * Math.log1p(metric.margin), sign }, latencyGrid),
  );
  const against = bySign((sign) =>
    askCounts(steps, theWholeRun, { boundary: sign * bound, sign: sign === 1 ? -1 : 1 }, latencyGrid),
  );
  const weigh = (gridSteps: number) => {
    const kept = steps.kept[gridSteps] ?? 0;
    const residuals = pearsonResiduals(steps, fittedRatio(steps, kept), kept);
    return meanOfSides(metric.direction, (sign) => ({
      ...forHarm(sign)(gridSteps, residuals),
      logPass: input.earlyPass ? against(sign)(gridSteps, residuals).logE : Number.NEGATIVE_INFINITY,
    }));
  };
  return { le, steps, weigh, metric };
}

function shareOf(slower: Float64Array, all: Float64Array): number | null {
  const requests = total(all);
  return requests > 0 ? total(slower) / requests : null;
}

/** Says all that can be said of an edge; `input.alpha` is its own share. */
export function assessEdge(edge: EdgeRatio, logE: number, input: JudgeInput): EdgeAssessment {
  const { steps, metric, le } = edge;
  const residuals = pearsonResiduals(steps, fittedRatio(steps));
  const eta = tempering(residuals, 0);
  const posterior = countsPosterior(steps, eta);
  const known: Knowledge = { steps, posterior, worth: eta / dispersionOf(residuals) };
  const { effect, interval, anytimeInterval } = effectOf(metric, known);
  const isShown = effect !== null && Number.isFinite(effect);
  return {
    edge,
    logE,
    excluded: isExcluded(metric, known),
    effect,
    interval,
    anytimeInterval,
    ...power(metric, steps, eta, input),
    finding: {
      le,
      canary: shareOf(steps.canary, steps.canaryTotal),
      baseline: shareOf(steps.baseline, steps.baselineTotal),
      effect: isShown ? effect : null,
      // Counts so small that their ratio cannot be computed say nothing.
      logE: Number.isNaN(logE) ? 0 : Math.min(1e6, Math.max(-1e6, logE)),
    },
    lacking: () => lackingOf(metric, known, input.stepSeconds),
  };
}
