/** Values on an even time grid. `values[i]` stands for the half-open interval `(start + (i-1)*step, start + i*step]`. */
export type Series = {
  /** The first grid point, integer milliseconds since the epoch, a multiple of `step`. */
  readonly start: number;
  /** Distance of two grid points in milliseconds, > 0. */
  readonly step: number;
  /** `null` where nothing was measured. Never NaN or infinite once it is a Series. */
  readonly values: readonly (number | null)[];
};

export const metricKinds = ['gauge', 'ratio', 'count'] as const;
export type MetricKind = (typeof metricKinds)[number];

/** Which way is harm. */
export const directions = ['increase', 'decrease', 'either'] as const;
export type Direction = (typeof directions)[number];

/** What the judge says of a metric or of the whole; `running` while the planned end is not reached. */
export type Verdict = 'running' | 'pass' | 'fail' | 'inconclusive';

/** Values of one arm, one entry a step. `null`, NaN and ±Infinity are missing. */
export type Samples = readonly (number | null)[];

/** One arm of a gauge: its values. */
export type GaugeArm = { readonly values: Samples };
/** One arm of a ratio (total = requests) or a count (total = exposure): events out of total, per step. */
export type CountsArm = { readonly events: Samples; readonly total: Samples };

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
    }
  | { readonly kind: 'ratio' | 'count'; readonly canary: CountsArm; readonly baseline: CountsArm }
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
