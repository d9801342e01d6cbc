import type { JudgeInput } from '../types.ts';
import { type Assessment, intervalZ } from './assessment.ts';
import { type CountSteps, fittedRatio, total } from './count-steps.ts';
import { type CountsInput, differenceOf, type Knowledge } from './counts-pass.ts';
import { countsMinimumDetectable, countsStepsNeeded } from './counts-power.ts';

export type Effect = Pick<
  Assessment,
  'effect' | 'interval' | 'effectAbsolute' | 'intervalAbsolute' | 'anytimeInterval'
>;

/**
 * Ratio of rates with its intervals, `null` while an arm has no events, for then the ratio has no bound; and the
 * difference of rates, which has one.
 */
export function effectOf(metric: CountsInput, { steps, posterior, worth }: Knowledge): Effect {
  const difference = differenceOf(metric.kind, steps, worth, intervalZ);
  const absolute = {
    effectAbsolute: difference?.estimate ?? null,
    intervalAbsolute: difference?.interval ?? null,
  };
  const isBounded = total(steps.canary) > 0 && total(steps.baseline) > 0;
  if (!isBounded || posterior === null)
    return { effect: null, interval: null, anytimeInterval: null, ...absolute };
  const at = (p: number): number => Math.expm1(posterior.quantile(p));
  const [lowest, highest] = posterior.anytime.map((end) => (end === null ? null : Math.expm1(end)));
  return {
    effect: at(0.5),
    interval: [at(0.05), at(0.95)],
    anytimeInterval: [lowest ?? null, highest ?? null],
    ...absolute,
  };
}

/** Rates of the kept steps, one a step, for the descriptive figures. */
export function ratesOf(events: Float64Array, totals: Float64Array): number[] {
  return Array.from(totals, (total, step) => (events[step] ?? 0) / total);
}

/** What the plan can find, and when it finds what is seen now. */
export function power(
  metric: CountsInput,
  steps: CountSteps,
  eta: number,
  input: JudgeInput,
): Pick<Assessment, 'minimumDetectableEffect' | 'stepsNeeded'> {
  const n = steps.canary.length;
  if (n === 0 || total(steps.baseline) === 0) return { minimumDetectableEffect: null, stepsNeeded: null };
  const pace = {
    baselineEvents: total(steps.baseline) / n,
    canaryTotal: total(steps.canaryTotal) / n,
    baselineTotal: total(steps.baselineTotal) / n,
    eta,
  };
  const sign = metric.direction === 'decrease' ? -1 : 1;
  const allowed = (1 + metric.margin) ** sign;
  const { plannedSteps, alpha } = input;
  return {
    minimumDetectableEffect: countsMinimumDetectable(allowed, sign, pace, plannedSteps, alpha),
    stepsNeeded: countsStepsNeeded(fittedRatio(steps), allowed, sign, pace, plannedSteps, alpha),
  };
}
