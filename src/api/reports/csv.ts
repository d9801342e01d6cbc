import type { components } from '../schema.gen.ts';
import type { WrittenReport } from './wire.ts';

type Rates = components['schemas']['Rates'];
type Cell = string | number | boolean | null;
type Row = Readonly<Partial<Record<Column, Cell>>>;

/** The columns, in this order for good; new ones go to the end. */
export const columns = [
  'section',
  'key',
  'start',
  'changes',
  'failed',
  'escaped',
  'caughtInCanary',
  'failedToDeploy',
  'rate',
  'intervalLow',
  'intervalHigh',
  'enough',
  'deploymentsPerDay',
  'leadTimeSecondsP50',
  'leadTimeSecondsP90',
  'recoverySecondsP50',
  'recoverySecondsP90',
  'reworkRate',
  'pending',
  'abandoned',
  'unattributedIncidents',
  'from',
  'to',
  'tz',
  'definition',
] as const;
type Column = (typeof columns)[number];

/** Full-width forms begin formulas too where the locale has them, and some spreadsheets pass over white space. */
const formula = /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/;

/**
 * One cell. Text that a spreadsheet would take for a formula is kept from it by an apostrophe (CWE-1236); numbers are
 * ours and stay numbers.
 */
function writeCell(value: Cell | undefined): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function rowOf(section: string, rates: Rates, more: Row = {}): Row {
  const { interval, leadTimeSeconds, recoverySeconds, ...figures } = rates;
  return {
    section,
    ...figures,
    intervalLow: interval?.[0] ?? null,
    intervalHigh: interval?.[1] ?? null,
    leadTimeSecondsP50: leadTimeSeconds.p50,
    leadTimeSecondsP90: leadTimeSeconds.p90,
    recoverySecondsP50: recoverySeconds.p50,
    recoverySecondsP90: recoverySeconds.p90,
    ...more,
  };
}

function rowsOf(report: WrittenReport): Row[] {
  const { totals, previous, difference, buckets, groups, ...more } = report;
  const { from, to, tz, definition, pending, abandoned, unattributedIncidents } = more;
  const beside = { from, to, tz, definition, pending, abandoned, unattributedIncidents };
  return [
    rowOf('totals', totals, { start: from, ...beside }),
    ...(previous === null ? [] : [rowOf('previous', previous)]),
    ...(difference === null
      ? []
      : [
          {
            section: 'difference',
            rate: difference.rate,
            intervalLow: difference.interval[0] ?? null,
            intervalHigh: difference.interval[1] ?? null,
          },
        ]),
    ...buckets.map((bucket) => rowOf('bucket', bucket, { start: bucket.start })),
    ...groups.map((group) => rowOf('group', group, { key: group.key })),
  ];
}

/** The report as RFC 4180 text with a header: the totals, then what else there is, a line each; empty cells for null. */
export function writeCsv(report: WrittenReport): string {
  const lines = rowsOf(report).map((row) => columns.map((column) => writeCell(row[column])).join(','));
  return [columns.join(','), ...lines, ''].join('\r\n');
}
