/** Values on an even time grid. `values[i]` stands for the half-open interval `(start + (i-1)*step, start + i*step]`. */
export type Series = {
  /** The first grid point, integer milliseconds since the epoch, a multiple of `step`. */
  readonly start: number;
  /** Distance of two grid points in milliseconds, > 0. */
  readonly step: number;
  /** `null` where nothing was measured. Never NaN or infinite once it is a Series. */
  readonly values: readonly (number | null)[];
};

export const metricKinds = ['gauge', 'ratio', 'count', 'histogram', 'limit'] as const;
export type MetricKind = (typeof metricKinds)[number];

/** When the margin of a gauge read pod by pod grows by what its pods differ for good. */
export const podOffsetGuards = ['auto', 'always', 'never'] as const;
export type PodOffsetGuard = (typeof podOffsetGuards)[number];

/** Which way is harm. */
export const directions = ['increase', 'decrease', 'either'] as const;
export type Direction = (typeof directions)[number];

/** What the judge says of a metric or of the whole; `running` while the planned end is not reached. */
export type Verdict = 'running' | 'pass' | 'fail' | 'inconclusive';

/** Values of one arm, one entry a step. `null`, NaN and ±Infinity are missing. */
export type Samples = readonly (number | null)[];

/**
 * One arm of a gauge: its values. Where the arm's pods were measured one by one they stand in `pods`, one series a pod
 * on the same steps, and `values` is their mean (`meanOfPods`).
 */
export type GaugeArm = { readonly values: Samples; readonly pods?: readonly Samples[] | undefined };
/** One arm of a ratio (total = requests) or a count (total = exposure): events out of total, per step. */
export type CountsArm = { readonly events: Samples; readonly total: Samples };

/**
 * One arm of a histogram. `le` are upper edges, ascending, the last one usually Infinity; `buckets[step][i]` counts what
 * lay above `le[i − 1]` and at or below `le[i]` in that step (not cumulative). `null` where a step is missing.
 */
export type HistogramArm = {
  readonly le: readonly number[];
  readonly buckets: readonly (readonly number[] | null)[];
};

/**
 * Noise learned from elsewhere than the run itself (pods of one arm against each other, earlier runs), as sufficient
 * statistics of the AR(1) model, one entry for each φ of the wide grid (0, 0.1 … 0.9): sums of squares, ln determinants, and degrees of
 * freedom. Adding two profiles adds their parts.
 */
export type NoiseProfile = {
  readonly squares: readonly number[];
  readonly logDeterminants: readonly number[];
  readonly degrees: number;
};

/**
 * The worsening that a pass must exclude; either bound excluded is enough. `relative` 0.5 = half as much again;
 * `absolute` in the metric's natural units (for a ratio: a difference of fractions).
 */
export type Acceptable = { readonly relative?: number | undefined; readonly absolute?: number | undefined };

/** One metric as the judge sees it. Both arms have the same length and start at the same step. */
export type MetricInput = {
  readonly name: string;
  readonly direction: Direction;
  /** Relative worsening that is nobody's business, ≥ 0; 0.1 = 10 %. */
  readonly margin: number;
  readonly acceptable: Acceptable;
  /** Relative weight in the combination, > 0. */
  readonly weight: number;
  readonly critical: boolean;
  /** Why the metric could not be read at this look; its evidence is then that of the samples given. */
  readonly error?: string | undefined;
} & (
  | {
      readonly kind: 'gauge';
      readonly canary: GaugeArm;
      readonly baseline: GaugeArm;
      /** The baseline's own values in the time before the start, oldest first; used when ≥ 30 are present. */
      readonly history?: Samples | undefined;
      /** The same of each of the baseline's pods. */
      readonly historyPods?: readonly Samples[] | undefined;
      /** `auto` by default: as far as simulation calls for it. */
      readonly podOffsetGuard?: PodOffsetGuard | undefined;
      /** What earlier runs of this service, metric and step told of its noise, already discounted; and how many. */
      readonly profile?: (NoiseProfile & { readonly runs: number }) | undefined;
    }
  | { readonly kind: 'ratio' | 'count'; readonly canary: CountsArm; readonly baseline: CountsArm }
  | {
      readonly kind: 'histogram';
      readonly canary: HistogramArm;
      readonly baseline: HistogramArm;
      /** Edges to compare besides those nearest p50, p90 and p99 of the first step. */
      readonly edges: readonly number[];
    }
  | {
      /** Judged against a threshold alone, no baseline; `margin` and `acceptable` play no part. */
      readonly kind: 'limit';
      readonly canary: GaugeArm;
      readonly max?: number | undefined;
      readonly min?: number | undefined;
    }
);

export type JudgeInput = {
  /** Probability that a harmless change is failed by this run, in (0, 1). */
  readonly alpha: number;
  /** Steps in the whole planned window; fixes the weights of the onset windows in advance. */
  readonly plannedSteps: number;
  /** Length of a step in seconds; only used to say times in words. */
  readonly stepSeconds: number;
  /** True at the planned end, the only moment at which a pass can be said (unless `earlyPass`). */
  readonly final: boolean;
  readonly earlyPass: boolean;
  /** What a canary that fell silent does to the run. */
  readonly onCanarySilent: 'inconclusive' | 'fail';
  /** What a metric without (enough) data does to the run at its end. */
  readonly onNoData: 'inconclusive' | 'fail';
  /** At least one. Names are distinct. */
  readonly metrics: readonly MetricInput[];
};

/** A summary of one arm; numbers are `null` where there is nothing to compute them from. */
export type ArmSummary = {
  /** Steps with a value. */
  readonly count: number;
  readonly missing: number;
  readonly mean: number | null;
  readonly median: number | null;
  readonly p95: number | null;
  /** Ratio and count only: sums over the run. */
  readonly events: number | null;
  readonly total: number | null;
};

/** Where a gauge's noise model comes from besides the run's own steps. */
export type NoiseSources = {
  /** Steps of the baseline's past used for the autocorrelation; 0 = none. */
  readonly historySteps: number;
  /** Earlier runs whose noise was used; 0 = none. */
  readonly earlierRuns: number;
  /** Pods told apart in each arm; `null` without per-pod series. */
  readonly pods: { readonly canary: number; readonly baseline: number } | null;
  /** The part of the margin added because pods of one arm differ from each other; 0 = none. */
  readonly podOffset: number;
  /** Lag-1 autocorrelation, averaged over what is known; `null` when nothing is. */
  readonly autocorrelation: number | null;
};

/** One edge of a histogram: the shares of requests slower than it. */
export type EdgeFinding = {
  readonly le: number;
  readonly canary: number | null;
  readonly baseline: number | null;
  /** Relative change of the share, 0.5 = half as many again. */
  readonly effect: number | null;
  readonly logE: number;
};

/** What the judge says of one metric. */
export type Finding = {
  readonly metric: string;
  readonly kind: MetricKind;
  readonly verdict: Verdict;
  readonly critical: boolean;
  readonly weight: number;
  readonly direction: Direction;
  /** Relative change canary against baseline, 0.02 = +2 %; `null` when unknown. */
  readonly effect: number | null;
  /** Interval of `effect` at `intervalLevel`. */
  readonly interval: readonly [number, number] | null;
  readonly intervalLevel: number;
  /** The effect and its interval in the metric's own units; `null` when unknown. */
  readonly effectAbsolute: number | null;
  readonly intervalAbsolute: readonly [number, number] | null;
  /**
   * Relative effects that the evidence has not ruled out so far: a 95 % interval that holds at every look at once, for
   * an effect that is there from the start; an end that is open is `null`.
   */
  readonly anytimeInterval: readonly [number | null, number | null] | null;
  /** P(canary > baseline) − P(canary < baseline) over all pairs of values; −1 … 1. Descriptive only. */
  readonly cliffsDelta: number | null;
  /** Hodges–Lehmann shift of the canary's values against the baseline's, in the metric's units. Descriptive only. */
  readonly shift: number | null;
  /** Two-sided Mann–Whitney p-value of this one look, as if there were no other. Descriptive only. */
  readonly mannWhitneyP: number | null;
  /** Gauges: what the noise was learned from besides the run itself. */
  readonly noise: NoiseSources | null;
  /** Histograms: the edges compared, and the shares of requests above them. */
  readonly edges: readonly EdgeFinding[] | null;
  /** Limits: the threshold. */
  readonly limit: { readonly max: number | null; readonly min: number | null } | null;
  readonly margin: number;
  readonly acceptable: Acceptable;
  /** Natural logarithm of the evidence for harm beyond the margin; 0 = none. */
  readonly logE: number;
  /** Anytime p-value of this look, min(1, 1/E). */
  readonly pValue: number;
  /** The same after closed testing over all metrics. */
  readonly adjustedPValue: number;
  readonly canary: ArmSummary;
  readonly baseline: ArmSummary;
  /** Smallest relative effect found with 80 % power by the planned end; `null` when it cannot be told. */
  readonly minimumDetectableEffect: number | null;
  /** Estimated seconds until this metric is decided; `null` when decided or not to be told. */
  readonly remainingSeconds: number | null;
  readonly reason: string;
  /**
   * What kept the metric from being judged at all: no or too little data, a canary that fell silent, or an error.
   * Such a metric never passes, whatever a plan says of inconclusive ends. `null` when it was judged.
   */
  readonly obstacle: 'no_data' | 'silent' | 'error' | null;
  /** What went wrong in reading or judging the metric. */
  readonly error: string | null;
};

export type Judgement = {
  readonly verdict: Verdict;
  /** 0–100, for display only: 100 × weighted share of pass (1), inconclusive and running (½), fail (0). */
  readonly score: number;
  /** One sentence a person can act on. */
  readonly reason: string;
  readonly evidence: { readonly logE: number; readonly pValue: number; readonly alpha: number };
  readonly findings: readonly Finding[];
};
