import type { Draws } from '../random/draws.ts';
import { dailyCourse, type GaugeSeries, historySteps } from './latency.ts';
import { autoregression, factorAt, type Worsening } from './processes.ts';

/** How the latencies of an arm's pods move and differ when nothing happens. */
export type PodNoise = {
  readonly canaryPods: number;
  readonly baselinePods: number;
  readonly phi: number;
  /** Standard deviation of ln(latency) that all pods share, and that each has for itself. */
  readonly shared: number;
  readonly own: number;
  /** Standard deviation of a pod's lasting distance, in ln(latency), from the others. */
  readonly offset: number;
};

/** Three pods against three, five per cent apart for good. */
export const podNoise: PodNoise = {
  canaryPods: 3,
  baselinePods: 3,
  phi: 0.5,
  shared: 0.07,
  own: 0.1,
  offset: 0.05,
};

/** Both arms pod by pod, and the baseline's pods in the hour before. */
export type PodSeries = {
  readonly canary: number[][];
  readonly baseline: number[][];
  readonly history: number[][];
};

const level = 100;

/** Latencies of every pod of both arms in milliseconds. */
export function drawPods(draws: Draws, noise: PodNoise, steps: number, worsening: Worsening): PodSeries {
  const all = historySteps + steps;
  const course = dailyCourse(draws, all);
  const common = autoregression(draws, all, noise.phi);
  const pod = (): number[] => {
    const own = autoregression(draws, all, noise.phi);
    const offset = noise.offset * draws.normal();
    return Array.from(own, (value, step) => {
      const shared = (course[step] ?? 0) + noise.shared * (common[step] ?? 0);
      return level * Math.exp(shared + noise.own * value + offset);
    });
  };
  const baseline = Array.from({ length: noise.baselinePods }, pod);
  const canary = Array.from({ length: noise.canaryPods }, () =>
    pod()
      .slice(historySteps)
      .map((value, step) => value * factorAt(worsening, step + 1, steps)),
  );
  return {
    canary,
    baseline: baseline.map((values) => values.slice(historySteps)),
    history: baseline.map((values) => values.slice(0, historySteps)),
  };
}

/** The arms as their pods' means, for whoever sees no single pod. */
export function meanOfPods({ canary, baseline, history }: PodSeries): GaugeSeries {
  const mean = (pods: readonly (readonly number[])[]): number[] =>
    (pods[0] ?? []).map((_, step) => pods.reduce((sum, pod) => sum + (pod[step] ?? 0), 0) / pods.length);
  return { canary: mean(canary), baseline: mean(baseline), history: mean(history) };
}

/** The generator in words, for the report. */
export const podsInWords = `**Pods.** Each pod's logarithm: what all pods share (standard deviation ${podNoise.shared}), its own noise (${podNoise.own}), both with autocorrelation ${podNoise.phi}, and a distance from the others that lasts (standard deviation ${podNoise.offset}). The arm is the mean of its pods.`;
