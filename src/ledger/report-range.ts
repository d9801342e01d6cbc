import type { InputIssue } from '../errors.ts';

/** Which time and which services a report is about; everything has a default. Times in milliseconds. */
export type ReportScope = {
  /** Default: 90 days before `to`. */
  readonly from?: number | undefined;
  /** Default: now. */
  readonly to?: number | undefined;
  readonly service?: string | undefined;
  readonly team?: string | undefined;
  /** Default: the production ones. */
  readonly environment?: string | undefined;
  readonly tier?: string | undefined;
};

/** Ninety days. */
export const defaultRange = 90 * 86_400_000;

/** RFC 3339 ends with the year 9999. */
const lastInstant = Date.UTC(9999, 11, 31);

/** Adds to `issues` what is wrong with a range. */
export function checkRange(from: number, to: number, issues: InputIssue[]): void {
  for (const [path, value] of Object.entries({ from, to }))
    if (!Number.isSafeInteger(value) || value < 0 || value > lastInstant)
      issues.push({ path, message: 'allowed are times between the years 1970 and 9999' });
  if (from >= to) issues.push({ path: 'from', message: 'is not before to; a range needs a length' });
}
