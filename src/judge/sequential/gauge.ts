import { mean, median } from 'simple-statistics';
import { clean, present } from '../clean.ts';
import type { Direction, JudgeInput, MetricInput, Samples } from '../types.ts';
import { writeChange, writeDropped, writeNumber, writePercent } from '../words.ts';
import { type Assessment, passProbability } from './assessment.ts';
import { meanOfSides } from './direction.ts';
import { findGaps } from './gaps.ts';
import { gaugeLogE, type Side } from './gauge-evidence.ts';
import { type GaugePosterior, gaugePosterior } from './gauge-posterior.ts';
import { gaugeMinimumDetectable, gaugeStepsNeeded } from './gauge-power.ts';
import { troubleOf } from './obstacle.ts';
import { choosePhiPrior } from './phi-prior.ts';
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

function isExcluded(posterior: GaugePosterior | null, bound: number, direction: Direction): boolean {
  if (posterior === null) return false;
  const above = 1 - posterior.below(bound);
  const beneath = posterior.below(-bound);
  if (direction === 'increase') return above <= 1 - passProbability;
  if (direction === 'decrease') return beneath <= 1 - passProbability;
  return above <= 1 - passProbability && beneath <= 1 - passProbability;
}

function describe(
  name: string,
  effect: number | null,
  interval: readonly [number, number] | null,
  arms: { canary: Samples; baseline: Samples },
): string {
  const middle = (values: Samples): string =>
    present(values).length === 0 ? 'nothing' : writeNumber(median(present(values)));
  const levels = `${name}: ${middle(arms.canary)} in the canary against ${middle(arms.baseline)}`;
  if (effect === null || interval === null) return levels;
  const [low, high] = interval;
  return `${levels}, ${writeChange(effect)} (90 % interval ${writePercent(low)} to ${writePercent(high)})`;
}

type Evidence = { readonly logE: number; readonly logPass: number };

type Question = {
  readonly whites: readonly Whitened[];
  readonly prior: readonly number[];
  readonly margin: number;
  readonly bound: number;
};

/** Evidence for harm, and, only where an early pass may be said, evidence against it. */
function weigh({ whites, prior, margin, bound }: Question, metric: GaugeInput, input: JudgeInput): Evidence {
  const mayPass = input.earlyPass && !input.final;
  const ask = (side: Side): number => gaugeLogE(whites, prior, input.plannedSteps, side);
  return meanOfSides(metric.direction, (sign) => ({
    logE: ask({ boundary: sign * margin, sign }),
    logPass: mayPass ? ask({ boundary: sign * bound, sign: sign === 1 ? -1 : 1 }) : Number.NEGATIVE_INFINITY,
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
  const evidence = weigh({ whites, prior, margin, bound }, metric, input);
  const middle = posterior?.quantile(0.5) ?? null;
  const effect = middle === null ? null : scale.toRelative(middle);
  const limits =
    posterior === null ? [] : [posterior.quantile(0.05), posterior.quantile(0.95)].map(scale.toRelative);
  const interval = limits[0] == null || limits[1] == null ? null : ([limits[0], limits[1]] as const);
  const detectable =
    posterior === null ? null : gaugeMinimumDetectable(margin, posterior, input.plannedSteps, input.alpha);
  return {
    ...evidence,
    excluded: isExcluded(posterior, bound, metric.direction),
    effect,
    interval,
    canary: summarise(arms.canary),
    baseline: summarise(arms.baseline),
    minimumDetectableEffect: detectable === null ? null : scale.toRelative(detectable),
    stepsNeeded:
      posterior === null || middle === null
        ? null
        : gaugeStepsNeeded(margin, Math.abs(middle), posterior, input.plannedSteps, input.alpha),
    ...troubleOf(metric, gaps, null),
    comparison:
      describe(metric.name, effect, interval, arms) + writeDropped(canary.dropped + baseline.dropped),
    wentSilent: gaps.wentSilent,
  };
}
