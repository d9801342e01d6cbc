import type { JudgeInput, MetricInput, Samples } from '../../src/judge/types.ts';

/** A metric as rules see it that know one number a minute and nothing else. */
export type PlainSeries = {
  readonly canary: Samples;
  readonly baseline: Samples;
  /** What the metric is when nothing happens, as an operator would know it. */
  readonly usual: number;
  /** The multiple of `usual` that a fixed threshold allows. */
  readonly allowed: number;
  readonly critical: boolean;
};

/** One metric of a run: for the judge, and for the rules it is compared with. The numbers are the same. */
export type Watched = { readonly metric: MetricInput; readonly plain: PlainSeries };

/** The looks of a run, in minutes; the last one is the planned end. */
export type Looks = { readonly from: number; readonly to: number };

/** A whole run, ready to be judged by every rule. */
export type Run = {
  readonly input: JudgeInput;
  readonly plain: readonly PlainSeries[];
  readonly looks: Looks;
};

/** The probability of failing a harmless run that the judge is asked for. */
export const alpha = 0.05;

/** Puts the metrics of a run together under a plan's defaults. */
export function assemble(watched: readonly Watched[], looks: Looks): Run {
  return {
    input: {
      alpha,
      plannedSteps: looks.to,
      stepSeconds: 60,
      final: true,
      earlyPass: false,
      onCanarySilent: 'inconclusive',
      onNoData: 'inconclusive',
      metrics: watched.map(({ metric }) => metric),
    },
    plain: watched.map(({ plain }) => plain),
    looks,
  };
}

/** What a rule made of a run. */
export type Trace = {
  /** The look at which the rule fails the run; `null` when it never does. */
  readonly failedAt: number | null;
  /** One number a look, from `looks.from` on: the rule fails a run when it reaches a threshold. */
  readonly statistic: readonly number[];
};
