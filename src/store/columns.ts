import { SerinError } from '../errors.ts';

/**
 * The only codec between columns and values. SQLite gives 0 and 1 for booleans and numbers for big integers;
 * PostgreSQL gives text for big integers. `column` (`runs.state`) is said in errors.
 */

function unreadable(column: string, expected: string, cause?: unknown): SerinError {
  return new SerinError('internal', `the database holds something in ${column} that is not ${expected}`, {
    cause,
  });
}

/** Reads an instant, a duration or a count: an integer, in milliseconds where it is a time. */
export function readInteger(value: unknown, column: string): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw unreadable(column, 'an integer');
  return number;
}

/** The same where nothing is a value too. */
export function readIntegerOrNull(value: unknown, column: string): number | null {
  return value === null ? null : readInteger(value, column);
}

/** An instant for its column: integer milliseconds. A fraction is a mistake of the caller's. */
export function writeInstant(value: number, column: string): number {
  if (Number.isSafeInteger(value)) return value;
  throw new SerinError('internal', `${column} takes integer milliseconds, found ${value}`);
}

/** The same where nothing is a value too. */
export function writeInstantOrNull(value: number | null, column: string): number | null {
  return value === null ? null : writeInstant(value, column);
}

/** Reads a boolean that SQLite keeps as 0 or 1. */
export function readBoolean(value: unknown, column: string): boolean {
  if (value === true || value === 1) return true;
  if (value === false || value === 0) return false;
  throw unreadable(column, 'a boolean');
}

/** Stands for a number that JSON lacks: `{"$number":"Infinity"}`. */
const numberMark = '$number';
const markedNumbers = new Map<unknown, number>(
  [NaN, Infinity, -Infinity].map((value) => [String(value), value]),
);

function markNumber(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? { [numberMark]: String(value) } : value;
}

function unmarkNumber(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, numberMark)) return value;
  const [[, text], ...others] = Object.entries(value) as [[string, unknown]];
  return others.length === 0 ? (markedNumbers.get(text) ?? value) : value;
}

/** JSON text for its column. Plain data only; NaN and ±Infinity survive, which JSON alone would make `null`. */
export function writeJson(value: unknown): string {
  return JSON.stringify(value, markNumber);
}

/** Reads what `writeJson` wrote; `T` is what the caller knows it put there. */
export function readJson<T>(value: unknown, column: string): T {
  if (typeof value !== 'string') throw unreadable(column, 'JSON');
  try {
    // A reviver makes parsing several times slower, and such numbers are rare.
    return JSON.parse(value, value.includes(numberMark) ? unmarkNumber : undefined) as T;
  } catch (error) {
    throw unreadable(column, 'JSON', error);
  }
}

/** The same where nothing is a value too. */
export function readJsonOrNull<T>(value: unknown, column: string): T | null {
  return value === null ? null : readJson<T>(value, column);
}

/** JSON text, or `null` for nothing. */
export function writeJsonOrNull(value: unknown): string | null {
  return value === null ? null : writeJson(value);
}
