import { type Assessment, intervalLevel } from './sequential/assessment.ts';
import { combinationWeights, combine, pValueOf } from './sequential/combine.ts';
import { assessCounts } from './sequential/counts.ts';
import { type Decision, decide } from './sequential/decide.ts';
import { assessGauge } from './sequential/gauge.ts';
import { overallReason, reasonOf } from './sequential/reasons.ts';
import type { Finding, JudgeInput, Judgement, MetricInput, Verdict } from './types.ts';

type Place = {
  readonly verdict: Verdict;
  readonly cause: Decision['cause'];
  readonly adjusted: number;
  readonly weight: number;
};
type Judged = { readonly metric: MetricInput; readonly assessment: Assessment };

/** Values at the edge of what numbers can hold leave nothing to compute with: an error, not a silent pass. */
function computable(assessment: Assessment): Assessment {
  if (!Number.isNaN(assessment.logE)) return assessment;
  const trouble = 'its values are too large or too far apart to be computed with';
  return { ...assessment, logE: 0, excluded: false, obstacle: 'error', trouble };
}

function assess(metric: MetricInput, input: JudgeInput): Judged {
  const assessment = metric.kind === 'gauge' ? assessGauge(metric, input) : assessCounts(metric, input);
  return { metric, assessment: computable(assessment) };
}

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

function findingOf(judged: Judged, place: Place, input: JudgeInput): Finding {
  const { verdict, cause, adjusted, weight } = place;
  const { metric, assessment } = judged;
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

const worth: Readonly<Record<Verdict, number>> = { pass: 1, fail: 0, inconclusive: 0.5, running: 0.5 };

/**
 * Judges all data of a run so far: for each metric the evidence for harm, together the verdict. A pure function: the
 * same input gives the same judgement, bit for bit, so that a restarted process goes on where another stopped.
 * Looking again and again costs next to no false alarms, for the evidence is made for it. Every number that comes out
 * is finite; NaN and ±Infinity that go in count as missing.
 */
export function judge(input: JudgeInput): Judgement {
  const weights = combinationWeights(input.metrics);
  // What a metric can find by itself depends on the share of alpha that its weight gives it.
  const judged = input.metrics.map((metric, index) =>
    assess(metric, { ...input, alpha: input.alpha * (weights[index] ?? 1) }),
  );
  const combined = combine(
    judged.map(({ assessment }) => assessment.logE),
    weights,
  );
  const decision = decide(judged, combined, input);
  const placeOf = (index: number): Place => ({
    verdict: decision.metrics[index] ?? 'inconclusive',
    cause: decision.cause,
    adjusted: combined.adjusted[index] ?? 0,
    weight: weights[index] ?? 0,
  });
  const findings = judged.map((one, index) => findingOf(one, placeOf(index), input));
  const score = findings.reduce((sum, { verdict, weight }) => sum + 100 * weight * worth[verdict], 0);
  return {
    verdict: decision.verdict,
    score: Math.min(100, Math.max(0, Math.round(score * 10) / 10)),
    reason: overallReason(judged, decision, input),
    evidence: { logE: combined.logE, pValue: pValueOf(combined.logE), alpha: input.alpha },
    findings,
  };
}
