import type { ArmSummary, EdgeFinding, Finding, NoiseSources } from '../types.ts';

/** What can be told of a metric at every look in passing: all that a verdict before the planned end rests on. */
export type Glance = Pick<Assessment, 'logE' | 'logPass' | 'excluded' | 'obstacle' | 'wentSilent'>;

/** A metric made ready to be weighed: what all looks have in common is computed once. */
export type Weighing = {
  /** What the first `steps` steps say. Not to be asked for more steps than there are. */
  readonly glance: (steps: number) => Glance;
  /** All that can be said of all steps. */
  readonly assess: () => Assessment;
};

/** What one metric's data say, before the metrics are weighed together. */
export type Assessment = {
  /** ln of the evidence for harm beyond the margin. */
  readonly logE: number;
  /** The step (from 1) since when harm fits best; 1 = since the start. */
  readonly onset: number;
  /** ln of the evidence that the change is better than the acceptable bound; for an early pass. */
  readonly logPass: number;
  /** Whether the acceptable worsening is excluded with 95 % probability. */
  readonly excluded: boolean;
  readonly effect: number | null;
  readonly interval: readonly [number, number] | null;
  readonly effectAbsolute: number | null;
  readonly intervalAbsolute: readonly [number, number] | null;
  readonly anytimeInterval: readonly [number | null, number | null] | null;
  /** Values of each arm, those present, for the descriptive figures; empty where there are none to compare. */
  readonly values: { readonly canary: readonly number[]; readonly baseline: readonly number[] };
  readonly noise: NoiseSources | null;
  readonly edges: readonly EdgeFinding[] | null;
  readonly canary: ArmSummary;
  readonly baseline: ArmSummary;
  readonly minimumDetectableEffect: number | null;
  /** Steps in all until the metric can be expected to be decided; `null` when it cannot be told. */
  readonly stepsNeeded: number | null;
  /** What a pass lacks at the planned end, in words; `null` when it lacks nothing or more data would not help. */
  readonly lacking: string | null;
  readonly obstacle: Finding['obstacle'];
  /** What the obstacle is, in words. */
  readonly trouble: string | null;
  /** The canary against the baseline in words and numbers, for every reason. */
  readonly comparison: string;
  /** Whether the canary was silent for three steps in a row. */
  readonly wentSilent: boolean;
};

/** The level of the intervals that hold at every look at once. */
export const anytimeLevel = 0.95;
/** The level of the intervals shown. */
export const intervalLevel = 0.9;
/** Its standard normal quantile. */
export const intervalZ = 1.6448536269514722;
/**
 * The probability with which a pass excludes the acceptable worsening. A little above 95 %, so that in simulation at
 * most 5 % of changes just beyond it pass (docs/calibration.md): no posterior is exact. Gauges have a level of their own.
 */
export const passProbability = 0.96;
/** Standard normal quantile of `passProbability`. */
export const passZ = 1.7506860712521692;
