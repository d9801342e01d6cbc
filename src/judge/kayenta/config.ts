import type { Direction } from '../types.ts';

/** What becomes of missing values: left out, or taken as 0. */
export const nanStrategies = ['remove', 'replace'] as const;
/** What becomes of outliers: left out, or kept. */
export const outlierStrategies = ['keep', 'remove'] as const;
/** Ratio of the means, or the probability that a canary value lies above a baseline value. */
export const effectMeasures = ['meanRatio', 'cles'] as const;

export type NanStrategy = (typeof nanStrategies)[number];
export type OutlierStrategy = (typeof outlierStrategies)[number];
export type EffectMeasure = (typeof effectMeasures)[number];

/** The effect from which on a difference counts, and that from which on a critical metric fails the canary. */
export type EffectThresholds = {
  readonly measure: EffectMeasure;
  readonly allowedIncrease: number;
  readonly allowedDecrease: number;
  readonly criticalIncrease: number;
  readonly criticalDecrease: number;
};

/** One metric of a canaryConfig, every default filled in. */
export type KayentaMetric = {
  readonly name: string;
  /** Where it counts in the score; none counts nowhere, several in each. */
  readonly groups: readonly string[];
  readonly direction: Direction;
  readonly nanStrategy: NanStrategy;
  readonly outliers: { readonly strategy: OutlierStrategy; readonly outlierFactor: number };
  readonly critical: boolean;
  readonly mustHaveData: boolean;
  readonly muted: boolean;
  readonly effectSize: EffectThresholds;
};

/** What the judge needs of a canaryConfig. */
export type KayentaConfig = {
  readonly metrics: readonly KayentaMetric[];
  /** Per cent of the score by group; groups without one share what is left of 100. */
  readonly groupWeights: ReadonlyMap<string, number>;
};

/** Scores from which on a canary passes and is at least marginal, 0–100. */
export type KayentaThresholds = { readonly pass: number; readonly marginal: number };

/** Both arms of a metric. `null`, NaN and ±Infinity are missing. */
export type MetricSetPair = {
  readonly name: string;
  readonly id?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly control: readonly (number | null)[];
  readonly experiment: readonly (number | null)[];
};

/** The thresholds that let every difference count: no change by the measure. */
export function effectDefaults(measure: EffectMeasure): EffectThresholds {
  const none = measure === 'cles' ? 0.5 : 1;
  return {
    measure,
    allowedIncrease: none,
    allowedDecrease: none,
    criticalIncrease: none,
    criticalDecrease: none,
  };
}

/** A metric as Kayenta takes it when nothing but its name is said; `changes` say more. */
export function kayentaMetric(name: string, changes: Partial<KayentaMetric> = {}): KayentaMetric {
  return {
    name,
    groups: [],
    direction: 'either',
    nanStrategy: 'remove',
    outliers: { strategy: 'keep', outlierFactor: 3 },
    critical: false,
    mustHaveData: false,
    muted: false,
    effectSize: effectDefaults('meanRatio'),
    ...changes,
  };
}
