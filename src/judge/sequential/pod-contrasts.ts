import { median } from 'simple-statistics';
import { clean, present } from '../clean.ts';
import type { NoiseProfile, Samples } from '../types.ts';
import { addProfiles, discount, profileOf } from './noise-profile.ts';
import { winsorise } from './winsorise.ts';

/** The pods of both arms, one series a pod, all on the same steps; and the past of the baseline's pods. */
export type Pods = {
  readonly canary: readonly Samples[];
  readonly baseline: readonly Samples[];
  /** On steps of its own; empty for none. */
  readonly past: readonly Samples[];
};

/** What a contrast of pods counts for beside the run itself: pods share part of what disturbs them. */
const podWeight = 0.5;
/** The past may have been noisier or quieter than the present. */
const pastWeight = podWeight / 2;
/** Differences this small a part of the values are rounding. */
const rounding = 1e-9;

const cleaned = (pods: readonly Samples[]): Samples[] => pods.map((pod) => clean(pod).values);

/**
 * The pods in the units of the gauge's differences. Where those are log ratios: logarithms, or, if some pod was at or
 * below 0, fractions of the baseline pods' middle; else values over `unit`.
 *
 * @param unit `log`, or the size that is one in the gauge's differences
 * @returns `null` when no unit can be found: the middle is not positive
 */
export function alignPods(pods: Pods, unit: 'log' | number): Pods | null {
  const [canary, baseline, past] = [cleaned(pods.canary), cleaned(pods.baseline), cleaned(pods.past)];
  const through = (change: (value: number) => number | null): Pods => {
    const each = (arm: readonly Samples[]): Samples[] =>
      arm.map((pod) => pod.map((value) => (value === null ? null : change(value))));
    return { canary: each(canary), baseline: each(baseline), past: each(past) };
  };
  if (unit !== 'log') return through((value) => value / unit);
  const values = [...canary, ...baseline].flatMap(present);
  if (values.every((value) => value > 0)) return through((value) => (value > 0 ? Math.log(value) : null));
  const known = baseline.flatMap(present);
  const middle = known.length === 0 ? 0 : median(known);
  return middle > 0 ? through((value) => value / middle) : null;
}

/** Whether the values differ from each other by more than rounding. */
function moves(values: readonly number[], size: number): boolean {
  const [first = 0] = values;
  return values.some((value) => Math.abs(value - first) > rounding * size);
}

/** The mean of the first pods against the next one, with the variance of one pod. */
function contrast(pods: readonly Samples[], next: number): Samples {
  const size = Math.sqrt(next * (next + 1));
  return (pods[next] ?? []).map((value, step) => {
    if (value === null) return null;
    let sum = 0;
    for (let pod = 0; pod < next; pod++) {
      const other = pods[pod]?.[step] ?? null;
      if (other === null) return null;
      sum += other;
    }
    return (sum - next * value) / size;
  });
}

/**
 * The pods of one arm against each other: Helmert's contrasts, each the mean of some pods against one more, with the
 * variance of a single pod, independent of each other and of the arm's mean. What all pods share drops out. Outliers
 * are drawn in. The longest seen pods come first; a step counts as far as its pods are there. Contrasts of fewer than
 * two points or that never move are left out: pods that repeat one number were not measured one by one.
 */
export function podContrasts(pods: readonly Samples[]): readonly Samples[] {
  const seen = pods
    .map((pod) => ({ pod, values: present(pod) }))
    .filter(({ values }) => values.length > 0)
    .sort((left, right) => right.values.length - left.values.length);
  const size = seen.reduce(
    (most, { values }) => values.reduce((max, v) => Math.max(max, Math.abs(v)), most),
    0,
  );
  const sorted = seen.map(({ pod }) => pod);
  return sorted.slice(1).flatMap((_, index) => {
    const found = contrast(sorted, index + 1);
    const values = present(found);
    return values.length < 2 || !moves(values, size) ? [] : [winsorise(found)];
  });
}

/**
 * The variance of the difference of the arms' means in variances of one pod, 1/canary pods + 1/baseline pods, averaged
 * over the steps where both arms have some; `null` when there is no such step.
 */
export function meanVariance({ canary, baseline }: Pods): number | null {
  const steps = Math.max(0, ...[...canary, ...baseline].map((pod) => pod.length));
  const count = (arm: readonly Samples[], step: number): number =>
    arm.reduce((sum, pod) => sum + ((pod[step] ?? null) === null ? 0 : 1), 0);
  let [sum, both] = [0, 0];
  for (let step = 0; step < steps; step++) {
    const [left, right] = [count(canary, step), count(baseline, step)];
    if (left === 0 || right === 0) continue;
    sum += 1 / left + 1 / right;
    both += 1;
  }
  return both === 0 ? null : sum / both;
}

/**
 * What pods of one arm tell of the noise between the arms: their contrasts' noise, taken down to that of the means,
 * each degree of freedom counted half, those of the past a quarter. Calibrated by simulation, not proven.
 *
 * @param pods in the units of the gauge's differences (`alignPods`)
 * @returns `null` when no arm has two pods to compare
 */
export function replicaProfile(pods: Pods): NoiseProfile | null {
  const variance = meanVariance(pods);
  if (variance === null) return null;
  const profiles = (arm: readonly Samples[], weight: number) =>
    podContrasts(arm).map((values) => {
      const profile = profileOf(values);
      return profile === null ? null : discount(profile, weight, variance);
    });
  return addProfiles([
    ...profiles(pods.canary, podWeight),
    ...profiles(pods.baseline, podWeight),
    ...profiles(pods.past, pastWeight),
  ]);
}
