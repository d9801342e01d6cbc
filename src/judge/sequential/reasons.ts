import type { JudgeInput, MetricInput, Verdict } from '../types.ts';
import { cutSentence, writeList, writeNumber, writePercent, writeValue } from '../words.ts';
import type { Assessment } from './assessment.ts';
import type { Decision } from './decide.ts';

type Judged = { readonly metric: MetricInput; readonly assessment: Assessment };

const longest = 300;

/** In which direction the metric got worse: for `either` the side on which it is now. */
function isFall({ metric, assessment }: Judged): boolean {
  return metric.direction === 'decrease' || (metric.direction === 'either' && (assessment.effect ?? 0) < 0);
}

/**
 * What was exceeded, and since when if not from the start: harm that came late hardly shows in figures of the whole
 * run, so that the reason would seem to contradict itself.
 */
function writeAllowed(judged: Judged): string {
  const { metric, assessment } = judged;
  const since = assessment.onset > 1 ? ` since step ${assessment.onset}` : '';
  if (metric.kind === 'limit') return `beyond the limit${since}`;
  if (isFall(judged)) return `a fall of more than the ${writePercent(metric.margin)} allowed${since}`;
  return metric.kind === 'gauge'
    ? `more than the ${writePercent(metric.margin)} allowed${since}`
    : `more than the ${writeValue(1 + metric.margin)}× allowed${since}`;
}

function writeAcceptable({ kind, acceptable }: MetricInput): string {
  if (kind === 'limit') return 'a level beyond the limit';
  const relative = acceptable.relative === undefined ? [] : [writePercent(acceptable.relative)];
  const points =
    kind === 'ratio' || kind === 'histogram'
      ? (value: number): string => `${writeNumber(100 * value)} points`
      : writeNumber;
  const absolute = acceptable.absolute === undefined ? [] : [points(acceptable.absolute)];
  const where = kind === 'histogram' ? ' at any edge' : '';
  return `a worsening of ${[...relative, ...absolute].join(' or ')}${where}`;
}

/** What a pass lacks: more data, or a smaller difference. */
function writeLacking({ metric, assessment }: Judged): string {
  const worsening = writeAcceptable(metric);
  if (assessment.lacking === null) return `${worsening} is not excluded`;
  const isOfRequests = metric.kind === 'ratio' || metric.kind === 'histogram';
  const noun = isOfRequests ? 'not enough requests' : 'too little data';
  return `${noun} to exclude ${worsening}: ${assessment.lacking}`;
}

/** One sentence on one metric. */
export function reasonOf(judged: Judged, verdict: Verdict, cause: Decision['cause']): string {
  const { metric, assessment } = judged;
  const { comparison, trouble, obstacle } = assessment;
  if (verdict === 'fail' && cause === 'evidence') return `${comparison}, ${writeAllowed(judged)}`;
  if (obstacle === 'error') return `${metric.name}: could not be judged: ${trouble}`;
  if (obstacle !== null) return `${metric.name}: ${trouble}`;
  if (verdict === 'pass') return `${comparison}; ${writeAcceptable(metric)} is excluded`;
  if (verdict === 'inconclusive') return `${comparison}; ${writeLacking(judged)}`;
  return `${comparison}; nothing decided yet`;
}

/** The metrics that decide, in the order of importance: critical first, then by evidence for harm. */
function byImportance(judged: readonly Judged[]): { readonly one: Judged; readonly index: number }[] {
  const indexed = judged.map((one, index) => ({ one, index }));
  return indexed.sort(
    (left, right) =>
      Number(right.one.metric.critical) - Number(left.one.metric.critical) ||
      right.one.assessment.logE - left.one.assessment.logE,
  );
}

function reasonsWith(judged: readonly Judged[], decision: Decision, verdict: Verdict): string[] {
  const some = byImportance(judged).filter(({ index }) => decision.metrics[index] === verdict);
  return some.map(({ one }) => reasonOf(one, verdict, decision.cause));
}

function writeProgress(judged: readonly Judged[], input: JudgeInput): string {
  const seen = Math.max(
    0,
    ...judged.map(({ assessment }) => assessment.canary.count + assessment.canary.missing),
  );
  return `undecided after ${seen} of ${input.plannedSteps} steps`;
}

function writeInconclusive(judged: readonly Judged[], decision: Decision): string {
  const isNeeded = judged.some(({ metric }) => metric.critical)
    ? (one: Judged): boolean => one.metric.critical || one.assessment.obstacle === 'silent'
    : (): boolean => true;
  const open = byImportance(judged).filter(
    ({ one, index }) => decision.metrics[index] !== 'pass' && isNeeded(one),
  );
  // What could not be judged at all explains more than what was judged and left open.
  const blocked = open.filter(({ one }) => one.assessment.obstacle !== null);
  return (blocked.length > 0 ? blocked : open)
    .map(({ one }) => reasonOf(one, 'inconclusive', 'none'))
    .join('; ');
}

/** One sentence on the whole that a person can act on, at most 300 characters. */
export function overallReason(judged: readonly Judged[], decision: Decision, input: JudgeInput): string {
  const { verdict } = decision;
  if (verdict === 'fail') {
    const guilty = reasonsWith(judged, decision, 'fail').join('; ');
    const together = `no metric alone, but ${writeList(judged.map(({ metric }) => metric.name))} together are worse than chance allows`;
    return cutSentence(guilty === '' ? together : guilty, longest);
  }
  if (verdict === 'pass') return cutSentence(reasonsWith(judged, decision, 'pass').join('; '), longest);
  if (verdict === 'inconclusive') return cutSentence(writeInconclusive(judged, decision), longest);
  const blocked = byImportance(judged).filter(({ one }) => one.assessment.obstacle !== null);
  const [leading] = blocked.length > 0 ? blocked : byImportance(judged);
  return cutSentence(
    `${writeProgress(judged, input)}${leading === undefined ? '' : `; ${reasonOf(leading.one, 'running', 'none')}`}`,
    longest,
  );
}
