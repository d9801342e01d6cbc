import { clean } from '../clean.ts';
import type { MetricInput, NoiseProfile, NoiseSources, Samples } from '../types.ts';
import type { Scale } from './gauge-scale.ts';
import { addProfiles } from './noise-profile.ts';
import { choosePhiPrior, type PhiPrior } from './phi-prior.ts';
import { alignPods, type Pods, replicaProfile } from './pod-contrasts.ts';
import { needsPodOffset, podOffset } from './pod-offset.ts';

type GaugeInput = Extract<MetricInput, { kind: 'gauge' }>;

/** What is known of a gauge's noise besides the differences of its arms. */
export type GaugeNoise = {
  /** ln of the prior of each φ. */
  readonly prior: readonly number[];
  /** ln of the prior of each φ of the wide grid, for what is known of the effect. */
  readonly passPrior: readonly number[];
  readonly profile: NoiseProfile | null;
  /** To be added to the margin. */
  readonly offset: number;
  readonly sources: Omit<NoiseSources, 'autocorrelation'>;
};

function podsOf({ canary, baseline, historyPods }: GaugeInput): Pods | null {
  if (canary.pods === undefined || baseline.pods === undefined) return null;
  return { canary: canary.pods, baseline: baseline.pods, past: historyPods ?? [] };
}

function firstOf(pods: Pods, steps: number): Pods {
  const cut = (arm: readonly Samples[]): Samples[] => arm.map((pod) => pod.slice(0, steps));
  return { canary: cut(pods.canary), baseline: cut(pods.baseline), past: pods.past };
}

function speaking(arm: readonly Samples[]): number {
  return arm.filter((pod) => pod.some((value) => value !== null)).length;
}

type PodNoise = Pick<GaugeNoise, 'profile' | 'offset'> & { readonly pods: NoiseSources['pods'] };

/** The part of what pods differ by for good that widens the margin where the baseline's past is known. */
const guardWithPast = 0.5;

/**
 * The part of what pods differ by for good that widens the margin. Unless the plan says: of few pods, which do not
 * average it out, all of it without a past, when slow noise and lasting differences look alike, and half of it where
 * the past shows how slow the noise is; chosen by simulation (docs/judge.md).
 */
function guardOf(guard: GaugeInput['podOffsetGuard'], pods: Pods, { historySteps }: PhiPrior): number {
  if (guard === 'never') return 0;
  if (guard === 'always') return 1;
  if (!needsPodOffset(pods)) return 0;
  return historySteps > 0 ? guardWithPast : 1;
}

/** What pods told apart in so many steps tell. */
function podNoise(
  pods: Pods | null,
  steps: number,
  { unit }: Scale,
  prior: PhiPrior,
  guard: GaugeInput['podOffsetGuard'],
): PodNoise {
  if (pods === null) return { profile: null, offset: 0, pods: null };
  const seen = firstOf(pods, steps);
  const counts = { canary: speaking(seen.canary), baseline: speaking(seen.baseline) };
  const aligned = alignPods(seen, unit);
  if (aligned === null) return { profile: null, offset: 0, pods: counts };
  const part = guardOf(guard, aligned, prior);
  return {
    profile: replicaProfile(aligned),
    offset: part > 0 ? part * podOffset(aligned, prior.logWeights) : 0,
    pods: counts,
  };
}

/**
 * What is known of a gauge's noise after so many steps. The prior and what earlier runs told are the same at all of
 * them; pods are compared anew at each. Earlier runs told of log ratios and are of no use on another scale.
 */
export function gaugeNoise(
  metric: GaugeInput,
  plannedSteps: number,
): (steps: number, scale: Scale) => GaugeNoise {
  const past = metric.history === undefined ? undefined : clean(metric.history).values;
  const prior = choosePhiPrior(past, plannedSteps);
  const pods = podsOf(metric);
  return (steps, scale) => {
    const earlier = scale.unit === 'log' ? (metric.profile ?? null) : null;
    const found = podNoise(pods, steps, scale, prior, metric.podOffsetGuard);
    return {
      prior: prior.logWeights,
      passPrior: prior.forPass,
      profile: addProfiles([earlier, found.profile]),
      offset: found.offset,
      sources: {
        historySteps: prior.historySteps,
        earlierRuns: earlier?.runs ?? 0,
        pods: found.pods,
        podOffset: found.offset,
      },
    };
  };
}
