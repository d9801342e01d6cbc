import { logSumExp } from '../statistics/log-sum-exp.ts';
import type { Samples } from '../types.ts';
import { fitMean, type MeanFit } from './noise-profile.ts';
import { meanVariance, type Pods, podContrasts } from './pod-contrasts.ts';
import { phiGrid } from './whiten.ts';

/** Arms of this many pods and more average the differences of their pods out. */
const enoughPods = 5;

/** Whether an arm has so few pods that their lasting differences show in its mean. */
export function needsPodOffset({ canary, baseline }: Pods): boolean {
  return Math.min(canary.length, baseline.length) < enoughPods;
}

/**
 * How far the contrasts' means are from 0 beyond what their noise alone would make them, as a variance, under one φ;
 * with ln of the likelihood of that φ.
 */
function excessUnder(contrasts: readonly Samples[], phi: number): { excess: number; logLikelihood: number } {
  const fits = contrasts.map((values) => fitMean(values, phi));
  const sum = (pick: (fit: MeanFit) => number): number => fits.reduce((total, fit) => total + pick(fit), 0);
  const squares = sum((fit) => fit.squares);
  const degrees = sum(({ points }) => points - 1);
  const noise = squares / degrees;
  const excess = sum(({ score, information }) => (score / information) ** 2 - noise / information);
  const determinant = sum(({ logDeterminant }) => logDeterminant);
  return {
    excess: excess / fits.length,
    logLikelihood: -determinant / 2 - (degrees / 2) * Math.log(Math.max(squares, Number.MIN_VALUE)),
  };
}

/**
 * How far the arms' means may lie apart because pods of one arm differ for good: √(τ²·v), where τ² is the variance of
 * the pods' means within the arms less what AR(1) noise alone makes of it, and v the variance of the difference of
 * the arms in that of a pod. To be added to the margin, in whose units it is.
 *
 * @param pods in the units of the gauge's differences (`alignPods`)
 * @param prior ln of the prior of each φ
 * @returns 0 when pods differ no more than noise makes them, or no arm has two of them
 */
export function podOffset(pods: Pods, prior: readonly number[]): number {
  const variance = meanVariance(pods);
  const contrasts = [pods.canary, pods.baseline, pods.past].flatMap(podContrasts);
  if (variance === null || contrasts.length === 0) return 0;
  const under = phiGrid.map((phi) => excessUnder(contrasts, phi));
  const weights = under.map(({ logLikelihood }, k) => (prior[k] ?? 0) + logLikelihood);
  const total = logSumExp(weights);
  const excess = under.reduce((sum, one, k) => sum + Math.exp((weights[k] ?? 0) - total) * one.excess, 0);
  return Math.sqrt(Math.max(0, excess) * variance);
}
