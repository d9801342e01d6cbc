import { mean, median } from 'simple-statistics';
import { clean, present } from '../clean.ts';
import type { Direction, JudgeInput, MetricInput, Samples } from '../types.ts';
import { writeChange, writeDropped, writePercent, writeValue } from '../words.ts';
import { type Assessment, passProbability } from './assessment.ts';
import { meanOfSides, sidesOf } from './direction.ts';
import { findGaps } from './gaps.ts';
import { gaugeEvidence, type Side } from './gauge-evidence.ts';
import { type GaugePosterior, gaugePosterior } from './gauge-posterior.ts';
import { gaugeMinimumDetectable, gaugeStepsNeeded } from './gauge-power.ts';
import { troubleOf } from './obstacle.ts';
import { theWholeRun } from './onset.ts';
import { choosePhiPrior } from './phi-prior.ts';
import { limitAfter, timesNeeded, writeShortfall } from './shortfall.ts';
import { summarise } from './summary.ts';
import { phiGrid, type Whitened, whiten } from './whiten.ts';
import { winsorise } from './winsorise.ts';

type GaugeInput = Extract<MetricInput, { kind: 'gauge' }>;

/** How two values become one difference, and bounds given as relative changes or natural units become its own. */
type Scale = {
  readonly differ: (canary: number, baseline: number) => number;
  readonly fromRelative: (change: number) => number;
  readonly fromAbsolute: (units: number) => number;
  /** The relative change of a difference; `null` when there is nothing to be relative to. */
  readonly toRelative: (difference: number) => number | null;
};

/** Log ratios where every value is positive; else differences in units of the baseline's middle, or plain ones. */
function chooseScale(pairs: readonly (readonly [number, number])[]): Scale {
  const middle = pairs.length === 0 ? 0 : median(pairs.map(([, baseline]) => baseline));
  if (pairs.every(([canary, baseline]) => canary > 0 && baseline > 0)) {
    return {
      differ: (canary, baseline) => Math.log(canary) - Math.log(baseline),
      fromRelative: Math.log1p,
      fromAbsolute: (units) => (middle > 0 ? Math.log1p(units / middle) : Math.log1p(units)),
      toRelative: Math.expm1,
    };
  }
  if (middle > 0) {
    return {
      differ: (canary, baseline) => (canary - baseline) / middle,
      fromRelative: (change) => change,
      fromAbsolute: (units) => units / middle,
      toRelative: (difference) => difference,
    };
  }
  const size = mean(pairs.map(([canary, baseline]) => Math.max(Math.abs(canary), Math.abs(baseline))));
  return {
    differ: (canary, baseline) => canary - baseline,
    fromRelative: (change) => change * size,
    fromAbsolute: (units) => units,
    toRelative: () => null,
  };
}

function differences(
  canary: Samples,
  baseline: Samples,
): { readonly values: Samples; readonly scale: Scale } {
  const pairOf = (step: number): readonly [number, number] | null => {
    const [left, right] = [canary[step] ?? null, baseline[step] ?? null];
    return left === null || right === null ? null : [left, right];
  };
  const pairs = canary.map((_, step) => pairOf(step));
  const scale = chooseScale(pairs.filter((pair) => pair !== null));
  const values = pairs.map((pair) => (pair === null ? null : scale.differ(...pair)));
  return { values: winsorise(clean(values).values), scale };
}

/** The bound that a pass excludes: relative or absolute, whichever is wider, for either excluded is enough. */
function acceptableBound({ acceptable }: GaugeInput, scale: Scale): number {
  const bounds = [
    acceptable.relative === undefined ? 0 : scale.fromRelative(acceptable.relative),
    acceptable.absolute === undefined ? 0 : scale.fromAbsolute(acceptable.absolute),
  ];
  return Math.max(...bounds);
}

/**
 * Whether a worsening beyond the bound has at most 5 % probability, on each side that is harm. Arms that are equal at
 * every step exclude any worsening, also where, all being 0, the bound itself is 0.
 */
function isExcluded(
  posterior: GaugePosterior | null,
  values: Samples,
  bound: number,
  direction: Direction,
): boolean {
  if (posterior === null) return false;
  if (values.every((value) => value === null || value === 0)) return true;
  return sidesOf(direction).every((sign) => {
    const beyond = sign === 1 ? 1 - posterior.below(bound) : posterior.below(-bound);
    return beyond <= 1 - passProbability;
  });
}

/** What a pass lacks if all goes on as it is: the limit of the mean draws nearer with the steps. */
function lackingOf(
  posterior: GaugePosterior | null,
  bound: number,
  direction: Direction,
  seen: { readonly steps: number; readonly stepSeconds: number },
): string | null {
  if (posterior === null) return null;
  const middle = posterior.quantile(0.5);
  const limits = { '1': posterior.quantile(passProbability), '-1': posterior.quantile(1 - passProbability) };
  const times = timesNeeded((candidate) =>
    sidesOf(direction).every((sign) => sign * limitAfter(candidate, middle, limits[sign]) < bound),
  );
  return writeShortfall(times, seen.steps, seen.stepSeconds, null);
}

/** What the plan can find, and when it finds what is seen now. */
function power(
  { direction }: GaugeInput,
  { margin, posterior, scale }: { margin: number; posterior: GaugePosterior | null; scale: Scale },
  { plannedSteps, alpha }: JudgeInput,
): Pick<Assessment, 'minimumDetectableEffect' | 'stepsNeeded'> {
  if (posterior === null) return { minimumDetectableEffect: null, stepsNeeded: null };
  const middle = posterior.quantile(0.5);
  const sign = direction === 'decrease' ? -1 : 1;
  const seen = direction === 'either' ? Math.abs(middle) : sign * middle;
  const found = gaugeMinimumDetectable(margin, posterior, plannedSteps, alpha);
  const detectable = found === null ? null : scale.toRelative(sign * found);
  return {
    minimumDetectableEffect: detectable === null ? null : Math.abs(detectable),
    stepsNeeded: gaugeStepsNeeded(margin, seen, posterior, plannedSteps, alpha),
  };
}

function describe(
  name: string,
  effect: number | null,
  interval: readonly [number, number] | null,
  arms: { canary: Samples; baseline: Samples },
): string {
  const middle = (values: Samples): string =>
    present(values).length === 0 ? 'nothing' : writeValue(median(present(values)));
  const levels = `${name}: ${middle(arms.canary)} in the canary against ${middle(arms.baseline)}`;
  if (effect === null || interval === null) return levels;
  const [low, high] = interval;
  return `${levels}, ${writeChange(effect)} (90 % interval ${writePercent(low)} to ${writePercent(high)})`;
}

type Question = {
  readonly whites: readonly Whitened[];
  readonly prior: readonly number[];
  readonly margin: number;
  readonly bound: number;
};

/** Evidence for harm, and, only where an early pass may be said, evidence against it. */
function weigh({ whites, prior, margin, bound }: Question, metric: GaugeInput, input: JudgeInput) {
  const mayPass = input.earlyPass && !input.final;
  const ask = (side: Side, plannedSteps: number) => gaugeEvidence(whites, prior, plannedSteps, side);
  const against = (sign: 1 | -1): Side => ({ boundary: sign * bound, sign: sign === 1 ? -1 : 1 });
  return meanOfSides(metric.direction, (sign) => ({
    ...ask({ boundary: sign * margin, sign }, input.plannedSteps),
    logPass: mayPass ? ask(against(sign), theWholeRun).logE : Number.NEGATIVE_INFINITY,
  }));
}

/** Assesses a gauge: values of two arms compared step by step. */
export function assessGauge(metric: GaugeInput, input: JudgeInput): Assessment {
  const [canary, baseline] = [clean(metric.canary.values), clean(metric.baseline.values)];
  const arms = { canary: canary.values, baseline: baseline.values };
  const gaps = findGaps(arms.canary, arms.baseline);
  const { values, scale } = differences(arms.canary, arms.baseline);
  const whites = phiGrid.map((phi) => whiten(values, phi));
  const prior = choosePhiPrior(metric.history === undefined ? undefined : clean(metric.history).values);
  const posterior = gaugePosterior(whites, prior);
  const margin = scale.fromRelative(metric.margin);
  const bound = acceptableBound(metric, scale);
  const [effect = null, low = null, high = null] =
    posterior === null ? [] : [0.5, 0.05, 0.95].map((p) => scale.toRelative(posterior.quantile(p)));
  const interval = low === null || high === null ? null : ([low, high] as const);
  const excluded = isExcluded(posterior, values, bound, metric.direction);
  const dropped = canary.dropped + baseline.dropped;
  const seen = { steps: gaps.paired, stepSeconds: input.stepSeconds };
  return {
    ...weigh({ whites, prior, margin, bound }, metric, input),
    excluded,
    effect,
    interval,
    effectAbsolute: null,
    intervalAbsolute: null,
    anytimeInterval: null,
    values: { canary: present(arms.canary), baseline: present(arms.baseline) },
    noise: null,
    edges: null,
    canary: summarise(arms.canary),
    baseline: summarise(arms.baseline),
    ...power(metric, { margin, posterior, scale }, input),
    lacking: excluded || !input.final ? null : lackingOf(posterior, bound, metric.direction, seen),
    ...troubleOf(metric, gaps, dropped, null),
    comparison: describe(metric.name, effect, interval, arms) + writeDropped(dropped),
    wentSilent: gaps.wentSilent,
  };
}
