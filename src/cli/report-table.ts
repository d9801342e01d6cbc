import type { components } from '../api/schema.gen.ts';
import { oneLine } from './words.ts';

/** A change-failure report as the API tells it. */
export type Report = components['schemas']['ChangeFailureReport'];
type Rates = components['schemas']['Rates'];

const bars = '▁▂▃▄▅▆▇█';

/** Rates as bars up to the highest of them; a bucket without a change is a gap. */
export function writeRates(rates: readonly (number | null)[]): string {
  const highest = Math.max(0, ...rates.map((rate) => rate ?? 0));
  return rates
    .map((rate) => {
      if (rate === null) return ' ';
      return bars[highest === 0 ? 0 : Math.round((rate / highest) * (bars.length - 1))] ?? '';
    })
    .join('');
}

function percent(value: number): string {
  return `${(value * 100).toFixed(1)} %`;
}

function points(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value * 100).toFixed(1)}`;
}

/** Seconds as `45s`, `12m`, `3.5h`, `2.1d`; a dash for none. */
function span(seconds: number | null): string {
  if (seconds === null) return '-';
  if (seconds < 60) return `${Math.round(seconds)}s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)}m`;
  return seconds < 172_800 ? `${(seconds / 3600).toFixed(1)}h` : `${(seconds / 86_400).toFixed(1)}d`;
}

function rateCells({ rate, interval, enough }: Rates): string[] {
  if (rate === null) return ['-', '', ''];
  const [low = 0, high = 1] = interval ?? [];
  return [percent(rate), `${percent(low)} to ${percent(high)}`, enough ? '' : 'few'];
}

const header = ['changes', 'failed', 'escaped', 'caught', 'undeployed', 'rate', '95 %', ''];

function cellsOf(rates: Rates): string[] {
  const { changes, failed, escaped, caughtInCanary, failedToDeploy } = rates;
  return [...[changes, failed, escaped, caughtInCanary, failedToDeploy].map(String), ...rateCells(rates)];
}

/** Rows with their columns under each other, the first to the left and the others to the right. */
function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}

function table(first: string, parts: readonly (readonly [string, Rates])[]): string[] {
  const rows = parts.map(([name, rates]) => [oneLine(name), ...cellsOf(rates)]);
  return parts.length === 0 ? [] : [...align([[first, ...header], ...rows]), ''];
}

/** The day that clocks of the report's zone show. */
function dayIn(tz: string): (instant: string) => string {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: tz, dateStyle: 'short' });
  return (instant) => format.format(Date.parse(instant));
}

function writeDifference({ difference }: Report): string[] {
  if (difference === null) return [];
  const [low = -1, high = 1] = difference.interval;
  const range = `${points(low)} to ${points(high)}`;
  return [`${points(difference.rate)} points against the range before (95 %: ${range})`];
}

function writeBeside({ totals, pending, abandoned, unattributedIncidents }: Report): string[] {
  const { leadTimeSeconds: lead, recoverySeconds: recovery, reworkRate, deploymentsPerDay } = totals;
  return [
    `deployments a day ${deploymentsPerDay?.toFixed(2) ?? '-'}, rework ${reworkRate === null ? '-' : percent(reworkRate)}`,
    `lead time p50 ${span(lead.p50)}, p90 ${span(lead.p90)}; recovery p50 ${span(recovery.p50)}, p90 ${span(recovery.p90)}`,
    `pending ${pending}, abandoned ${abandoned}, unattributed incidents ${unattributedIncidents ?? 'not known'}`,
  ];
}

/** The report for people, with a sparkline on a terminal only; `few` marks what is of too few changes to go by. */
export function writeTable(report: Report, isTerminal: boolean): string {
  const { from, to, tz, totals, previous, buckets, groups, definition } = report;
  const show = dayIn(tz);
  const ranges: [string, Rates][] = [['this range', totals]];
  if (previous !== null) ranges.push(['the range before', previous]);
  const line = isTerminal ? [`[${writeRates(buckets.map(({ rate }) => rate))}]`] : [];
  return [
    `change-failure rate, ${from} to ${to} (${oneLine(tz)})`,
    ...line,
    '',
    ...table('', ranges),
    ...writeDifference(report),
    ...writeBeside(report),
    '',
    ...table(
      'from',
      buckets.map((bucket) => [show(bucket.start), bucket]),
    ),
    ...table(
      'group',
      groups.map((group) => [group.key, group]),
    ),
    oneLine(definition),
    '',
  ].join('\n');
}
