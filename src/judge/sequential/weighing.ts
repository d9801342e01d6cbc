import { invalidInput } from '../../errors.ts';
import type { JudgeInput, MetricInput } from '../types.ts';
import type { Assessment, Weighing } from './assessment.ts';
import { assessCounts } from './counts.ts';
import { firstSteps } from './first-steps.ts';
import { assessGauge } from './gauge.ts';

function assess(metric: MetricInput, input: JudgeInput): Assessment {
  switch (metric.kind) {
    case 'gauge':
      return assessGauge(metric, input);
    case 'ratio':
    case 'count':
      return assessCounts(metric, input);
    default:
      throw invalidInput([{ path: 'kind', message: `found ${metric.kind}` }]);
  }
}

function prepare(metric: MetricInput, input: JudgeInput): Weighing {
  return {
    glance: (steps) => assess(firstSteps(metric, steps), { ...input, final: false }),
    assess: () => assess(metric, input),
  };
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
