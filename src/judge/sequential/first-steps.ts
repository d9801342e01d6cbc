import type { GaugeArm, MetricInput } from '../types.ts';

type OfKind<Kind extends MetricInput['kind']> = Extract<MetricInput, { kind: Kind }>;

function cutArm({ values, pods }: GaugeArm, steps: number): GaugeArm {
  return { values: values.slice(0, steps), pods: pods?.map((pod) => pod.slice(0, steps)) };
}

/** The gauge as it was after its first so many steps. */
export function cutGauge(metric: OfKind<'gauge'>, steps: number): OfKind<'gauge'> {
  return { ...metric, canary: cutArm(metric.canary, steps), baseline: cutArm(metric.baseline, steps) };
}

/** The ratio or count as it was after its first so many steps. */
export function cutCounts(metric: OfKind<'ratio' | 'count'>, steps: number): OfKind<'ratio' | 'count'> {
  const cut = ({ events, total }: typeof metric.canary) => ({
    events: events.slice(0, steps),
    total: total.slice(0, steps),
  });
  return { ...metric, canary: cut(metric.canary), baseline: cut(metric.baseline) };
}

function cutHistogram(metric: OfKind<'histogram'>, steps: number): OfKind<'histogram'> {
  const cut = ({ le, buckets }: typeof metric.canary) => ({ le, buckets: buckets.slice(0, steps) });
  return { ...metric, canary: cut(metric.canary), baseline: cut(metric.baseline) };
}

/** The metric as it was after its first so many steps. */
export function firstSteps(metric: MetricInput, steps: number): MetricInput {
  switch (metric.kind) {
    case 'gauge':
      return cutGauge(metric, steps);
    case 'limit':
      return { ...metric, canary: cutArm(metric.canary, steps) };
    case 'histogram':
      return cutHistogram(metric, steps);
    default:
      return cutCounts(metric, steps);
  }
}

/** How many steps the metric has. */
export function stepsOf(metric: MetricInput): number {
  switch (metric.kind) {
    case 'gauge':
    case 'limit':
      return metric.canary.values.length;
    case 'histogram':
      return metric.canary.buckets.length;
    default:
      return metric.canary.total.length;
  }
}
