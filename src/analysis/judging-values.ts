import type { InputIssue } from '../errors.ts';

/** The longest run that is judged, in steps. */
export const mostSteps = 20_000;
/** How many issues are told of one request; whoever mends them sees the rest. */
const mostIssues = 20;

/** Collects what is wrong with a request; `at` is the path, `message` what was found and is allowed. */
export type Say = (at: string, message: string) => void;

/** A collector that keeps the first issues of a long list. */
export function collectIssues(): { readonly issues: readonly InputIssue[]; readonly say: Say } {
  const issues: InputIssue[] = [];
  return {
    issues,
    say: (path, message) => {
      if (issues.length < mostIssues) issues.push({ path, message });
    },
  };
}

/** A value as a message shows it, cut to one short line. */
export function writeFound(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Whether a value is an object with members, neither `null` nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A finite number, also written as a string; `null` for `null` and `""`, which mean absent; `undefined` for all else,
 * NaN and infinite numbers included.
 */
export function readNumber(value: unknown): number | null | undefined {
  if (value === null) return null;
  if (typeof value === 'string') {
    if (value.trim() === '') return null;
    const number = Number(value);
    return Number.isFinite(number) ? number : undefined;
  }
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function readList(value: unknown, at: string, what: string, say: Say): readonly unknown[] {
  if (!Array.isArray(value)) {
    say(
      at,
      value === undefined ? `is missing; ${what} is needed` : `found ${writeFound(value)}; ${what} is needed`,
    );
    return [];
  }
  if (value.length <= mostSteps) return value;
  say(at, `found ${value.length} steps; at most ${mostSteps} are allowed`);
  return [];
}

/** One value a step. What is wrong goes to `say` and is `null` in the result. */
export function readValues(value: unknown, at: string, say: Say): (number | null)[] {
  return readList(value, at, 'an array of numbers and nulls', say).map((item, index) => {
    const number = readNumber(item);
    if (number !== undefined) return number;
    say(`${at}[${index}]`, `found ${writeFound(item)}; a finite number or null is needed`);
    return null;
  });
}

/** The counts of a histogram, one row of `width` numbers a step, `null` for a missing one. */
export function readRows(value: unknown, at: string, width: number, say: Say): (readonly number[] | null)[] {
  return readList(value, at, 'an array with one array of counts a step', say).map((row, step) => {
    if (row === null) return null;
    const path = `${at}[${step}]`;
    if (!Array.isArray(row) || row.length !== width) {
      const found = Array.isArray(row) ? `${row.length} counts` : writeFound(row);
      say(path, `found ${found}; null or one count for each of the ${width} edges of le is needed`);
      return null;
    }
    return row.map((item, index) => {
      const number = readNumber(item) ?? undefined;
      if (number !== undefined) return number;
      say(`${path}[${index}]`, `found ${writeFound(item)}; a finite number is needed`);
      return 0;
    });
  });
}

/** Refuses members of `value` that are not among `allowed`. */
export function refuseUnknown(
  value: Readonly<Record<string, unknown>>,
  allowed: readonly string[],
  at: string,
  say: Say,
): void {
  for (const name of Object.keys(value)) {
    if (!allowed.includes(name))
      say(at === '' ? name : `${at}.${name}`, `unknown key; allowed are ${allowed.join(', ')}`);
  }
}
