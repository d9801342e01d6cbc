import type { Finding, Judgement, Verdict } from '../../judge/types.ts';
import type { Run } from '../run.ts';
import { fingerprint, type NamedPlan, type PastWindow } from './past-window.ts';

/** What a plan said of one metric when it came to its conclusion. */
export type JudgedMetric = {
  readonly metric: string;
  readonly verdict: Verdict;
  readonly obstacle: Finding['obstacle'];
  readonly effect: number | null;
};

/** What a plan said when one metric's canary was harmed on purpose. */
export type HarmedMetric = {
  readonly metric: string;
  /** Whether the run failed. */
  readonly caught: boolean;
  /** Minutes from the beginning of the harm to the look that failed; `null` when not caught. */
  readonly minutes: number | null;
};

/** What one plan would have said of one window. Everything in it can be written as JSON and read back. */
export type JudgedWindow = {
  /** What was judged, and how: the same key gives the same result. */
  readonly key: string;
  /** The plan's label. */
  readonly plan: string;
  readonly start: number;
  readonly changeId: string | null;
  /** What callers would have acted on. */
  readonly verdict: Exclude<Verdict, 'running'>;
  /** What the judge said, before the plan's answer to an inconclusive end. */
  readonly judgedVerdict: Verdict;
  /** Minutes from the window's start to the deciding look. */
  readonly minutes: number;
  readonly reason: string;
  /** No metric had enough data: nothing was judged. */
  readonly isEmpty: boolean;
  readonly metrics: readonly JudgedMetric[];
  /** Empty unless harm was asked for. */
  readonly harmed: readonly HarmedMetric[];
};

/** A harm to be tried in each harmless window, one metric at a time. */
export type HarmRequest = {
  /** > 1. */
  readonly factor: number;
  /** When it begins, milliseconds after the window's start. */
  readonly after: number;
};

const minute = 60_000;

/** Minutes from `since` to the deciding look of a run that is over. */
export function minutesSince(run: Run, since: number): number {
  return ((run.concludedAt ?? run.end) - since) / minute;
}

/**
 * What kept a metric from being judged. A run that the evidence failed ended before a metric with few steps yet could
 * have more, so that nothing is said of it.
 */
function obstacleOf({ obstacle }: Finding, { evidence }: Judgement): Finding['obstacle'] {
  return evidence.pValue <= evidence.alpha ? null : obstacle;
}

/**
 * Whether nothing was judged. Where nothing was rolled out, a canary without a single value is one that was not there;
 * in a deploy it may be one that never came up, which is for the plan to judge.
 */
function wasEmpty(judgement: Judgement, isHarmless: boolean): boolean {
  return judgement.findings.every(
    (finding) => obstacleOf(finding, judgement) === 'no_data' || (isHarmless && finding.canary.count === 0),
  );
}

function describeMetrics(judgement: Judgement): JudgedMetric[] {
  return judgement.findings.map((finding) => ({
    metric: finding.metric,
    verdict: finding.verdict,
    obstacle: obstacleOf(finding, judgement),
    effect: finding.effect,
  }));
}

/** What there is to say of a window whose run is over. */
export function describeWindow(
  key: string,
  { label }: NamedPlan,
  window: PastWindow,
  run: Run,
  harmed: readonly HarmedMetric[],
): JudgedWindow {
  const { judgement } = run;
  return {
    key,
    plan: label,
    start: window.start,
    changeId: window.changeId,
    verdict: run.verdict === 'running' ? 'inconclusive' : run.verdict,
    judgedVerdict: run.judgedVerdict,
    minutes: minutesSince(run, window.start),
    reason: run.reason,
    isEmpty: judgement === null || wasEmpty(judgement, window.changeId === null),
    metrics: judgement === null ? [] : describeMetrics(judgement),
    harmed,
  };
}

/** Names what is judged and how, so that a result can be found again; `others` is all else that decides it. */
export function keyOf({ label, plan }: NamedPlan, window: PastWindow, others: unknown): string {
  return fingerprint([label, plan, window, others]);
}
