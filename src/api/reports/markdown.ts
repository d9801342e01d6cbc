import type { components } from '../schema.gen.ts';
import type { WrittenReport } from './wire.ts';

type Rates = components['schemas']['Rates'];

/**
 * Text that came from outside, so that it shows as it is: no markup, no link, no new cell, no new line, nothing
 * that turns the rest of a line around, and nobody is mentioned.
 */
function escapeMarkdown(text: string): string {
  return text
    .replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ')
    .replace(/[\\`*_[\]<>|~#&$]/g, '\\$&')
    .replaceAll('@', '@&#8203;')
    .replace(/:\/\//g, ':&#8203;//')
    .replace(/\bwww\./gi, (link) => `${link.slice(0, -1)}&#8203;.`);
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function points(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value * 100).toFixed(1)}`;
}

function writeRate({ rate, interval, enough }: Rates): string {
  if (rate === null) return '–';
  const [low = 0, high = 1] = interval ?? [];
  return `${percent(rate)} (${percent(low)} to ${percent(high)})${enough ? '' : ' few'}`;
}

function writeSpan(seconds: number | null): string {
  if (seconds === null) return '–';
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} d`;
}

const header = ['changes', 'failed', 'escaped', 'caught', 'failed to deploy', 'rate (95 %)', 'a day'];

function cellsOf(rates: Rates): string[] {
  const { changes, failed, escaped, caughtInCanary, failedToDeploy, deploymentsPerDay } = rates;
  const counts = [changes, failed, escaped, caughtInCanary, failedToDeploy].map(String);
  return [...counts, writeRate(rates), deploymentsPerDay === null ? '–' : deploymentsPerDay.toFixed(2)];
}

function table(first: string, rows: readonly (readonly [string, Rates])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    line([first, ...header]),
    line(['---', ...header.map(() => '---:')]),
    ...rows.map(([name, rates]) => line([escapeMarkdown(name), ...cellsOf(rates)])),
    '',
  ];
}

function writeComparison({ difference }: WrittenReport): string[] {
  if (difference === null) return [];
  const [low = -1, high = 1] = difference.interval;
  const span = `${points(low)} to ${points(high)}`;
  return [`Against the range before: ${points(difference.rate)} percentage points (${span}).`, ''];
}

function writeBeside({ totals, pending, abandoned, unattributedIncidents }: WrittenReport): string[] {
  const { leadTimeSeconds: lead, recoverySeconds: recovery, reworkRate } = totals;
  return [
    `- Lead time: median ${writeSpan(lead.p50)}, p90 ${writeSpan(lead.p90)}`,
    `- Recovery: median ${writeSpan(recovery.p50)}, p90 ${writeSpan(recovery.p90)}`,
    `- Rework: ${reworkRate === null ? '–' : percent(reworkRate)}`,
    `- Pending: ${pending}, abandoned: ${abandoned}, unattributed incidents: ${unattributedIncidents ?? 'not known'}`,
    '',
  ];
}

/** The report as tables for people; `few` marks figures of too few changes to go by. */
export function writeMarkdown(report: WrittenReport): string {
  const { from, to, tz, totals, previous, buckets, groups, definition } = report;
  const ranges: [string, Rates][] = [['this range', totals]];
  if (previous !== null) ranges.push(['the range before', previous]);
  return [
    '# Change-failure rate',
    '',
    `${from} to ${to}, ${escapeMarkdown(tz)}`,
    '',
    ...table('', ranges),
    ...writeComparison(report),
    ...writeBeside(report),
    ...(buckets.length === 0
      ? []
      : table(
          'from',
          buckets.map((bucket) => [bucket.start, bucket]),
        )),
    ...(groups.length === 0
      ? []
      : table(
          'group',
          groups.map((group) => [group.key, group]),
        )),
    escapeMarkdown(definition),
    '',
  ].join('\n');
}
