import { median } from 'simple-statistics';
import { clean, present } from '../clean.ts';
import type { JudgeInput, MetricInput, Samples } from '../types.ts';
import { writeChange, writeDropped, writePercent, writeValue } from '../words.ts';
import type { Assessment, Glance, Weighing } from './assessment.ts';
import { meanOfSides } from './direction.ts';
import { type Gaps, gapsOf } from './gaps.ts';
import { gaugeAnytime } from './gauge-anytime.ts';
import { gaugeEvidence, type Side } from './gauge-evidence.ts';
import { type GaugeNoise, gaugeNoise } from './gauge-noise.ts';
import { acceptableBound, isExcluded, lackingOf } from './gauge-pass.ts';
import { type GaugePosterior, gaugePosterior } from './gauge-posterior.ts';
import { gaugeMinimumDetectable, gaugeStepsNeeded } from './gauge-power.ts';
import { pairsOf, type Scale } from './gauge-scale.ts';
import { type GaugeSeries, gaugeSeries, widen } from './gauge-series.ts';
import { troubleOf } from './obstacle.ts';
import { theWholeRun } from './onset.ts';
import { summarise } from './summary.ts';

type GaugeInput = Extract<MetricInput, { kind: 'gauge' }>;
type Arms = { readonly canary: Samples; readonly baseline: Samples };

/** A gauge after some of its steps. */
type State = {
  readonly series: GaugeSeries;
  readonly noise: GaugeNoise;
  readonly scale: Scale;
  /** What is nobody's business, in units of the differences. */
  readonly margin: number;
};

function stateOf(metric: GaugeInput, series: GaugeSeries, noise: GaugeNoise): State {
  const { scale } = series;
  return { series, noise, scale, margin: scale.fromRelative(metric.margin) + noise.offset };
}

/** Evidence for harm, and, only where an early pass may be said, evidence against it. */
function weigh(metric: GaugeInput, { series, noise, scale, margin }: State, input: JudgeInput) {
  const ask = (side: Side, plannedSteps: number) =>
    gaugeEvidence(series.whites, noise.prior, plannedSteps, side, noise.profile);
  const bound = input.earlyPass ? acceptableBound(metric, scale) : 0;
  const against = (sign: 1 | -1): Side => ({ boundary: sign * bound, sign: sign === 1 ? -1 : 1 });
  return meanOfSides(metric.direction, (sign) => ({
    ...ask({ boundary: sign * margin, sign }, input.plannedSteps),
    logPass: input.earlyPass ? ask(against(sign), theWholeRun).logE : Number.NEGATIVE_INFINITY,
  }));
}

/** What the plan can find, and when it finds what is seen now. */
function power(
  { direction }: GaugeInput,
  { margin, scale }: State,
  posterior: GaugePosterior | null,
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

type Effect = Pick<
  Assessment,
  'effect' | 'interval' | 'effectAbsolute' | 'intervalAbsolute' | 'anytimeInterval'
>;

const unknownEffect: Effect = {
  effect: null,
  interval: null,
  effectAbsolute: null,
  intervalAbsolute: null,
  anytimeInterval: null,
};

/** The difference seen, in relative and in the metric's own units, with its intervals. */
function effectOf({ series, noise, scale }: State, posterior: GaugePosterior | null): Effect {
  if (posterior === null) return unknownEffect;
  const [middle, low, high] = [posterior.quantile(0.5), posterior.quantile(0.05), posterior.quantile(0.95)];
  const relative = [low, high].map(scale.toRelative);
  const [least = null, most = null] = relative;
  const anytime = gaugeAnytime(series.whites, noise.prior, noise.profile, posterior);
  const [lowest, highest] = anytime.map((end) => (end === null ? null : scale.toRelative(end)));
  return {
    effect: scale.toRelative(middle),
    interval: least === null || most === null ? null : [least, most],
    effectAbsolute: scale.toAbsolute(middle),
    intervalAbsolute: [scale.toAbsolute(low), scale.toAbsolute(high)],
    anytimeInterval: [lowest ?? null, highest ?? null],
  };
}

function describe(name: string, { effect, interval }: Effect, arms: Arms): string {
  const middle = (values: Samples): string =>
    present(values).length === 0 ? 'nothing' : writeValue(median(present(values)));
  const levels = `${name}: ${middle(arms.canary)} in the canary against ${middle(arms.baseline)}`;
  if (effect === null || interval === null) return levels;
  const [low, high] = interval;
  return `${levels}, ${writeChange(effect)} (90 % interval ${writePercent(low)} to ${writePercent(high)})`;
}

function assessGauge(
  metric: GaugeInput,
  arms: Arms,
  state: State,
  gaps: Gaps,
  dropped: number,
  input: JudgeInput,
): Assessment {
  const { series, noise, scale } = state;
  const posterior = gaugePosterior(widen(series), noise.passPrior, noise.profile);
  const bound = acceptableBound(metric, scale);
  const effect = effectOf(state, posterior);
  const excluded = isExcluded(posterior, series.values, bound, metric.direction);
  const seen = { steps: gaps.paired, stepSeconds: input.stepSeconds };
  return {
    ...weigh(metric, state, input),
    excluded,
    ...effect,
    values: pairsOf(arms.canary, arms.baseline, series.steps),
    noise: { ...noise.sources, autocorrelation: posterior === null ? null : posterior.phi },
    edges: null,
    canary: summarise(arms.canary),
    baseline: summarise(arms.baseline),
    ...power(metric, state, posterior, input),
    lacking: excluded || !input.final ? null : lackingOf(posterior, bound, metric.direction, seen),
    ...troubleOf(metric, gaps, dropped, null),
    comparison: describe(metric.name, effect, arms) + writeDropped(dropped),
    wentSilent: gaps.wentSilent,
  };
}

/** A gauge made ready: values of two arms compared step by step. */
export function weighGauge(metric: GaugeInput, input: JudgeInput): Weighing {
  const [canary, baseline] = [clean(metric.canary.values), clean(metric.baseline.values)];
  const arms = { canary: canary.values, baseline: baseline.values };
  const gapsAfter = gapsOf(arms.canary, arms.baseline);
  const seriesAfter = gaugeSeries(arms.canary, arms.baseline);
  const noiseAfter = gaugeNoise(metric, input.plannedSteps);
  const stateAfter = (steps: number): State => {
    const series = seriesAfter(steps);
    return stateOf(metric, series, noiseAfter(steps, series.scale));
  };
  const glance = (steps: number): Glance => {
    const gaps = gapsAfter(steps);
    return {
      ...weigh(metric, stateAfter(steps), input),
      excluded: false,
      ...troubleOf(metric, gaps, 0, null),
      wentSilent: gaps.wentSilent,
    };
  };
  const all = arms.canary.length;
  return {
    glance,
    assess: () =>
      assessGauge(metric, arms, stateAfter(all), gapsAfter(all), canary.dropped + baseline.dropped, input),
  };
}
