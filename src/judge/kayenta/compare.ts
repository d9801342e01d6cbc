import type { Ascending } from '../statistics/rank-order.ts';
import type { Arm } from './arm.ts';
import type { KayentaMetric } from './config.ts';
import { effectOf } from './effect.ts';
import { type ShiftInterval, shiftInterval } from './shift-interval.ts';

/** Level of the interval of the shift; Kayenta's cannot be set. */
export const intervalLevel = 0.98;
/** The share of the estimate that the interval must keep from 0; Kayenta's cannot be set either. */
const tolerance = 0.25;

/** Both settings of the comparison, which the judge leaves at Kayenta's. */
export type Strictness = { readonly level: number; readonly tolerance: number };

export const kayentaStrictness: Strictness = { level: intervalLevel, tolerance };

/** How the arms of a metric compare. */
export type Comparison = {
  readonly label: 'Pass' | 'High' | 'Low';
  readonly interval: ShiftInterval;
  /** By the metric's measure; `null` when unknown. */
  readonly effect: number | null;
};

/** True where every value is the same. */
export function isConstant(values: Ascending): boolean {
  return values.length > 0 && values[0] === values.at(-1);
}

/**
 * Two constant arms differ by exactly one amount. Kayenta adds random noise to both here, so that its answer may
 * change from call to call; the limit without noise is the difference itself.
 */
function constantShift(experiment: Ascending, control: Ascending): ShiftInterval | null {
  if (experiment.length === 1 && control.length === 1) return null;
  const shift = (experiment[0] ?? 0) - (control[0] ?? 0);
  return { lower: shift, upper: shift, estimate: shift };
}

function intervalOf(experiment: Ascending, control: Ascending, level: number): ShiftInterval | null {
  const interval =
    isConstant(experiment) && isConstant(control)
      ? constantShift(experiment, control)
      : shiftInterval(experiment, control, level);
  return interval !== null && Object.values(interval).every(Number.isFinite) ? interval : null;
}

function labelOf(
  metric: KayentaMetric,
  { lower, upper, estimate }: ShiftInterval,
  effect: number | null,
  share: number,
): Comparison['label'] {
  const bound = share * Math.abs(estimate);
  const { allowedIncrease, allowedDecrease } = metric.effectSize;
  if (metric.direction !== 'decrease' && lower > bound && (effect === null || effect >= allowedIncrease))
    return 'High';
  if (metric.direction !== 'increase' && upper < -bound && (effect === null || effect <= allowedDecrease))
    return 'Low';
  return 'Pass';
}

/**
 * Compares the canary's values with the baseline's as Kayenta does: High or Low where the interval of the shift keeps
 * clear of 0 by a quarter of the estimate, in a direction that matters, and the effect is as large as the metric
 * demands.
 *
 * @param experiment not empty
 * @param control not empty
 * @returns `null` where there is nothing to compute an interval from: one value in each arm, or values too far apart
 */
export function compareArms(
  metric: KayentaMetric,
  experiment: Arm,
  control: Arm,
  { level, tolerance: share }: Strictness = kayentaStrictness,
): Comparison | null {
  if (![experiment, control].every(({ statistics }) => Object.values(statistics).every(Number.isFinite)))
    return null;
  const interval = intervalOf(experiment.sorted, control.sorted, level);
  if (interval === null) return null;
  const effect = effectOf(metric.effectSize.measure, experiment, control);
  return { label: labelOf(metric, interval, effect, share), interval, effect };
}
