import type { JudgeInput, MetricInput, Samples } from '../../src/judge/types.ts';
import { createRandom } from '../support/random.ts';

/** Standard normal numbers from fractions (Box & Muller). */
export function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

type GaugeInput = Extract<MetricInput, { kind: 'gauge' }>;
type CountsInput = Extract<MetricInput, { kind: 'ratio' | 'count' }>;

const common = { direction: 'increase', weight: 1, critical: false } as const;

/** A gauge with the plan's defaults. */
export function gauge(canary: Samples, baseline: Samples, changes: Partial<GaugeInput> = {}): GaugeInput {
  return {
    ...common,
    kind: 'gauge',
    name: 'latency',
    margin: 0.02,
    acceptable: { relative: 0.1 },
    canary: { values: canary },
    baseline: { values: baseline },
    ...changes,
  };
}

/** A ratio with the plan's defaults; each arm is [events, totals]. */
export function ratio(
  canary: readonly [Samples, Samples],
  baseline: readonly [Samples, Samples],
  changes: Partial<CountsInput> = {},
): CountsInput {
  const arm = ([events, total]: readonly [Samples, Samples]) => ({ events, total });
  return {
    ...common,
    kind: 'ratio',
    name: 'errors',
    margin: 0.1,
    acceptable: { relative: 0.5, absolute: 0.001 },
    canary: arm(canary),
    baseline: arm(baseline),
    ...changes,
  };
}

/** An input of a run of 30 steps with the plan's defaults. */
export function input(metrics: readonly MetricInput[], changes: Partial<JudgeInput> = {}): JudgeInput {
  return {
    alpha: 0.05,
    plannedSteps: 30,
    stepSeconds: 60,
    final: true,
    earlyPass: false,
    onCanarySilent: 'inconclusive',
    onNoData: 'inconclusive',
    metrics,
    ...changes,
  };
}

/** The same value n times. */
export function flat<T>(value: T, n = 30): T[] {
  return Array.from({ length: n }, () => value);
}

/** Positive values around `level` with log standard deviation `deviation`, autocorrelated by `phi`. */
export function noisy(seed: number, level: number, deviation: number, n = 30, phi = 0): number[] {
  const normal = normals(createRandom(seed));
  let state = normal();
  return Array.from({ length: n }, () => {
    const value = level * Math.exp(deviation * state);
    state = phi * state + Math.sqrt(1 - phi * phi) * normal();
    return value;
  });
}

/** Poisson counts of that mean (Knuth). */
export function counts(seed: number, mean: number, n = 30): number[] {
  const random = createRandom(seed);
  return Array.from({ length: n }, () => {
    let count = -1;
    for (let product = 1; product > Math.exp(-mean); product *= random()) count += 1;
    return count;
  });
}
