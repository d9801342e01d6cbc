import type { Ascending } from '../statistics/rank-order.ts';
import type { Arm } from './arm.ts';
import { type Comparison, compareArms, isConstant, kayentaStrictness, type Strictness } from './compare.ts';
import type { KayentaMetric } from './config.ts';
import { meanRatio } from './effect.ts';

/** Kayenta's words for one metric. `NodataFailMetric`: no data where there must be; `Error`: not to be judged. */
export const classifications = ['Pass', 'High', 'Low', 'Nodata', 'NodataFailMetric', 'Error'] as const;
export type Classification = (typeof classifications)[number];

/** How one metric was classified. */
export type Classified = {
  readonly classification: Classification;
  /** In Kayenta's words; `null` where Kayenta gives none. */
  readonly reason: string | null;
  /** True where the metric by itself fails the canary. */
  readonly critical: boolean;
  /** Ratio of the means, or 1 where the arms were not compared; `null` when unknown. */
  readonly ratio: number | null;
  /** `null` where the arms were not compared. */
  readonly comparison: Comparison | null;
};

function plain(
  classification: Classification,
  reason: string | null,
  critical = false,
  ratio: number | null = 1,
): Classified {
  return { classification, reason, critical, ratio, comparison: null };
}

function areIdentical(one: Ascending, other: Ascending): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

function classifyMissing(metric: KayentaMetric): Classified {
  if (metric.nanStrategy === 'replace') return plain('Pass', null);
  const reason = `Missing data for ${metric.name}`;
  return metric.mustHaveData && !metric.critical
    ? plain('NodataFailMetric', reason)
    : plain('Nodata', reason, metric.critical);
}

function isCritical({ critical, effectSize }: KayentaMetric, { label, effect }: Comparison): boolean {
  if (!critical || label === 'Pass') return false;
  if (effect === null) return true;
  return label === 'High' ? effect >= effectSize.criticalIncrease : effect <= effectSize.criticalDecrease;
}

function reasonOf(name: string, { label }: Comparison, critical: boolean): string | null {
  if (label === 'Pass') return null;
  return critical
    ? `The metric ${name} was classified as ${label} (Critical)`
    : `${name} was classified as ${label}`;
}

/**
 * Classifies one metric in Kayenta's order: missing data, identical arms, one value throughout, comparison. What
 * cannot be compared is an `Error` that keeps the metric's `critical`, where Kayenta drops it and may pass; so are an
 * arm's values when all were infinite, which is not the same as having none.
 *
 * @param metric the rules, and the name for the reason
 * @param strictness Kayenta's own unless a test asks for others
 */
export function classifyMetric(
  metric: KayentaMetric,
  experiment: Arm,
  control: Arm,
  strictness: Strictness = kayentaStrictness,
): Classified {
  const failed = plain('Error', 'Metric Classification Failed', metric.critical, null);
  const empty = [experiment, control].filter(({ sorted }) => sorted.length === 0);
  if (empty.length > 0) return empty.some(({ infinite }) => infinite > 0) ? failed : classifyMissing(metric);
  if (areIdentical(experiment.sorted, control.sorted))
    return plain('Pass', 'The Canary and Baseline data are identical');
  if (
    isConstant(experiment.sorted) &&
    isConstant(control.sorted) &&
    experiment.sorted[0] === control.sorted[0]
  )
    return plain('Pass', null);
  const comparison = compareArms(metric, experiment, control, strictness);
  if (comparison === null) return failed;
  const critical = isCritical(metric, comparison);
  return {
    classification: comparison.label,
    reason: reasonOf(metric.name, comparison, critical),
    critical,
    ratio: meanRatio(experiment.statistics, control.statistics),
    comparison,
  };
}
