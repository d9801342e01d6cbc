import type { JudgeInput, MetricInput } from '../types.ts';
import type { Weighing } from './assessment.ts';
import { weighCounts } from './counts.ts';
import { weighGauge } from './gauge.ts';
import { weighHistogram } from './histogram.ts';
import { weighLimit } from './limit.ts';

function prepare(metric: MetricInput, input: JudgeInput): Weighing {
  switch (metric.kind) {
    case 'gauge':
      return weighGauge(metric, input);
    case 'ratio':
    case 'count':
      return weighCounts(metric, input);
    case 'histogram':
      return weighHistogram(metric, input);
    case 'limit':
      return weighLimit(metric, input);
  }
}

/**
 * Makes the metrics of a run ready to be weighed at any of its steps.
 *
 * @param weights of the combination: what a metric can find by itself depends on the share of alpha they give it
 */
export function prepareAll(
  input: JudgeInput,
  weights: readonly number[],
): { readonly metric: MetricInput; readonly weighing: Weighing }[] {
  return input.metrics.map((metric, index) => ({
    metric,
    weighing: prepare(metric, { ...input, alpha: input.alpha * (weights[index] ?? 1) }),
  }));
}
