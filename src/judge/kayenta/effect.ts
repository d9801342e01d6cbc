import { rankSum } from '../statistics/rank-sum.ts';
import type { Arm, ArmStatistics } from './arm.ts';
import type { EffectMeasure } from './config.ts';

/**
 * Ratio of the means, canary to baseline.
 *
 * @returns `null` where either mean is 0, as Kayenta has it, and where the means are too far apart for a number
 */
export function meanRatio(experiment: ArmStatistics, control: ArmStatistics): number | null {
  if (control.mean === 0 || experiment.mean === 0) return null;
  const ratio = experiment.mean / control.mean;
  return Number.isFinite(ratio) ? ratio : null;
}

/**
 * Common language effect size: the probability that a canary value lies above a baseline value, equal ones counted
 * half. Vargha & Delaney 2000, J. Educ. Behav. Stat. 25:101. Both arms must hold values.
 */
export function commonLanguage(experiment: Arm, control: Arm): number {
  const [m, n] = [experiment.sorted.length, control.sorted.length];
  return (2 * rankSum(experiment.sorted, control.sorted).ranks - m * (m + 1)) / (2 * n * m);
}

/** The effect by a metric's measure; `null` when unknown, which Kayenta takes as beyond every threshold. */
export function effectOf(measure: EffectMeasure, experiment: Arm, control: Arm): number | null {
  return measure === 'cles'
    ? commonLanguage(experiment, control)
    : meanRatio(experiment.statistics, control.statistics);
}
