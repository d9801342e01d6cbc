import type { HistogramArm, JudgeInput, MetricInput, Samples } from '../../src/judge/types.ts';
import { createRandom } from '../support/random.ts';

/** Standard normal numbers from fractions (Box & Muller). */
export function normals(random: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

type GaugeInput = Extract<MetricInput, { kind: 'gauge' }>;
type CountsInput = Extract<MetricInput, { kind: 'ratio' | 'count' }>;
type HistogramInput = Extract<MetricInput, { kind: 'histogram' }>;
type LimitInput = Extract<MetricInput, { kind: 'limit' }>;

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

/** A histogram with the plan's defaults. */
export function histogram(
  canary: HistogramArm,
  baseline: HistogramArm,
  changes: Partial<HistogramInput> = {},
): HistogramInput {
  return {
    ...common,
    kind: 'histogram',
    name: 'latency',
    margin: 0.05,
    acceptable: { relative: 0.5, absolute: 0.001 },
    edges: [],
    canary,
    baseline,
    ...changes,
  };
}

/** A limit; `changes` says which. */
export function limit(values: Samples, changes: Partial<LimitInput>): LimitInput {
  return {
    ...common,
    kind: 'limit',
    name: 'availability',
    margin: 0,
    acceptable: {},
    canary: { values },
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

/** Upper edges of `requests`, in seconds. */
export const latencyEdges: readonly number[] = [
  0.01,
  0.025,
  0.05,
  0.075,
  0.1,
  0.15,
  0.2,
  0.25,
  0.3,
  0.4,
  0.5,
  0.75,
  1,
  2.5,
  Number.POSITIVE_INFINITY,
];

/** What makes the latencies of `requests` other than usual. */
export type Slowness = {
  /** Steps in all; 30 by default. */
  readonly steps?: number;
  /** All latencies times so much, from a step (counted from 1) on. */
  readonly factor?: number;
  readonly from?: number;
  /** The part of the requests that takes six times as long. */
  readonly slow?: number;
  /** Standard deviation of ln(latency) from step to step. */
  readonly deviation?: number;
};

/** So many requests a step of log-normal latency around 0.1 s (standard deviation 0.5), counted in `latencyEdges`. */
export function requests(seed: number, perStep: number, slowness: Slowness = {}): HistogramArm {
  const { steps = 30, factor = 1, from = 1, slow = 0, deviation = 0 } = slowness;
  const random = createRandom(seed);
  const normal = normals(random);
  const buckets = Array.from({ length: steps }, (_, step) => {
    const middle = 0.1 * Math.exp(deviation * normal()) * (step + 1 >= from ? factor : 1);
    const row = latencyEdges.map(() => 0);
    for (let request = 0; request < perStep; request++) {
      const latency = middle * Math.exp(0.5 * normal()) * (slow > 0 && random() < slow ? 6 : 1);
      const bucket = latencyEdges.findIndex((edge) => latency <= edge);
      row[bucket] = (row[bucket] ?? 0) + 1;
    }
    return row;
  });
  return { le: latencyEdges, buckets };
}
