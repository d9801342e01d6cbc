import { type Difference, newcombe, poissonDifference } from '../statistics/newcombe.ts';
import type { MetricInput } from '../types.ts';
import { passProbability, passZ } from './assessment.ts';
import { type CountSteps, total } from './count-steps.ts';
import type { CountsPosterior } from './counts-posterior.ts';
import { sidesOf } from './direction.ts';
import { limitAfter, timesNeeded, writeShortfall } from './shortfall.ts';

export type CountsInput = Extract<MetricInput, { kind: 'ratio' | 'count' }>;

/**
 * The difference of rates with its interval, on counts reduced to what they are worth, since over-dispersed and
 * correlated steps carry less information (quasi-likelihood, McCullagh & Nelder 1989, 9.2); `null` without a total.
 */
export function differenceOf(
  kind: CountsInput['kind'],
  steps: CountSteps,
  worth: number,
  z: number,
): Difference | null {
  const canary = { events: worth * total(steps.canary), total: worth * total(steps.canaryTotal) };
  const baseline = { events: worth * total(steps.baseline), total: worth * total(steps.baselineTotal) };
  return kind === 'ratio' ? newcombe(canary, baseline, z) : poissonDifference(canary, baseline, z);
}

/** Whether the acceptable difference of rates is excluded: by its one-sided limit. */
function isAbsoluteExcluded(metric: CountsInput, steps: CountSteps, worth: number, sign: 1 | -1): boolean {
  const { absolute } = metric.acceptable;
  const difference = absolute === undefined ? null : differenceOf(metric.kind, steps, worth, passZ);
  if (absolute === undefined || difference === null) return false;
  return sign === 1 ? difference.interval[1] < absolute : -difference.interval[0] < absolute;
}

function isRelativeExcluded(metric: CountsInput, posterior: CountsPosterior | null, sign: 1 | -1): boolean {
  const { relative } = metric.acceptable;
  if (relative === undefined || posterior === null) return false;
  const bound = Math.log1p(relative);
  return sign === 1
    ? posterior.below(bound) >= passProbability
    : 1 - posterior.below(-bound) >= passProbability;
}

/** What a pass rests on: the data, what is known of the ratio, and the share of the counts that is information. */
export type Knowledge = {
  readonly steps: CountSteps;
  readonly posterior: CountsPosterior | null;
  readonly worth: number;
};

/** Whether, on each side that is harm, either acceptable bound is excluded. */
export function isExcluded(metric: CountsInput, { steps, posterior, worth }: Knowledge): boolean {
  return sidesOf(metric.direction).every(
    (sign) => isRelativeExcluded(metric, posterior, sign) || isAbsoluteExcluded(metric, steps, worth, sign),
  );
}

/** What a pass lacks if all goes on as it is: the ratio's limit draws nearer, and the counts grow. */
export function lackingOf(metric: CountsInput, known: Knowledge, stepSeconds: number): string | null {
  const { steps, posterior, worth } = known;
  const bound = Math.log1p(metric.acceptable.relative ?? 0);
  const isEnough = (times: number): boolean =>
    sidesOf(metric.direction).every((sign) => {
      if (isAbsoluteExcluded(metric, steps, worth * times, sign)) return true;
      if (posterior === null || metric.acceptable.relative === undefined) return false;
      const [middle, limit] = [
        posterior.quantile(0.5),
        posterior.quantile(sign === 1 ? passProbability : 1 - passProbability),
      ];
      return sign * limitAfter(times, middle, limit) < bound;
    });
  const requests = metric.kind === 'ratio' ? total(steps.canaryTotal) : null;
  return writeShortfall(timesNeeded(isEnough), steps.canary.length, stepSeconds, requests);
}
