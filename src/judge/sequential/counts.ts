import { newcombe, poissonDifference } from '../statistics/newcombe.ts';
import type { JudgeInput, MetricInput } from '../types.ts';
import { writeDropped, writeNumber, writePercent, writeRatio } from '../words.ts';
import { type Assessment, type Glance, passProbability, passZ, type Weighing } from './assessment.ts';
import { type CountSteps, fittedRatio, joinCounts, total } from './count-steps.ts';
import { type ReadyArm, readyArm } from './counts-arm.ts';
import { askCounts } from './counts-evidence.ts';
import { type CountsPosterior, countsPosterior } from './counts-posterior.ts';
import { countsMinimumDetectable, countsStepsNeeded } from './counts-power.ts';
import { bySign, meanOfSides, sidesOf } from './direction.ts';
import { cutCounts } from './first-steps.ts';
import { gapsOf } from './gaps.ts';
import { troubleOf } from './obstacle.ts';
import { type OnsetEvidence, theWholeRun } from './onset.ts';
import { limitAfter, timesNeeded, writeShortfall } from './shortfall.ts';
import { summariseCounts } from './summary.ts';
import { dispersionOf, pearsonResiduals, type Residuals, tempering } from './tempering.ts';

type CountsInput = Extract<MetricInput, { kind: 'ratio' | 'count' }>;

/**
 * The acceptable difference of rates excluded: the one-sided limit on counts reduced to what they are worth, since
 * over-dispersed and correlated steps carry less information (quasi-likelihood, McCullagh & Nelder 1989, 9.2).
 */
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

/** What a pass rests on: the data, what is known of the ratio, and the share of the counts that is information. */
export type Knowledge = {
  readonly steps: CountSteps;
  readonly posterior: CountsPosterior | null;
  readonly worth: number;
};

export function isExcluded(metric: CountsInput, { steps, posterior, worth }: Knowledge): boolean {
  return sidesOf(metric.direction).every(
    (sign) => isRelativeExcluded(metric, posterior, sign) || isAbsoluteExcluded(metric, steps, worth, sign),
  );
}

/** What a pass lacks if all goes on as it is: the ratio's limit draws nearer, and the counts grow. */
export function lackingOf(metric: CountsInput, known: Knowledge, stepSeconds: number): string | null {
  const { steps, posterior, worth } = known;
  const bound = Math.log1p(metric.acceptable.relative ?? 0);
  const isEnough = (times: number): boolean =>
    sidesOf(metric.direction).every((sign) => {
      if (isAbsoluteExcluded(metric, steps, worth * times, sign)) return true;
      if (posterior === null || metric.acceptable.relative === undefined) return false;
      const [middle, limit] = [posterior.quantile(0.5), posterior.quantile(sign === 1 ? 0.95 : 0.05)];
      return sign * limitAfter(times, middle, limit) < bound;
    });
  const requests = metric.kind === 'ratio' ? total(steps.canaryTotal) : null;
  return writeShortfall(timesNeeded(isEnough), steps.canary.length, stepSeconds, requests);
}

/** Ratio of rates with its interval; `null` while an arm has no events, for then the ratio has no bound. */
export function effectOf(
  steps: CountSteps,
  posterior: CountsPosterior | null,
): Pick<Assessment, 'effect' | 'interval'> {
  const isBounded = total(steps.canary) > 0 && total(steps.baseline) > 0;
  if (!isBounded || posterior === null) return { effect: null, interval: null };
  const at = (p: number): number => Math.expm1(posterior.quantile(p));
  return { effect: at(0.5), interval: [at(0.05), at(0.95)] };
}

/** An error-free comparison; says so too when the events' series never existed, for the query may be mistaken. */
function describeNone({ name, kind, direction }: CountsInput, steps: CountSteps, neverSeen: boolean): string {
  const noun = kind === 'ratio' && direction !== 'decrease' ? 'errors' : 'events';
  const whole = kind === 'ratio' ? 'requests' : 'units of exposure';
  const [canary, baseline] = [steps.canaryTotal, steps.baselineTotal].map((arm) =>
    writeNumber(Math.round(total(arm))),
  );
  const never = neverSeen ? ' (their series never existed)' : '';
  return `${name}: no ${noun} in ${canary} canary and ${baseline} baseline ${whole}${never}`;
}

function describe(
  metric: CountsInput,
  steps: CountSteps,
  { effect, interval }: Pick<Assessment, 'effect' | 'interval'>,
  neverSeen: boolean,
): string {
  const { name, kind } = metric;
  const [canary, baseline] = [total(steps.canary), total(steps.baseline)];
  const [canaryTotal, baselineTotal] = [total(steps.canaryTotal), total(steps.baselineTotal)];
  if (canaryTotal === 0 || baselineTotal === 0) return `${name}: nothing to count in one of the arms`;
  if (canary === 0 && baseline === 0) return describeNone(metric, steps, neverSeen);
  const write = kind === 'ratio' ? writePercent : (rate: number): string => `${writeNumber(rate)} per unit`;
  const levels = `${name}: ${write(canary / canaryTotal)} in the canary against ${write(baseline / baselineTotal)}`;
  if (effect === null || interval === null) return levels;
  const [low, high] = interval;
  return `${levels}, ${writeRatio(1 + effect)}× (90 % interval ${writeRatio(1 + low)}–${writeRatio(1 + high)})`;
}

export function power(
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
  const sign = metric.direction === 'decrease' ? -1 : 1;
  const allowed = (1 + metric.margin) ** sign;
  const { plannedSteps, alpha } = input;
  return {
    minimumDetectableEffect: countsMinimumDetectable(allowed, sign, pace, plannedSteps, alpha),
    stepsNeeded: countsStepsNeeded(fittedRatio(steps), allowed, sign, pace, plannedSteps, alpha),
  };
}

/** Both arms joined; impossible values make all of them no evidence, neither for harm nor for a pass. */
function joined(canary: ReadyArm, baseline: ReadyArm, nonsense: string | null): CountSteps {
  const nothing = { events: [], total: [] };
  return nonsense === null ? joinCounts(canary, baseline) : joinCounts(nothing, nothing);
}

type Weigh = (gridSteps: number, residuals: Residuals) => OnsetEvidence & { readonly logPass: number };

/** Evidence for harm, and, only where an early pass may be said, evidence against it. */
function weighSides(metric: CountsInput, steps: CountSteps, input: JudgeInput): Weigh {
  const bound = Math.log1p(metric.acceptable.relative ?? metric.margin);
  const forHarm = bySign((sign) =>
    askCounts(steps, input.plannedSteps, { boundary: sign * Math.log1p(metric.margin), sign }),
  );
  const against = bySign((sign) =>
    askCounts(steps, theWholeRun, { boundary: sign * bound, sign: sign === 1 ? -1 : 1 }),
  );
  return (gridSteps, residuals) =>
    meanOfSides(metric.direction, (sign) => ({
      ...forHarm(sign)(gridSteps, residuals),
      logPass: input.earlyPass ? against(sign)(gridSteps, residuals).logE : Number.NEGATIVE_INFINITY,
    }));
}

/** A ratio or a count made ready: events out of a total in each arm. */
export function weighCounts(metric: CountsInput, input: JudgeInput): Weighing {
  const canary = readyArm(metric.canary, metric.kind, metric.name);
  const baseline = readyArm(metric.baseline, metric.kind, metric.name);
  const nonsense = canary.nonsense ?? baseline.nonsense;
  const dropped = canary.dropped + baseline.dropped;
  const gapsAfter = gapsOf(canary.total, baseline.total);
  const steps = joined(canary, baseline, nonsense);
  const weigh = weighSides(metric, steps, input);
  const residualsAfter = (kept: number): Residuals => pearsonResiduals(steps, fittedRatio(steps, kept), kept);
  const glance = (count: number): Glance => {
    // Values that make no sense are none of the looks' business that did not see them.
    if (nonsense !== null) return weighCounts(cutCounts(metric, count), { ...input, final: false }).assess();
    const gaps = gapsAfter(count);
    return {
      ...weigh(count, residualsAfter(steps.kept[count] ?? 0)),
      excluded: false,
      ...troubleOf(metric, gaps, 0, null),
      wentSilent: gaps.wentSilent,
    };
  };
  const assess = (): Assessment => {
    const gaps = gapsAfter(metric.canary.total.length);
    const residuals = residualsAfter(steps.canary.length);
    const eta = tempering(residuals, 0);
    const posterior = countsPosterior(steps, eta);
    const effect = effectOf(steps, posterior);
    const known = { steps, posterior, worth: eta / dispersionOf(residuals) };
    const excluded = isExcluded(metric, known);
    return {
      ...weigh(gaps.steps, residuals),
      excluded,
      ...effect,
      effectAbsolute: null,
      intervalAbsolute: null,
      anytimeInterval: null,
      values: { canary: [], baseline: [] },
      noise: null,
      edges: null,
      canary: summariseCounts(canary.events, canary.total),
      baseline: summariseCounts(baseline.events, baseline.total),
      ...power(metric, steps, eta, input),
      lacking: excluded || !input.final ? null : lackingOf(metric, known, input.stepSeconds),
      ...troubleOf(metric, gaps, dropped, nonsense),
      comparison:
        describe(metric, steps, effect, canary.neverSeen && baseline.neverSeen) + writeDropped(dropped),
      wentSilent: gaps.wentSilent,
    };
  };
  return { glance, assess };
}
