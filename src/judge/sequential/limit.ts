import { clean, present } from '../clean.ts';
import type { Direction, JudgeInput, MetricInput, Samples } from '../types.ts';
import { writeDropped, writeValue } from '../words.ts';
import { type Assessment, type Glance, passProbability, type Weighing } from './assessment.ts';
import { meanOfSides } from './direction.ts';
import { type Gaps, gapsOf } from './gaps.ts';
import type { GaugePosterior } from './gauge-posterior.ts';
import { gaugeMinimumDetectable, gaugeStepsNeeded } from './gauge-power.ts';
import { levelPosterior, weighSide } from './limit-evidence.ts';
import { distancesFrom, type Threshold } from './limit-level.ts';
import { limitAfter, timesNeeded, writeShortfall } from './shortfall.ts';
import { summarise } from './summary.ts';

type LimitInput = Extract<MetricInput, { kind: 'limit' }>;

/** So many values none of which lies beyond the threshold are within it, whatever their noise. */
const enoughWithin = 10;

function thresholdsOf({ max, min }: LimitInput): Threshold[] {
  return [
    ...(max === undefined ? [] : [{ limit: max, sign: 1 } as const]),
    ...(min === undefined ? [] : [{ limit: min, sign: -1 } as const]),
  ];
}

/** Thresholds that nothing can be held against; `null` when there is nothing wrong with them. */
function nonsenseOf({ name, max, min }: LimitInput): string | null {
  if (max === undefined && min === undefined) return `${name} has neither a max nor a min to be held against`;
  if (![max ?? 0, min ?? 0].every(Number.isFinite)) return `${name} has a limit that is not a finite number`;
  if (max !== undefined && min !== undefined && min > max)
    return `${name} has a min of ${writeValue(min)} above its max of ${writeValue(max)}`;
  return null;
}

/** The sides that are harm, as those of a direction: above a max, below a min, or both. */
function directionOf({ max, min }: LimitInput): Direction {
  if (max !== undefined && min !== undefined) return 'either';
  return max === undefined ? 'decrease' : 'increase';
}

function weigh(metric: LimitInput, values: Samples, input: JudgeInput) {
  if (nonsenseOf(metric) !== null) return { logE: 0, onset: 1, logPass: Number.NEGATIVE_INFINITY };
  const { max, min } = metric;
  return meanOfSides(directionOf(metric), (sign) =>
    weighSide(values, { limit: (sign === 1 ? max : min) ?? 0, sign }, input),
  );
}

/** What is known of the level against one threshold after all steps. */
type Known = {
  readonly threshold: Threshold;
  readonly distances: readonly number[];
  readonly posterior: GaugePosterior;
};

function knowledgeOf(values: Samples, threshold: Threshold): Known | null {
  const distances = distancesFrom(values, threshold);
  const posterior = levelPosterior(distances);
  return posterior === null ? null : { threshold, distances: present(distances), posterior };
}

/**
 * Whether a level beyond the threshold is as improbable as a pass demands; or, as many metrics stand at their threshold
 * and never cross it, not one of ten values or more, or of values that are all equal, lies beyond.
 */
function isWithin({ distances, posterior }: Known): boolean {
  if (1 - posterior.below(0) <= 1 - passProbability) return true;
  const isSteady = distances.every((distance) => distance === distances[0]);
  return (isSteady || distances.length >= enoughWithin) && distances.every((distance) => distance <= 0);
}

/** What a pass lacks if all goes on as it is. */
function lackingOf(known: readonly Known[], steps: number, stepSeconds: number): string | null {
  const times = timesNeeded((candidate) =>
    known.every((one) => {
      const [middle, limit] = [one.posterior.quantile(0.5), one.posterior.quantile(passProbability)];
      return isWithin(one) || limitAfter(candidate, middle, limit) < 0;
    }),
  );
  return writeShortfall(times, steps, stepSeconds, null);
}

function writeLimits({ max, min }: LimitInput): string {
  if (max !== undefined && min !== undefined) return `a range of ${writeValue(min)} to ${writeValue(max)}`;
  return max === undefined ? `a minimum of ${writeValue(min ?? 0)}` : `a maximum of ${writeValue(max)}`;
}

type Level = Pick<
  Assessment,
  'effectAbsolute' | 'intervalAbsolute' | 'minimumDetectableEffect' | 'stepsNeeded'
> & {
  readonly comparison: string;
};

/** The level in words, its distance from the nearer threshold (above is positive), and what can be found there. */
function describe(metric: LimitInput, known: readonly Known[], input: JudgeInput): Level {
  const [nearest] = known.toSorted(
    (one, other) => other.posterior.quantile(0.5) - one.posterior.quantile(0.5),
  );
  if (nearest === undefined) {
    const comparison = `${metric.name}: too few values to hold against ${writeLimits(metric)}`;
    return {
      effectAbsolute: null,
      intervalAbsolute: null,
      minimumDetectableEffect: null,
      stepsNeeded: null,
      comparison,
    };
  }
  const { threshold, posterior } = nearest;
  const { limit, sign } = threshold;
  const at = (p: number): number => sign * posterior.quantile(sign === 1 ? p : 1 - p);
  const [low, middle, high] = [at(0.05), at(0.5), at(0.95)];
  const write = (distance: number): string => writeValue(limit + distance);
  const alpha = input.alpha / known.length;
  const found = gaugeMinimumDetectable(0, posterior, input.plannedSteps, alpha);
  return {
    effectAbsolute: middle,
    intervalAbsolute: [low, high],
    // A part of a limit of 0 is no number, and such are not told.
    minimumDetectableEffect: found === null ? null : found / Math.abs(limit),
    stepsNeeded: gaugeStepsNeeded(0, posterior.quantile(0.5), posterior, input.plannedSteps, alpha),
    comparison: `${metric.name}: level ${write(middle)} (90 % interval ${write(low)} to ${write(high)}) against ${writeLimits(metric)}`,
  };
}

/** What keeps a limit from being judged. Without a baseline there is no silence, only data that are not there. */
function troubleOf(
  { error }: LimitInput,
  gaps: Gaps,
  dropped: number,
  nonsense: string | null,
): Pick<Assessment, 'obstacle' | 'trouble'> {
  const wrong = error ?? nonsense;
  if (wrong !== null) return { obstacle: 'error', trouble: wrong };
  const noData = (trouble: string) =>
    ({ obstacle: 'no_data', trouble: trouble + writeDropped(dropped) }) as const;
  if (gaps.enough)
    return gaps.endsEmpty
      ? noData('none of the last 3 steps has data, so the end was not seen')
      : { obstacle: null, trouble: null };
  const found =
    gaps.paired === 0 ? 'no step has data' : `only ${gaps.paired} of ${gaps.steps} steps have data`;
  return noData(`${found}; at least 3 and half of all are needed`);
}

function assessLimit(
  metric: LimitInput,
  { values, dropped }: { readonly values: Samples; readonly dropped: number },
  gaps: Gaps,
  input: JudgeInput,
): Assessment {
  const nonsense = nonsenseOf(metric);
  const thresholds = nonsense === null ? thresholdsOf(metric) : [];
  const known = thresholds.map((threshold) => knowledgeOf(values, threshold)).filter((one) => one !== null);
  const { comparison, ...level } = describe(metric, known, input);
  const excluded = known.length > 0 && known.every(isWithin);
  return {
    ...weigh(metric, values, input),
    excluded,
    effect: null,
    interval: null,
    ...level,
    anytimeInterval: null,
    values: { canary: [], baseline: [] },
    noise: null,
    edges: null,
    canary: summarise(values),
    baseline: summarise([]),
    lacking: excluded || !input.final ? null : lackingOf(known, gaps.paired, input.stepSeconds),
    ...troubleOf(metric, gaps, dropped, nonsense),
    comparison: comparison + writeDropped(dropped),
    wentSilent: false,
  };
}

/**
 * A limit made ready: the canary's values held against a threshold, without a baseline. What is judged is their level,
 * the mean that they move around with autocorrelated (AR(1)) noise, and not each value: `gaugeEvidence` that the mean
 * distance beyond the threshold is above 0, with onset windows for a level that moves later, as differences and as
 * log ratios. Outliers are drawn in (`drawIn`), so that one value, however far beyond, does not fail a run, while a
 * level that stays beyond is found within some steps. With a max and a min the evidence is the mean of both, so that
 * each has half of alpha. A pass excludes a level beyond.
 */
export function weighLimit(metric: LimitInput, input: JudgeInput): Weighing {
  const cleaned = clean(metric.canary.values);
  const { values } = cleaned;
  const gapsAfter = gapsOf(values, values);
  const nonsense = nonsenseOf(metric);
  const glance = (steps: number): Glance => ({
    ...weigh(metric, values.slice(0, steps), input),
    // Only the planned end asks for it, and that is assessed in full.
    excluded: false,
    ...troubleOf(metric, gapsAfter(steps), 0, nonsense),
    wentSilent: false,
  });
  return { glance, assess: () => assessLimit(metric, cleaned, gapsAfter(values.length), input) };
}
