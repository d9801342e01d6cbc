import { appendFileSync, readFileSync, truncateSync } from 'node:fs';
import { invalidInput } from '../../errors.ts';
import type { JudgedWindow } from './judged-window.ts';

/** Windows judged before, and a place for those judged now. */
export type DoneWindows = {
  find(key: string): JudgedWindow | null;
  /** Keeps a window before it returns. */
  add(window: JudgedWindow): void;
};

/** Windows that are kept as long as the process lives. */
export function keepInMemory(): DoneWindows {
  const windows = new Map<string, JudgedWindow>();
  return {
    find: (key) => windows.get(key) ?? null,
    add: (window) => {
      windows.set(window.key, window);
    },
  };
}

function isJudgedWindow(value: unknown): value is JudgedWindow {
  if (typeof value !== 'object' || value === null) return false;
  const { key, plan, start, verdict, minutes, reason, metrics, harmed } = value as Partial<JudgedWindow>;
  return (
    [key, plan, verdict, reason].every((text) => typeof text === 'string') &&
    [start, minutes].every((number) => typeof number === 'number') &&
    Array.isArray(metrics) &&
    Array.isArray(harmed)
  );
}

const advice = 'give a file that a backtest has written, or a new one';

function parseLine(line: string, path: string, number: number): JudgedWindow {
  let value: unknown = null;
  try {
    value = JSON.parse(line);
  } catch {
    // Told below, like a line that is JSON but no window.
  }
  if (isJudgedWindow(value)) return value;
  return refuse(path, `line ${number} is no window of a backtest; ${advice}`);
}

function refuse(path: string, message: string): never {
  throw invalidInput([{ path, message }]);
}

function readText(path: string): string {
  try {
    // Opened for writing too: that it cannot be written is better known before a long read than after it.
    appendFileSync(path, '');
    return readFileSync(path, 'utf8');
  } catch (error) {
    return refuse(path, `cannot be read and written: ${error instanceof Error ? error.message : error}`);
  }
}

/** How every line begins. */
const opening = '{"key":"';

/** Cuts off a last line without its end; refuses what cannot be the beginning of a line of ours. */
function cutTornLine(path: string, text: string, whole: string): void {
  const torn = text.slice(whole.length);
  if (torn === '') return;
  if (!torn.startsWith(opening) && !opening.startsWith(torn))
    refuse(path, `its last line is no window of a backtest; ${advice}`);
  truncateSync(path, Buffer.byteLength(whole));
}

/**
 * Windows that are kept in a file, one JSON object a line, each written as soon as it is judged. A last line without
 * its end was being written when the process was killed; it is cut off and judged again. Anything else that is no
 * judged window is `invalid_input`: the file is somebody else's.
 */
export function keepInFile(path: string): DoneWindows {
  const memory = keepInMemory();
  const text = readText(path);
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = whole.split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) memory.add(parseLine(line, path, index + 1));
  cutTornLine(path, text, whole);
  return {
    find: memory.find,
    add: (window) => {
      appendFileSync(path, `${JSON.stringify(window)}\n`);
      memory.add(window);
    },
  };
}
