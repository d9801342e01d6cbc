import { closedMean } from '../statistics/closed-mean.ts';
import { logSumExp } from '../statistics/log-sum-exp.ts';
import type { MetricInput } from '../types.ts';

/** The evidence of all metrics together, and each one's own after closed testing. */
export type Combined = {
  readonly logE: number;
  readonly adjusted: readonly number[];
  readonly weights: readonly number[];
};

/** Beyond this evidence is not told apart; keeps every figure finite. */
const largest = 1e6;

/**
 * Weights of the combination, adding up to 1. Where metrics are critical half of all weight is shared among those
 * alone: their own share of alpha, so that many other metrics cannot dilute them.
 */
export function combinationWeights(metrics: readonly Pick<MetricInput, 'weight' | 'critical'>[]): number[] {
  const sum = (some: readonly { readonly weight: number }[]): number =>
    some.reduce((whole, { weight }) => whole + weight, 0);
  const all = sum(metrics);
  const critical = sum(metrics.filter((metric) => metric.critical));
  return metrics.map((metric) => {
    const share = metric.weight / all;
    if (critical === 0) return share;
    return share / 2 + (metric.critical ? metric.weight / critical / 2 : 0);
  });
}

/**
 * Weighted mean of the evidence of several metrics: valid evidence under any dependence among them, if each is
 * (Vovk & Wang 2021, Ann. Stat. 49:1736). Works on logarithms.
 */
export function combine(logEvidence: readonly number[], weights: readonly number[]): Combined {
  const bounded = logEvidence.map((logE) => Math.min(largest, Math.max(-largest, logE)));
  return {
    logE: logSumExp(bounded.map((logE, index) => logE + Math.log(weights[index] ?? 0))),
    adjusted: closedMean(bounded, weights),
    weights,
  };
}

/** Anytime p-value of evidence: min(1, 1/E). */
export function pValueOf(logE: number): number {
  return Math.min(1, Math.exp(-logE));
}
