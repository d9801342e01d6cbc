import type { MetricInput } from '../judge/types.ts';
import { type ReadArm, readCountsArm, readHistogramArm, readPlainArm, readPodArm } from './judging-arms.ts';
import { isRecord, refuseUnknown, type Say, writeFound } from './judging-values.ts';
import { noiseFrom, type Plan, type PlanMetric } from './plan.ts';

/** The samples of one metric, of any length. */
export type ReadMetric = {
  /** Steps of the longer arm. */
  readonly steps: number;
  /** How much work a step is: as many times that of one series an arm. */
  readonly series: number;
  /** What the judge is given of the steps `from … to − 1`, both arms filled up to the same length. */
  readonly input: (from: number, to: number) => MetricInput;
};

type Members = Readonly<Record<string, unknown>>;
type ReadAnArm<Arm> = (value: unknown, at: string, say: Say) => ReadArm<Arm>;

/** The members of one metric's entry; what is none, or has others than `allowed`, is told. */
function readMembers(value: unknown, allowed: readonly string[], at: string, say: Say): Members {
  if (isRecord(value)) {
    refuseUnknown(value, allowed, at, say);
    return value;
  }
  const found = value === undefined ? 'is missing' : `found ${writeFound(value)}`;
  say(at, `${found}; an object with ${allowed.join(' and ')} is needed`);
  return {};
}

function readArms<Arm>(
  value: unknown,
  read: ReadAnArm<Arm>,
  at: string,
  say: Say,
): { readonly canary: ReadArm<Arm>; readonly baseline: ReadArm<Arm> } & Pick<ReadMetric, 'steps' | 'series'> {
  const members = readMembers(value, ['canary', 'baseline'], at, say);
  // An entry that is no object was told; its members need not be missed one by one.
  const sayOfArms: Say = isRecord(value) ? say : () => {};
  const canary = read(members['canary'], `${at}.canary`, sayOfArms);
  const baseline = read(members['baseline'], `${at}.baseline`, sayOfArms);
  const series = Math.max(canary.series ?? 1, baseline.series ?? 1);
  return { canary, baseline, steps: Math.max(canary.steps, baseline.steps), series };
}

/** The baseline's own past, all of it; `null` when none is given. */
function readHistory<Arm>(value: unknown, read: ReadAnArm<Arm>, at: string, say: Say): Arm | null {
  if (value === undefined) return null;
  const { baseline } = readMembers(value, ['baseline'], at, say);
  if (!isRecord(value)) return null;
  const arm = read(baseline, `${at}.baseline`, say);
  return arm.cut(0, arm.steps);
}

function commonOf({ name, direction, weight, critical }: PlanMetric) {
  return { name, direction, weight, critical };
}

function readGauge(
  metric: Extract<PlanMetric, { kind: 'gauge' }>,
  samples: unknown,
  history: unknown,
  learns: boolean,
  say: Say,
): ReadMetric {
  const read = metric.per === 'pod' ? readPodArm : readPlainArm;
  const { canary, baseline, steps, series } = readArms(samples, read, `samples.${metric.name}`, say);
  const given = readHistory(history, read, `history.${metric.name}`, say);
  const past = learns ? given : null;
  const { margin, acceptable, podOffsetGuard } = metric;
  return {
    steps,
    series,
    input: (from, to) => ({
      ...commonOf(metric),
      kind: 'gauge',
      margin,
      acceptable,
      canary: canary.cut(from, to),
      baseline: baseline.cut(from, to),
      history: past?.values,
      historyPods: past?.pods,
      podOffsetGuard,
    }),
  };
}

function readCounts(
  metric: Extract<PlanMetric, { kind: 'ratio' | 'count' }>,
  samples: unknown,
  history: unknown,
  say: Say,
): ReadMetric {
  const totalName = metric.kind === 'ratio' ? 'total' : 'exposure';
  const read = (value: unknown, at: string, tell: Say) => readCountsArm(value, totalName, at, tell);
  const { canary, baseline, steps, series } = readArms(samples, read, `samples.${metric.name}`, say);
  readHistory(history, read, `history.${metric.name}`, say);
  const { kind, margin, acceptable } = metric;
  return {
    steps,
    series,
    input: (from, to) => ({
      ...commonOf(metric),
      kind,
      margin,
      acceptable,
      canary: canary.cut(from, to),
      baseline: baseline.cut(from, to),
    }),
  };
}

function readHistogram(
  metric: Extract<PlanMetric, { kind: 'histogram' }>,
  samples: unknown,
  history: unknown,
  say: Say,
): ReadMetric {
  const { canary, baseline, steps, series } = readArms(
    samples,
    readHistogramArm,
    `samples.${metric.name}`,
    say,
  );
  readHistory(history, readHistogramArm, `history.${metric.name}`, say);
  const { margin, acceptable, edges } = metric;
  return {
    steps,
    series,
    input: (from, to) => ({
      ...commonOf(metric),
      kind: 'histogram',
      margin,
      acceptable,
      edges,
      canary: canary.cut(from, to),
      baseline: baseline.cut(from, to),
    }),
  };
}

function readLimit(
  metric: Extract<PlanMetric, { kind: 'limit' }>,
  samples: unknown,
  history: unknown,
  say: Say,
): ReadMetric {
  const at = `samples.${metric.name}`;
  const members = readMembers(samples, ['canary'], at, say);
  const canary = readPlainArm(members['canary'], `${at}.canary`, isRecord(samples) ? say : () => {});
  if (history !== undefined) say(`history.${metric.name}`, 'is not needed; a limit has no baseline');
  const { margin, acceptable, max, min } = metric;
  return {
    steps: canary.steps,
    series: 1,
    input: (from, to) => ({
      ...commonOf(metric),
      kind: 'limit',
      margin,
      acceptable,
      max,
      min,
      canary: canary.cut(from, to),
    }),
  };
}

function readMetric(
  metric: PlanMetric,
  samples: unknown,
  history: unknown,
  learns: boolean,
  say: Say,
): ReadMetric {
  switch (metric.kind) {
    case 'gauge':
      return readGauge(metric, samples, history, learns, say);
    case 'ratio':
    case 'count':
      return readCounts(metric, samples, history, say);
    case 'histogram':
      return readHistogram(metric, samples, history, say);
    case 'limit':
      return readLimit(metric, samples, history, say);
  }
}

function refuseStrangers(metrics: readonly PlanMetric[], given: Members, at: string, say: Say): void {
  const names = metrics.map(({ name }) => name);
  for (const name of Object.keys(given)) {
    if (!names.includes(name))
      say(`${at}.${name}`, `is not a metric of the plan; its metrics are ${names.join(', ')}`);
  }
}

/**
 * Reads the samples of each metric of a plan, in the order of the plan, and the baseline's past where it is given.
 * Only gauges learn from it, where the plan wants them to; else it is checked and left. What is wrong goes to `say`.
 */
export function readMetrics(plan: Plan, samples: Members, history: Members, say: Say): readonly ReadMetric[] {
  const { metrics } = plan;
  refuseStrangers(metrics, samples, 'samples', say);
  refuseStrangers(metrics, history, 'history', say);
  const learns = noiseFrom(plan).history;
  return metrics.map((metric) => readMetric(metric, samples[metric.name], history[metric.name], learns, say));
}
