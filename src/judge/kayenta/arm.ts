import { type Ascending, ascending } from '../statistics/rank-order.ts';
import type { KayentaMetric } from './config.ts';
import { withoutOutliers } from './outliers.ts';

/** Figures of one arm after its transforms, as Kayenta reports them: all 0 for no values. */
export type ArmStatistics = {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Of the sample, with n − 1. */
  readonly std: number;
  readonly count: number;
};

/** One arm as it is compared. */
export type Arm = {
  readonly sorted: Ascending;
  readonly statistics: ArmStatistics;
  /** Values that were missing (`null` or NaN), whether left out or taken as 0. */
  readonly missing: number;
  /** Values that were ±Infinity and always left out. */
  readonly infinite: number;
};

const isInfinite = (value: number | null): boolean =>
  value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;

/** Missing values left out or taken as 0. An infinite value is no measurement and is left out under both. */
export function fillGaps(
  values: readonly (number | null)[],
  strategy: KayentaMetric['nanStrategy'],
): readonly number[] {
  const filled: number[] = [];
  for (const value of values) {
    if (value !== null && Number.isFinite(value)) filled.push(value);
    else if (!isInfinite(value) && strategy === 'replace') filled.push(0);
  }
  return filled;
}

/**
 * Smallest, largest, mean, standard deviation and number of values. Mean and deviation are corrected by the sum of
 * what is left over, which rounding made differ from 0 (Chan, Golub & LeVeque 1983, Am. Stat. 37:242).
 *
 * @returns all 0 for no values; a deviation of 0 for one
 */
export function summarise(values: readonly number[]): ArmStatistics {
  const count = values.length;
  if (count === 0) return { min: 0, max: 0, mean: 0, std: 0, count };
  const rough = values.reduce((sum, value) => sum + value, 0) / count;
  const mean = rough + values.reduce((sum, value) => sum + (value - rough), 0) / count;
  const left = values.reduce((sum, value) => sum + (value - mean), 0);
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
  const variance = count === 1 ? 0 : (squares - (left * left) / count) / (count - 1);
  return {
    min: values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    max: values.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
    mean,
    std: Math.sqrt(Math.max(0, variance)),
    count,
  };
}

/** One arm through its transforms: gaps first, then outliers. */
export function prepareArm(values: readonly (number | null)[], metric: KayentaMetric): Arm {
  const filled = fillGaps(values, metric.nanStrategy);
  const { strategy, outlierFactor } = metric.outliers;
  const all = ascending(filled);
  const kept = strategy === 'remove' ? withoutOutliers(filled, all, outlierFactor, true) : filled;
  const infinite = values.filter(isInfinite).length;
  return {
    sorted: kept.length === filled.length ? all : ascending(kept),
    statistics: summarise(kept),
    missing: values.filter((value) => value === null || Number.isNaN(value)).length,
    infinite,
  };
}
