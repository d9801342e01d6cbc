import type { PlanMetric } from './plan.ts';

/** One query of a metric: which field it fills, for which arms, and the label that tells its series apart. */
export type MetricQuery = {
  readonly field: 'value' | 'support' | 'events' | 'total';
  readonly query: string;
  readonly arms: readonly ('canary' | 'baseline')[];
  /** `null` where the query gives one series. */
  readonly memberLabel: 'pod' | 'le' | null;
};

const bothArms = ['canary', 'baseline'] as const;

/** The queries of a metric. A limit asks nothing of the baseline. */
export function queriesOf(metric: PlanMetric): readonly MetricQuery[] {
  const plain = (field: MetricQuery['field'], query: string): MetricQuery => ({
    field,
    query,
    arms: bothArms,
    memberLabel: null,
  });
  switch (metric.kind) {
    case 'gauge': {
      const value: MetricQuery = { ...plain('value', metric.query), memberLabel: metric.per ?? null };
      return metric.support === undefined ? [value] : [value, plain('support', metric.support)];
    }
    case 'histogram':
      return [{ ...plain('value', metric.query), memberLabel: 'le' }];
    case 'limit':
      return [{ ...plain('value', metric.query), arms: ['canary'] }];
    case 'ratio':
      return [plain('events', metric.events), plain('total', metric.total)];
    case 'count':
      return [plain('events', metric.events), plain('total', metric.exposure)];
  }
}
