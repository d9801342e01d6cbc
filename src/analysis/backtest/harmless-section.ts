import { formatDuration } from '../../duration.ts';
import type { Interval } from '../../judge/statistics/wilson.ts';
import type { HarmlessSummary, MetricSummary } from './harmless-summary.ts';
import { writeMinutes, writeRate, writeShare, writeTable, writeTime } from './markdown.ts';
import type { Report } from './report.ts';

/** Failing windows listed one by one; the JSON has all of them. */
const mostListed = 50;

/** What the false alarms say about the plan's alpha. */
function compareWithAlpha(rate: number, [lower, upper]: Interval, alpha: number | null): string {
  if (alpha === null) return 'The rule of its judge has no limit to hold that against.';
  const allowed = `the plan allows ${writeShare(alpha)}`;
  if (lower > alpha)
    return `That is too many (${allowed}): something in these metrics is not what the judge takes for noise.`;
  if (rate > alpha)
    return `That is more than it should be (${allowed}), but may be chance with so few windows.`;
  if (upper > alpha) return `That is as it should be (${allowed}); so few windows do not prove it.`;
  return `That is as it should be (${allowed}).`;
}

function describePlan({ plan, falseAlarms, alpha, byOnInconclusive }: HarmlessSummary): string {
  const { rate, interval } = falseAlarms;
  if (rate === null || interval === null)
    return `- **${plan}**: no window had data, so nothing can be said. Does the canary's scope select anything when nothing is rolled out?`;
  const policy =
    byOnInconclusive === 0
      ? ''
      : ` ${byOnInconclusive} verdicts are the plan's \`onInconclusive\`, not the judge's.`;
  const said = compareWithAlpha(rate, interval, alpha);
  return `- **${plan}**: ${writeRate(falseAlarms)} failed. ${said}${policy}`;
}

function writePlans(summaries: readonly HarmlessSummary[]): string {
  return writeTable(
    [
      'plan',
      'windows judged',
      'without data',
      'false alarms (95 %)',
      'passed',
      'inconclusive',
      'median minute of a false alarm',
    ],
    summaries.map((one) => [
      one.plan,
      String(one.judged),
      String(one.empty),
      writeRate(one.falseAlarms),
      writeRate(one.passed),
      writeRate(one.inconclusive),
      writeMinutes(one.minutes),
    ]),
  );
}

function writeMetric(metric: MetricSummary): string[] {
  const { harmed } = metric;
  return [
    metric.metric,
    String(metric.failed),
    writeMinutes(metric.minutes),
    String(metric.noData),
    String(metric.silent),
    String(metric.errors),
    ...(harmed === null ? [] : [writeRate(harmed.caught), writeMinutes(harmed.minutes)]),
  ];
}

function writeMetrics({ plan, metrics }: HarmlessSummary, { subject: { harm } }: Report): string {
  const begun = harm === null || harm.after === 0 ? 'the start' : `minute ${harm.after / 60_000}`;
  const harmHead =
    harm === null ? [] : [`caught at ×${harm.factor} from ${begun} (put in)`, 'median minutes to that'];
  const head = [
    'metric',
    'guilty of a false alarm',
    'median minute',
    'no data',
    'silent',
    'errors',
    ...harmHead,
  ];
  return `### Metrics under ${plan}\n\n${writeTable(head, metrics.map(writeMetric))}`;
}

function writeFailed({ windows }: Report): string {
  const failed = windows.filter(
    ({ changeId, verdict, isEmpty }) => changeId === null && verdict === 'fail' && !isEmpty,
  );
  if (failed.length === 0) return '';
  const rows = failed
    .slice(0, mostListed)
    .map((one) => [writeTime(one.start), one.plan, writeMinutes(one.minutes), one.reason]);
  const rest = failed.length > mostListed ? `\n${failed.length - mostListed} more are in the JSON.\n` : '';
  return `### Harmless windows that failed\n\nWorth a look: either nothing happened and the judge was wrong, or something did that the ledger does not know.\n\n${writeTable(['start', 'plan', 'minute', 'reason'], rows)}${rest}`;
}

function writeOccasion(every: number, busy: number | null): string {
  const where =
    busy === null
      ? 'What was rolled out meanwhile is not known; as far as nothing was, whatever fails is a false alarm.'
      : 'Nothing was rolled out there, so whatever fails is a false alarm.';
  return `A run was begun every ${formatDuration(every)}. ${where}`;
}

/** The part of the report on windows in which nothing was rolled out; '' when none were asked for. */
export function writeHarmless(report: Report): string {
  const { harmless } = report.subject;
  if (harmless === null) return '';
  const overlap = report.harmless.some((one) => one.overlap)
    ? 'The windows overlap, so that they tell the same thing more than once; the intervals are widened by as much.\n'
    : '';
  const harmed =
    report.subject.harm === null
      ? ''
      : 'What is "put in" was not measured: each metric’s canary was made worse in turn, on top of its own noise.\n';
  return [
    '## Harmless windows (A/A)\n',
    `${writeOccasion(harmless.every, harmless.busy)}\n`,
    writePlans(report.harmless),
    `${report.harmless.map(describePlan).join('\n')}\n`,
    overlap,
    harmed,
    ...report.harmless.map((one) => writeMetrics(one, report)),
    writeFailed(report),
  ]
    .filter((part) => part !== '')
    .join('\n');
}
