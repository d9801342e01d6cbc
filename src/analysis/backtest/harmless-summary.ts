import type { Finding } from '../../judge/types.ts';
import type { Plan } from '../plan.ts';
import type { HarmedMetric, JudgedMetric, JudgedWindow } from './judged-window.ts';
import { longest, type NamedPlan } from './past-window.ts';
import { median, type Rate, rateOf } from './rate.ts';

/** How a metric did over the harmless windows of a plan. */
export type MetricSummary = {
  readonly metric: string;
  /** Windows that failed in which this metric was found guilty. */
  readonly failed: number;
  /** Median minutes to that, from the window's start. */
  readonly minutes: number | null;
  readonly noData: number;
  readonly silent: number;
  readonly errors: number;
  /** Windows failed when this metric alone was harmed on purpose; `null` when that was not tried. */
  readonly harmed: { readonly caught: Rate; readonly minutes: number | null } | null;
};

/** How a plan did over the harmless windows. */
export type HarmlessSummary = {
  readonly plan: string;
  /** Windows with data, under this plan. */
  readonly judged: number;
  /** Windows in which no metric had enough data; in no rate. */
  readonly empty: number;
  readonly falseAlarms: Rate;
  readonly passed: Rate;
  readonly inconclusive: Rate;
  /** Verdicts of those that are the plan's answer to an inconclusive end, not the judge's. */
  readonly byOnInconclusive: number;
  /** The most false alarms that the plan allows: its alpha over its stages; `null` for a judge that knows no such limit. */
  readonly alpha: number | null;
  /** Median minutes from the start to a false alarm. */
  readonly minutes: number | null;
  /** Whether windows overlap; their intervals are widened. */
  readonly overlap: boolean;
  readonly metrics: readonly MetricSummary[];
};

/** What one run of the plan may spend on false alarms; `null` where its judge knows no such limit. */
export function alphaOf({ judge, alpha, stages }: Plan): number | null {
  return judge === 'sequential' ? alpha / stages : null;
}

function summariseHarm(harmed: readonly HarmedMetric[], worth: number): MetricSummary['harmed'] {
  const minutes = harmed.flatMap((one) => (one.minutes === null ? [] : [one.minutes]));
  const caught = harmed.filter((one) => one.caught).length;
  return { caught: rateOf(caught, harmed.length, worth), minutes: median(minutes) };
}

function summariseMetric(
  metric: string,
  windows: readonly JudgedWindow[],
  worth: number,
  isHarmTried: boolean,
): MetricSummary {
  const own = windows.flatMap((window) =>
    window.metrics.filter((one) => one.metric === metric).map((one) => ({ window, one })),
  );
  const held = (obstacle: Finding['obstacle']): number =>
    own.filter(({ one }) => one.obstacle === obstacle).length;
  const isGuilty = ({ window, one }: { window: JudgedWindow; one: JudgedMetric }): boolean =>
    window.verdict === 'fail' && one.verdict === 'fail';
  const guilty = own.filter(isGuilty);
  const harmed = windows.flatMap((window) => window.harmed.filter((one) => one.metric === metric));
  return {
    metric,
    failed: guilty.length,
    minutes: median(guilty.map(({ window }) => window.minutes)),
    noData: held('no_data'),
    silent: held('silent'),
    errors: held('error'),
    harmed: isHarmTried ? summariseHarm(harmed, worth) : null,
  };
}

/**
 * What a plan said of windows in which nothing was rolled out. Windows without data are counted apart: nothing was
 * judged there.
 *
 * @param windows the plan's own
 * @param every milliseconds between two starts
 */
export function summariseHarmless(
  { label, plan }: NamedPlan,
  windows: readonly JudgedWindow[],
  every: number,
  isHarmTried: boolean,
): HarmlessSummary {
  const judged = windows.filter(({ isEmpty }) => !isEmpty);
  const worth = Math.min(1, every / longest(plan));
  const counted = (verdict: JudgedWindow['verdict']): Rate =>
    rateOf(judged.filter((window) => window.verdict === verdict).length, judged.length, worth);
  const failed = judged.filter(({ verdict }) => verdict === 'fail');
  return {
    plan: label,
    judged: judged.length,
    empty: windows.length - judged.length,
    falseAlarms: counted('fail'),
    passed: counted('pass'),
    inconclusive: counted('inconclusive'),
    byOnInconclusive: judged.filter(({ verdict, judgedVerdict }) => verdict !== judgedVerdict).length,
    alpha: alphaOf(plan),
    minutes: median(failed.map(({ minutes }) => minutes)),
    overlap: worth < 1,
    metrics: plan.metrics.map(({ name }) => summariseMetric(name, judged, worth, isHarmTried)),
  };
}
