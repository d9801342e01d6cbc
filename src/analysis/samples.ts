import type { JudgeInput, MetricInput, Samples } from '../judge/types.ts';
import type { PlanMetric } from './plan.ts';
import { findSeries, type Readings } from './readings.ts';
import type { Run } from './run.ts';
import type { SeriesName } from './run-store.ts';
import { endOf, endsAt, firstPoint, lastPoint, plannedSteps, slice } from './window.ts';

type Arm = 'canary' | 'baseline';
type Field = SeriesName['field'];

/** The last grid point that every query of the metric has answered for; before the first when one never did. */
function readThrough(metric: PlanMetric, fields: readonly Field[], { kept }: Readings): number {
  const ends = fields.flatMap((field) =>
    (['canary', 'baseline'] as const).map((arm) => {
      const series = findSeries(kept, { metric: metric.name, arm, field });
      return series === null ? Number.NEGATIVE_INFINITY : endOf(series);
    }),
  );
  return Math.min(...ends);
}

/**
 * Values of one field on the grid `from … to`. Points that another query of the metric has not answered for yet are
 * missing in both arms: a failed read must not look like an arm that fell silent.
 */
function valuesOf(
  run: Run,
  readings: Readings,
  metric: PlanMetric,
  arm: Arm,
  field: Field,
  to: number,
  through: number,
): (number | null)[] {
  const { step } = run.plan;
  const from = firstPoint(run);
  const series = findSeries(readings.kept, { metric: metric.name, arm, field });
  return slice(series, from, to, step).map((value, index) => (from + index * step <= through ? value : null));
}

/**
 * Gauge values with those left out that rest on too few requests. Where it is the canary that had some but too few, the
 * baseline's value goes as well: a quiet canary is not a silent one.
 */
function supported(
  values: (number | null)[],
  own: (number | null)[],
  minimum: number,
  canary: (number | null)[],
): Samples {
  return values.map((value, index) => {
    const requests = canary[index] ?? 0;
    const isQuiet = requests > 0 && requests < minimum;
    return (own[index] ?? 0) >= minimum && !isQuiet ? value : null;
  });
}

function historyOf(readings: Readings, metric: PlanMetric): Samples | undefined {
  return findSeries(readings.kept, { metric: metric.name, arm: 'history', field: 'value' })?.values;
}

function metricInput(run: Run, readings: Readings, metric: PlanMetric, to: number): MetricInput {
  const { name, direction, margin, acceptable, weight, critical } = metric;
  const error = readings.errors.get(name);
  const common = {
    name,
    direction,
    margin,
    acceptable,
    weight,
    critical,
    ...(error === undefined ? {} : { error }),
  };
  if (metric.kind === 'gauge') {
    const fields: Field[] = metric.support === undefined ? ['value'] : ['value', 'support'];
    const through = readThrough(metric, fields, readings);
    const field = (which: Arm, name: Field) => valuesOf(run, readings, metric, which, name, to, through);
    const arm = (which: Arm) => {
      const values = field(which, 'value');
      if (metric.minSupport === undefined) return { values };
      return {
        values: supported(values, field(which, 'support'), metric.minSupport, field('canary', 'support')),
      };
    };
    return {
      ...common,
      kind: 'gauge',
      canary: arm('canary'),
      baseline: arm('baseline'),
      history: historyOf(readings, metric),
    };
  }
  const through = readThrough(metric, ['events', 'total'], readings);
  const values = (which: Arm, field: Field) => valuesOf(run, readings, metric, which, field, to, through);
  const arm = (which: Arm) => ({ events: values(which, 'events'), total: values(which, 'total') });
  return { ...common, kind: metric.kind, canary: arm('canary'), baseline: arm('baseline') };
}

/** What the judge gets at the look scheduled for `at`: only points that were measured and settled to be seen by then. */
export function judgeInput(run: Run, readings: Readings, at: number): JudgeInput {
  const { plan } = run;
  const to = lastPoint(run, at);
  return {
    alpha: run.alpha,
    // The weights of the onset windows are fixed by the first planned end: extending must not choose them anew.
    plannedSteps: plannedSteps({ ...run, end: run.start + plan.duration }),
    stepSeconds: plan.step / 1000,
    final: at >= endsAt(run),
    earlyPass: plan.earlyPass,
    onCanarySilent: plan.onCanarySilent,
    onNoData: plan.onNoData,
    metrics: plan.metrics.map((metric) => metricInput(run, readings, metric, to)),
  };
}
