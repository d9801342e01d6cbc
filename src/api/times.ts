import { parseDuration } from '../duration.ts';
import type { InputIssue } from '../errors.ts';

const rfc3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

function isDayOfMonth(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/**
 * An RFC 3339 time as milliseconds. What is none, or a day that no month has, is added to `issues` under `path` and
 * gives 0.
 */
export function parseInstant(text: string, path: string, issues: InputIssue[]): number {
  const match = rfc3339.exec(text);
  if (match !== null && isDayOfMonth(Number(match[1]), Number(match[2]), Number(match[3])))
    return Date.parse(text.toUpperCase());
  issues.push({
    path,
    message: `found "${text.slice(0, 60)}"; allowed are RFC 3339 times such as 2026-11-23T10:20:00Z`,
  });
  return 0;
}

/** A duration as milliseconds; what is none is added to `issues` under `path` and gives 0. */
export function readDuration(text: string, path: string, issues: InputIssue[]): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== null) return milliseconds;
  issues.push({
    path,
    message: `found "${text.slice(0, 60)}"; allowed are durations such as 30s, 15m, 2h, 1d`,
  });
  return 0;
}

/** Milliseconds as an RFC 3339 time. */
export function writeInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** The same, `null` for `null`. */
export function writeInstantOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : writeInstant(milliseconds);
}
