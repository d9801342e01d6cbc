import type { GaugeArm, MetricInput } from '../types.ts';

function cutGauge({ values, pods }: GaugeArm, steps: number): GaugeArm {
  return { values: values.slice(0, steps), pods: pods?.map((pod) => pod.slice(0, steps)) };
}

/** The metric as it was after its first so many steps. */
export function firstSteps(metric: MetricInput, steps: number): MetricInput {
  switch (metric.kind) {
    case 'gauge':
      return {
        ...metric,
        canary: cutGauge(metric.canary, steps),
        baseline: cutGauge(metric.baseline, steps),
      };
    case 'limit':
      return { ...metric, canary: cutGauge(metric.canary, steps) };
    case 'histogram': {
      const cut = ({ le, buckets }: typeof metric.canary) => ({ le, buckets: buckets.slice(0, steps) });
      return { ...metric, canary: cut(metric.canary), baseline: cut(metric.baseline) };
    }
    default: {
      const cut = ({ events, total }: typeof metric.canary) => ({
        events: events.slice(0, steps),
        total: total.slice(0, steps),
      });
      return { ...metric, canary: cut(metric.canary), baseline: cut(metric.baseline) };
    }
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
