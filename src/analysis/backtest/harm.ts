import type {
  CountsArm,
  Direction,
  GaugeArm,
  HistogramArm,
  MetricInput,
  Samples,
} from '../../judge/types.ts';
import { drawBinomial, drawPoisson, type Random } from './draws.ts';

/** Harm put into the canary of a harmless window, to see whether and when it would be found. */
export type Harm = {
  /** How many times as much (or, where a decrease is harm, as little), > 1. */
  readonly factor: number;
  /** The first step that has it, from 0. */
  readonly from: number;
  /** How many steps tell the rate of events: those of the plan, whether or not the run was extended. */
  readonly steps: number;
};

/** `null`, NaN and infinities are missing, to the judge too. */
function isPresent(value: number | null | undefined): value is number {
  return value !== null && value !== undefined && Number.isFinite(value);
}

/** The step as it was, or changed once the harm has begun; what is missing stays so. */
function fromStep(values: Samples, from: number, change: (value: number, index: number) => number): Samples {
  return values.map((value, index) => (index >= from && isPresent(value) ? change(value, index) : value));
}

/** Moves a value into the harmful direction by a share of its size, so that negative ones get worse as well. */
function worsen(value: number, factor: number, isLess: boolean): number {
  return isLess ? value - Math.abs(value) * (1 - 1 / factor) : value + Math.abs(value) * (factor - 1);
}

function harmGauge({ values, pods }: GaugeArm, { factor, from }: Harm, isLess: boolean): GaugeArm {
  const harmed = (samples: Samples): Samples =>
    fromStep(samples, from, (value) => worsen(value, factor, isLess));
  return { values: harmed(values), pods: pods?.map(harmed) };
}

/** Events among the total, over the first `steps`; 0 without any. */
function rateOf({ events, total }: CountsArm, steps: number): number {
  const sums = total.slice(0, steps).reduce<{ events: number; total: number }>(
    (sum, exposed, index) => {
      if (!isPresent(exposed)) return sum;
      const counted = events[index];
      return { events: sum.events + (isPresent(counted) ? counted : 0), total: sum.total + exposed };
    },
    { events: 0, total: 0 },
  );
  return sums.total > 0 ? sums.events / sums.total : 0;
}

/**
 * More events are drawn, at the rate that the window had and with the chance that events come by; multiplying those
 * that are there would make them come in clumps. Fewer are what is left of them, each with the same chance.
 */
function harmCounts(
  arm: CountsArm,
  { factor, from, steps }: Harm,
  isLess: boolean,
  most: (total: number) => number,
  random: Random,
): CountsArm {
  const rate = rateOf(arm, steps);
  const events = arm.total.map((total, index) => {
    const value = arm.events[index] ?? null;
    if (index < from || !isPresent(total)) return value;
    const present = isPresent(value) ? value : 0;
    if (isLess) return Math.min(present, drawBinomial(random, present, 1 / factor));
    return Math.min(most(total), present + drawPoisson(random, (factor - 1) * rate * total));
  });
  return { events, total: arm.total };
}

/**
 * Puts the requests of one step that took between two edges where they would lie if each had taken `scale` times as
 * long, evenly spread within their bucket. What lies above the last finite edge cannot be told apart and stays.
 */
function rescale(le: readonly number[], counts: readonly number[], scale: number): number[] {
  const moved = counts.map(() => 0);
  counts.forEach((count, index) => {
    const lower = index === 0 ? Math.min(0, le[0] ?? 0) : (le[index - 1] ?? 0);
    const upper = le[index] ?? Number.POSITIVE_INFINITY;
    if (!Number.isFinite(upper) || upper <= lower) {
      moved[index] = (moved[index] ?? 0) + count;
      return;
    }
    le.forEach((edge, at) => {
      const below = at === 0 ? Number.NEGATIVE_INFINITY : (le[at - 1] ?? 0);
      const overlap = Math.min(edge, upper * scale) - Math.max(below, lower * scale);
      if (overlap > 0) moved[at] = (moved[at] ?? 0) + (count * overlap) / ((upper - lower) * scale);
    });
  });
  return moved;
}

function harmHistogram({ le, buckets }: HistogramArm, { factor, from }: Harm, isLess: boolean): HistogramArm {
  const scale = isLess ? 1 / factor : factor;
  return {
    le,
    buckets: buckets.map((counts, index) =>
      counts === null || index < from ? counts : rescale(le, counts, scale),
    ),
  };
}

function isLessHarm(metric: MetricInput): boolean {
  if (metric.kind === 'limit') return metric.max === undefined && metric.min !== undefined;
  return isDecrease(metric.direction);
}

function isDecrease(direction: Direction): boolean {
  return direction === 'decrease';
}

/**
 * The metric with harm in its canary, in the direction that its plan calls harm (an increase where either is): gauges
 * and limits multiplied, events of ratios and counts drawn anew at a multiple of the window's rate (a ratio's never more
 * than its total), a histogram's requests slowed down.
 */
export function withHarm(metric: MetricInput, harm: Harm, random: Random): MetricInput {
  const isLess = isLessHarm(metric);
  switch (metric.kind) {
    case 'gauge':
    case 'limit':
      return { ...metric, canary: harmGauge(metric.canary, harm, isLess) };
    case 'histogram':
      return { ...metric, canary: harmHistogram(metric.canary, harm, isLess) };
    case 'ratio':
      return { ...metric, canary: harmCounts(metric.canary, harm, isLess, (total) => total, random) };
    case 'count':
      return {
        ...metric,
        canary: harmCounts(metric.canary, harm, isLess, () => Number.POSITIVE_INFINITY, random),
      };
  }
}

/** Whether there is anything to multiply: not for an arm without data, nor for one without a single event. */
export function canBeHarmed(metric: MetricInput, steps: number): boolean {
  switch (metric.kind) {
    case 'gauge':
    case 'limit':
      return metric.canary.values.some((value) => isPresent(value) && value !== 0);
    case 'histogram':
      return metric.canary.buckets.some((counts) => counts?.some((count) => count > 0) === true);
    default:
      return rateOf(metric.canary, steps) > 0;
  }
}
