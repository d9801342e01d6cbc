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

/**
 * What pods told apart in so many steps tell. The margin is widened by what they differ for good only where nothing
 * from before the start shows how the arms differ, and few pods do not average it out.
 */
function podNoise(
  pods: Pods | null,
  steps: number,
  { unit }: Scale,
  { logWeights, historySteps }: PhiPrior,
): PodNoise {
  if (pods === null) return { profile: null, offset: 0, pods: null };
  const seen = firstOf(pods, steps);
  const counts = { canary: speaking(seen.canary), baseline: speaking(seen.baseline) };
  const aligned = alignPods(seen, unit);
  if (aligned === null) return { profile: null, offset: 0, pods: counts };
  const isGuarded = historySteps === 0 && needsPodOffset(aligned);
  return {
    profile: replicaProfile(aligned),
    offset: isGuarded ? podOffset(aligned, logWeights) : 0,
    pods: counts,
  };
}

/**
 * What is known of a gauge's noise after so many steps. The prior and what earlier runs told are the same at all of
 * them; pods are compared anew at each. Earlier runs told of log ratios and are of no use on another scale.
 */
export function gaugeNoise(metric: GaugeInput): (steps: number, scale: Scale) => GaugeNoise {
  const prior = choosePhiPrior(metric.history === undefined ? undefined : clean(metric.history).values);
  const pods = podsOf(metric);
  return (steps, scale) => {
    const earlier = scale.unit === 'log' ? (metric.profile ?? null) : null;
    const found = podNoise(pods, steps, scale, prior);
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
