import { median } from 'simple-statistics';
import type { MetricInput, PodOffsetGuard } from '../../../src/judge/types.ts';
import type { ErrorArm } from '../generators/errors.ts';
import { type Buckets, edges, medianOfBuckets, usualMedian } from '../generators/histogram.ts';
import type { GaugeSeries } from '../generators/latency.ts';
import { meanOfPods, type PodSeries } from '../generators/pods.ts';
import type { PlainSeries, Watched } from '../run.ts';

type Common = Pick<MetricInput, 'direction' | 'weight' | 'critical'>;
const common: Common = { direction: 'increase', weight: 1, critical: false };

/** A fifth above its usual level is what people write down for a gauge, twice the usual share for errors. */
const gaugeAllowed = 1.2;
const errorsAllowed = 2;

function usualLevel({ history }: GaugeSeries): number {
  return median(history.filter((value) => value !== null));
}

function plainGauge(series: GaugeSeries): PlainSeries {
  const { canary, baseline } = series;
  return { canary, baseline, usual: usualLevel(series), allowed: gaugeAllowed, critical: false };
}

/** What a gauge row changes of the plan's defaults. */
type GaugeOptions = {
  readonly name?: string;
  /** False for a service whose past is not known to the judge. */
  readonly hasHistory?: boolean;
  readonly margin?: number;
  readonly acceptable?: number;
};

type GaugeInput = Extract<MetricInput, { kind: 'gauge' }>;

function gaugeInput(series: GaugeSeries, options: GaugeOptions): GaugeInput {
  const { name = 'latency', hasHistory = true, margin = 0.02, acceptable = 0.1 } = options;
  return {
    ...common,
    kind: 'gauge',
    name,
    margin,
    acceptable: { relative: acceptable },
    canary: { values: series.canary },
    baseline: { values: series.baseline },
    history: hasHistory ? series.history : undefined,
  };
}

/** A gauge under the plan's defaults for latencies. */
export function watchGauge(series: GaugeSeries, options: GaugeOptions = {}): Watched {
  return { metric: gaugeInput(series, options), plain: plainGauge(series) };
}

/** A resource gauge: the margin of 10 % that the templates give them. */
export function watchCpu(series: GaugeSeries, name = 'cpu'): Watched {
  return watchGauge(series, { name, margin: 0.1, acceptable: 0.25 });
}

/** A latency read pod by pod; the other rules see the pods' mean. */
export function watchPods(pods: PodSeries, podOffsetGuard: PodOffsetGuard): Watched {
  const means = meanOfPods(pods);
  return {
    metric: {
      ...gaugeInput(means, {}),
      canary: { values: means.canary, pods: pods.canary },
      baseline: { values: means.baseline, pods: pods.baseline },
      historyPods: pods.history,
      podOffsetGuard,
    },
    plain: plainGauge(means),
  };
}

/** Kayenta's root finding stops at 10⁻⁴, which is coarse for small fractions; it gets its errors in per cent. */
function inPercent({ events, total }: ErrorArm): (number | null)[] {
  return total.map((all, step) => (all > 0 ? (100 * (events[step] ?? 0)) / all : null));
}

/** Errors out of requests under the plan's defaults. `rate` is the usual share of errors. */
export function watchErrors(
  { canary, baseline }: { readonly canary: ErrorArm; readonly baseline: ErrorArm },
  rate: number,
  options: { readonly name?: string; readonly critical?: boolean; readonly margin?: number } = {},
): Watched {
  const { name = 'errors', critical = false, margin = 0.1 } = options;
  return {
    metric: {
      ...common,
      kind: 'ratio',
      name,
      critical,
      margin,
      acceptable: { relative: 0.5, absolute: 0.001 },
      canary,
      baseline,
    },
    plain: {
      canary: inPercent(canary),
      baseline: inPercent(baseline),
      usual: 100 * rate,
      allowed: errorsAllowed,
      critical,
    },
  };
}

/** A latency histogram; the other rules see each minute's median. */
export function watchHistogram(arms: { readonly canary: Buckets; readonly baseline: Buckets }): Watched {
  const arm = (buckets: Buckets) => ({ le: edges, buckets });
  return {
    metric: {
      ...common,
      kind: 'histogram',
      name: 'latency',
      margin: 0.05,
      acceptable: { relative: 0.5 },
      edges: [],
      canary: arm(arms.canary),
      baseline: arm(arms.baseline),
    },
    plain: {
      canary: arms.canary.map(medianOfBuckets),
      baseline: arms.baseline.map(medianOfBuckets),
      usual: usualMedian,
      allowed: gaugeAllowed,
      critical: false,
    },
  };
}
