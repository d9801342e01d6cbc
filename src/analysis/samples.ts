import type { GaugeArm, JudgeInput, MetricInput, Samples } from '../judge/types.ts';
import { type CumulativeEdge, histogramArm } from './histograms.ts';
import { findGroup, findSeries } from './kept-series.ts';
import { plainMember, totalMember } from './members.ts';
import { queriesOf } from './metric-queries.ts';
import type { PlanMetric } from './plan.ts';
import type { Readings } from './readings.ts';
import type { Run } from './run.ts';
import type { SeriesGroup } from './run-store.ts';
import { endOf, endsAt, firstPoint, lastPoint, plannedSteps, slice } from './window.ts';

type Arm = 'canary' | 'baseline';
type Field = SeriesGroup['field'];
type OfKind<Kind extends PlanMetric['kind']> = Extract<PlanMetric, { kind: Kind }>;

/** One metric at one look: where its values lie, and how far they may be used. */
type View = {
  readonly run: Run;
  readonly readings: Readings;
  readonly metric: PlanMetric;
  readonly to: number;
  /** The last grid point that every query of the metric has answered for; before the first when one never did. */
  readonly through: number;
};

function readThrough(metric: PlanMetric, { kept }: Readings): number {
  const ends = queriesOf(metric).flatMap(({ field, arms }) =>
    arms.map((arm) => {
      const group = findGroup(kept, { metric: metric.name, arm, field });
      return Math.max(Number.NEGATIVE_INFINITY, ...group.map(({ series }) => endOf(series)));
    }),
  );
  return Math.min(...ends);
}

/**
 * A series on the grid from the window's first point on. Points that another query of the metric has not answered for
 * yet are missing in both arms: a failed read must not look like an arm that fell silent.
 */
function cut({ run, to, through }: View, series: Parameters<typeof slice>[0]): (number | null)[] {
  const { step } = run.plan;
  const from = firstPoint(run);
  return slice(series, from, to, step).map((value, index) => (from + index * step <= through ? value : null));
}

function valuesOf(view: View, arm: Arm, field: Field): (number | null)[] {
  const name = { metric: view.metric.name, arm, field, member: plainMember };
  return cut(view, findSeries(view.readings.kept, name));
}

/** Each of the arm's pods that had a value by now; the order does not change when another one comes. */
function podsOf(view: View, arm: Arm): readonly Samples[] {
  const group = findGroup(view.readings.kept, { metric: view.metric.name, arm, field: 'value' });
  const appeared = group
    .filter(({ member }) => member !== plainMember)
    .map(({ member, series }) => {
      const values = cut(view, series);
      return { member, values, since: values.findIndex((value) => value !== null) };
    })
    .filter(({ since }) => since >= 0);
  appeared.sort((left, right) => left.since - right.since || (left.member < right.member ? -1 : 1));
  return appeared.map(({ values }) => values);
}

/**
 * Whether the steps of an arm rest on enough requests. Where it is the canary that had some but too few, the baseline's
 * value goes as well: a quiet canary is not a silent one.
 */
function supportOf(view: View, arm: Arm, minimum: number): readonly boolean[] {
  const own = valuesOf(view, arm, 'support');
  return valuesOf(view, 'canary', 'support').map((canary, index) => {
    const isQuiet = canary !== null && canary > 0 && canary < minimum;
    return (own[index] ?? 0) >= minimum && !isQuiet;
  });
}

function gaugeArm(view: View, metric: OfKind<'gauge'>, arm: Arm): GaugeArm {
  const { minSupport } = metric;
  const support = minSupport === undefined ? null : supportOf(view, arm, minSupport);
  const supported = (values: Samples): Samples =>
    support === null ? values : values.map((value, index) => (support[index] === true ? value : null));
  const values = supported(valuesOf(view, arm, 'value'));
  return metric.per === undefined ? { values } : { values, pods: podsOf(view, arm).map(supported) };
}

function historyOf({ readings: { kept } }: View, metric: OfKind<'gauge'>) {
  const group = findGroup(kept, { metric: metric.name, arm: 'history', field: 'value' });
  const history = group.find(({ member }) => member === plainMember)?.series.values;
  if (metric.per === undefined) return { history };
  const pods = group.filter(({ member }) => member !== plainMember);
  pods.sort((left, right) => (left.member < right.member ? -1 : 1));
  return { history, historyPods: pods.map(({ series }) => series.values) };
}

function bucketsOf(view: View, arm: Arm) {
  const group = findGroup(view.readings.kept, { metric: view.metric.name, arm, field: 'value' });
  const edges = group.map(
    ({ member, series }): CumulativeEdge => ({
      le: member === totalMember ? Number.POSITIVE_INFINITY : Number(member),
      values: cut(view, series),
    }),
  );
  return histogramArm(edges, cut(view, null).length);
}

function metricInput(run: Run, readings: Readings, metric: PlanMetric, to: number): MetricInput {
  const { name, direction, margin, acceptable, weight, critical } = metric;
  const error = readings.errors.get(name);
  const common = {
    ...{ name, direction, margin, acceptable, weight, critical },
    ...(error === undefined ? {} : { error }),
  };
  const view = { run, readings, metric, to, through: readThrough(metric, readings) };
  const both = <T>(arm: (arm: Arm) => T) => ({ canary: arm('canary'), baseline: arm('baseline') });
  switch (metric.kind) {
    case 'gauge':
      return {
        ...common,
        kind: 'gauge',
        ...both((arm) => gaugeArm(view, metric, arm)),
        ...historyOf(view, metric),
        podOffsetGuard: metric.podOffsetGuard,
        profile: run.noise?.find((one) => one.metric === name)?.profile,
      };
    case 'ratio':
    case 'count':
      return {
        ...common,
        kind: metric.kind,
        ...both((arm) => ({ events: valuesOf(view, arm, 'events'), total: valuesOf(view, arm, 'total') })),
      };
    case 'histogram':
      return { ...common, kind: 'histogram', ...both((arm) => bucketsOf(view, arm)), edges: metric.edges };
    case 'limit': {
      const { max, min } = metric;
      return { ...common, kind: 'limit', canary: { values: valuesOf(view, 'canary', 'value') }, max, min };
    }
  }
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
