import type { Finding, JudgeInput, MetricInput, Verdict } from '../types.ts';
import { type Assessment, intervalLevel } from './assessment.ts';
import { pValueOf } from './combine.ts';
import type { Decision } from './decide.ts';
import { describeRanks } from './ranks.ts';
import { reasonOf } from './reasons.ts';

/** A metric and what its data say. */
export type Judged = { readonly metric: MetricInput; readonly assessment: Assessment };

/** What was decided of a metric when all were weighed together. */
export type Place = {
  readonly verdict: Verdict;
  readonly cause: Decision['cause'];
  /** ln of its evidence after closed testing. */
  readonly adjusted: number;
  readonly weight: number;
};

/** Seconds until a running metric can be expected to be decided, at the latest at the planned end. */
function remainingSeconds({ assessment }: Judged, verdict: Verdict, input: JudgeInput): number | null {
  if (verdict !== 'running') return null;
  const seen = assessment.canary.count + assessment.canary.missing;
  const needed = Math.min(
    input.plannedSteps,
    Math.max(seen + 1, assessment.stepsNeeded ?? input.plannedSteps),
  );
  return Math.max(0, needed - seen) * input.stepSeconds;
}

/** No figure leaves the judge that is no number: JSON would write it as null and a gate might misread it. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

function finiteInterval(interval: Assessment['interval']): Assessment['interval'] {
  return interval?.every(Number.isFinite) === true ? interval : null;
}

/** An end that is no number is open; an interval open at both ends tells nothing. */
function openInterval(interval: Assessment['anytimeInterval']): Assessment['anytimeInterval'] {
  if (interval === null) return null;
  const [low, high] = [finite(interval[0]), finite(interval[1])];
  return low === null && high === null ? null : [low, high];
}

/** Writes down what is said of one metric; every number in it is finite. */
export function findingOf(judged: Judged, place: Place, input: JudgeInput): Finding {
  const { verdict, cause, adjusted, weight } = place;
  const { metric, assessment } = judged;
  const ranks = describeRanks(assessment.values);
  const logE = Math.min(1e6, Math.max(-1e6, assessment.logE));
  return {
    metric: metric.name,
    kind: metric.kind,
    verdict,
    critical: metric.critical,
    weight,
    direction: metric.direction,
    effect: finite(assessment.effect),
    interval: finiteInterval(assessment.interval),
    intervalLevel,
    effectAbsolute: finite(assessment.effectAbsolute),
    intervalAbsolute: finiteInterval(assessment.intervalAbsolute),
    anytimeInterval: openInterval(assessment.anytimeInterval),
    cliffsDelta: finite(ranks.cliffsDelta),
    shift: finite(ranks.shift),
    mannWhitneyP: finite(ranks.mannWhitneyP),
    noise: assessment.noise,
    edges: assessment.edges,
    limit: metric.kind === 'limit' ? { max: metric.max ?? null, min: metric.min ?? null } : null,
    margin: metric.margin,
    acceptable: metric.acceptable,
    logE,
    pValue: pValueOf(logE),
    adjustedPValue: pValueOf(adjusted),
    canary: assessment.canary,
    baseline: assessment.baseline,
    minimumDetectableEffect: finite(assessment.minimumDetectableEffect),
    remainingSeconds: remainingSeconds(judged, verdict, input),
    obstacle: assessment.obstacle,
    reason: reasonOf(judged, verdict, cause),
    error: assessment.obstacle === 'error' ? assessment.trouble : null,
  };
}
