import { clean } from '../clean.ts';
import { newcombe, poissonDifference } from '../statistics/newcombe.ts';
import type { CountsArm, JudgeInput, MetricInput, Samples } from '../types.ts';
import { writeDropped, writeNumber, writePercent, writeRatio } from '../words.ts';
import { type Assessment, passProbability, passZ } from './assessment.ts';
import { type CountSteps, fittedRatio, joinCounts, total } from './count-steps.ts';
import { countsLogE } from './counts-evidence.ts';
import { type CountsPosterior, countsPosterior } from './counts-posterior.ts';
import { countsMinimumDetectable, countsStepsNeeded } from './counts-power.ts';
import { meanOfSides } from './direction.ts';
import { findGaps } from './gaps.ts';
import { troubleOf } from './obstacle.ts';
import { summariseCounts } from './summary.ts';
import { dispersionOf, pearsonResiduals, type Residuals, tempering } from './tempering.ts';

type CountsInput = Extract<MetricInput, { kind: 'ratio' | 'count' }>;

/** One arm made ready: absent events are none while the total is there, and a total of 0 is a step without a word. */
type ReadyArm = {
  readonly events: readonly number[];
  readonly total: Samples;
  readonly dropped: number;
  readonly nonsense: string | null;
};

function readyArm({ events, total: totals }: CountsArm, kind: 'ratio' | 'count', name: string): ReadyArm {
  const [cleanEvents, cleanTotals] = [clean(events), clean(totals)];
  const known = cleanTotals.values.map((value) => (value !== null && value > 0 ? value : null));
  const filled = known.map((value, step) => (value === null ? 0 : (cleanEvents.values[step] ?? 0)));
  const negative = cleanTotals.values.filter(
    (value, step) => (value ?? 0) < 0 || (cleanEvents.values[step] ?? 0) < 0,
  ).length;
  const excess =
    kind === 'count'
      ? 0
      : known.filter((value, step) => value !== null && isTooMany(filled[step] ?? 0, value)).length;
  return {
    events: filled.map((value, step) =>
      Math.max(0, kind === 'ratio' ? Math.min(value, known[step] ?? 0) : value),
    ),
    total: known,
    dropped: cleanEvents.dropped + cleanTotals.dropped,
    nonsense: describeNonsense(name, negative, excess),
  };
}

/** Counters extrapolated to a step's edges may give a little more events than requests; more than that is a mistake. */
function isTooMany(events: number, whole: number): boolean {
  return events > whole + Math.max(1, 0.01 * whole);
}

function describeNonsense(name: string, negative: number, excess: number): string | null {
  if (negative > 0)
    return `${name} has negative counts in ${negative} step${negative === 1 ? '' : 's'}; a counter's increase cannot be below 0`;
  if (excess > 0)
    return `${name} has more events than its total in ${excess} step${excess === 1 ? '' : 's'}; events must be a part of the total`;
  return null;
}

/** The acceptable difference of rates excluded: the one-sided limit on counts reduced to what they are worth. */
function isAbsoluteExcluded(metric: CountsInput, steps: CountSteps, worth: number, sign: 1 | -1): boolean {
  const { absolute } = metric.acceptable;
  if (absolute === undefined) return false;
  const canary = { events: worth * total(steps.canary), total: worth * total(steps.canaryTotal) };
  const baseline = { events: worth * total(steps.baseline), total: worth * total(steps.baselineTotal) };
  const difference =
    metric.kind === 'ratio' ? newcombe(canary, baseline, passZ) : poissonDifference(canary, baseline, passZ);
  if (difference === null) return false;
  return sign === 1 ? difference.interval[1] < absolute : -difference.interval[0] < absolute;
}

function isRelativeExcluded(metric: CountsInput, posterior: CountsPosterior | null, sign: 1 | -1): boolean {
  const { relative } = metric.acceptable;
  if (relative === undefined || posterior === null) return false;
  const bound = Math.log1p(relative);
  return sign === 1
    ? posterior.below(bound) >= passProbability
    : 1 - posterior.below(-bound) >= passProbability;
}

function isExcluded(
  metric: CountsInput,
  steps: CountSteps,
  posterior: CountsPosterior | null,
  residuals: Residuals,
  eta: number,
): boolean {
  const worth = eta / dispersionOf(residuals);
  const signs =
    metric.direction === 'either'
      ? ([1, -1] as const)
      : metric.direction === 'increase'
        ? ([1] as const)
        : ([-1] as const);
  return signs.every(
    (sign) => isRelativeExcluded(metric, posterior, sign) || isAbsoluteExcluded(metric, steps, worth, sign),
  );
}

/** Ratio of rates with its interval; `null` while an arm has no events, for then the ratio has no bound. */
function effectOf(
  steps: CountSteps,
  posterior: CountsPosterior | null,
): Pick<Assessment, 'effect' | 'interval'> {
  const isBounded = total(steps.canary) > 0 && total(steps.baseline) > 0;
  if (!isBounded || posterior === null) return { effect: null, interval: null };
  const at = (p: number): number => Math.expm1(posterior.quantile(p));
  return { effect: at(0.5), interval: [at(0.05), at(0.95)] };
}

function describe(
  metric: CountsInput,
  steps: CountSteps,
  { effect, interval }: Pick<Assessment, 'effect' | 'interval'>,
): string {
  const { name, kind } = metric;
  const [canary, baseline] = [total(steps.canary), total(steps.baseline)];
  const [canaryTotal, baselineTotal] = [total(steps.canaryTotal), total(steps.baselineTotal)];
  if (canaryTotal === 0 || baselineTotal === 0) return `${name}: nothing to count in one of the arms`;
  const noun = kind === 'ratio' ? 'requests' : 'units of exposure';
  if (canary === 0 && baseline === 0) {
    return `${name}: no events ever in ${writeNumber(Math.round(canaryTotal))} canary and ${writeNumber(Math.round(baselineTotal))} baseline ${noun}`;
  }
  const write = kind === 'ratio' ? writePercent : (rate: number): string => `${writeNumber(rate)} per unit`;
  const levels = `${name}: ${write(canary / canaryTotal)} in the canary against ${write(baseline / baselineTotal)}`;
  if (effect === null || interval === null) return levels;
  const [low, high] = interval;
  return `${levels}, ${writeRatio(1 + effect)}× (90 % interval ${writeRatio(1 + low)}–${writeRatio(1 + high)})`;
}

function power(
  metric: CountsInput,
  steps: CountSteps,
  eta: number,
  input: JudgeInput,
): Pick<Assessment, 'minimumDetectableEffect' | 'stepsNeeded'> {
  const n = steps.canary.length;
  if (n === 0 || total(steps.baseline) === 0) return { minimumDetectableEffect: null, stepsNeeded: null };
  const pace = {
    baselineEvents: total(steps.baseline) / n,
    canaryTotal: total(steps.canaryTotal) / n,
    baselineTotal: total(steps.baselineTotal) / n,
    eta,
  };
  const allowed = 1 + metric.margin;
  return {
    minimumDetectableEffect: countsMinimumDetectable(allowed, pace, input.plannedSteps, input.alpha),
    stepsNeeded: countsStepsNeeded(fittedRatio(steps), allowed, pace, input.plannedSteps, input.alpha),
  };
}

/** Assesses a ratio or a count: events out of a total in each arm. */
export function assessCounts(metric: CountsInput, input: JudgeInput): Assessment {
  const canary = readyArm(metric.canary, metric.kind, metric.name);
  const baseline = readyArm(metric.baseline, metric.kind, metric.name);
  const gaps = findGaps(canary.total, baseline.total);
  const steps = joinCounts(canary, baseline);
  const residuals = pearsonResiduals(steps, fittedRatio(steps));
  const eta = tempering(residuals, 0);
  const posterior = countsPosterior(steps, eta);
  const bound = Math.log1p(metric.acceptable.relative ?? metric.margin);
  const ask = (boundary: number, sign: 1 | -1): number =>
    countsLogE(steps, residuals, input.plannedSteps, { boundary, sign });
  const evidence = meanOfSides(metric.direction, (sign) => ({
    logE: ask(sign * Math.log1p(metric.margin), sign),
    logPass:
      input.earlyPass && !input.final ? ask(sign * bound, sign === 1 ? -1 : 1) : Number.NEGATIVE_INFINITY,
  }));
  const effect = effectOf(steps, posterior);
  return {
    ...evidence,
    excluded: isExcluded(metric, steps, posterior, residuals, eta),
    ...effect,
    canary: summariseCounts(canary.events, canary.total),
    baseline: summariseCounts(baseline.events, baseline.total),
    ...power(metric, steps, eta, input),
    ...troubleOf(metric, gaps, canary.nonsense ?? baseline.nonsense),
    comparison: describe(metric, steps, effect) + writeDropped(canary.dropped + baseline.dropped),
    wentSilent: gaps.wentSilent,
  };
}
