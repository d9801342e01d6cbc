import { formatDuration } from '../../duration.ts';
import type { Rate } from './rate.ts';

/** A cell of a table, on one line and without what would end the cell; other markup is left as it is. */
export function writeCell(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
    .replace(/\\/g, '\\\\')
    .replace(/\|/g, '\\|')
    .replace(/</g, '&lt;')
    .trim();
}

/** A table of at least one row; '' without rows. */
export function writeTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]): string => `| ${cells.map(writeCell).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line), ''].join('\n');
}

/** `2026-11-01 10:00:00Z`. */
export function writeTime(milliseconds: number): string {
  return new Date(milliseconds)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d{3}Z$/, 'Z');
}

/** Per cent with as many digits as matter: `0.7 %`, `12 %`. */
export function writeShare(share: number): string {
  const percent = 100 * share;
  return `${percent !== 0 && percent < 10 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** `3 of 48`, with the share and its interval: `3 of 48: 6.3 % (2.1–17 %)`; `none` where there was nothing to count. */
export function writeRate({ count, of, rate, interval }: Rate): string {
  if (rate === null || interval === null) return 'none';
  const [lower, upper] = interval;
  return `${count} of ${of}: ${writeShare(rate)} (${writeShare(lower).replace(' %', '')}–${writeShare(upper)})`;
}

/** Minutes with one digit at most; `–` when there are none. */
export function writeMinutes(minutes: number | null): string {
  return minutes === null ? '–' : String(Number(minutes.toFixed(1)));
}

/** A duration, `none` for 0. */
export function writeDuration(milliseconds: number): string {
  return milliseconds === 0 ? 'none' : formatDuration(milliseconds);
}

/** A scope as it is given on the command line; `everything` when it selects nothing in particular. */
export function writeScope(scope: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(scope).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? 'everything' : pairs.sort().join(' ');
}
