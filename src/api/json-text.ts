import { invalidInput } from '../errors.ts';

/** Whether some continuation could make `prefix` JSON: it is JSON already, or its only fault is that it ends. */
function canGoOn(prefix: string): boolean {
  try {
    JSON.parse(prefix);
    return true;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = /at position (\d+)/.exec(message)?.[1];
    return /end of JSON input|Unterminated string/.test(message) || Number(position) === prefix.length;
  }
}

/** Index of the first character that cannot be, by bisection; the length of the text when only its end is missing. */
function findFault(text: string): number {
  let good = 0;
  let bad = text.length + 1;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (canGoOn(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function describeFault(text: string): string {
  const at = findFault(text);
  const lines = text.slice(0, at).split('\n');
  const found = at >= text.length ? 'the end' : JSON.stringify(text.slice(at, at + 20));
  return `is not JSON: found ${found} at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

/** Reads JSON; rejects with `invalid_input` that says where the text stops being JSON. A byte order mark is skipped. */
export function parseJson(text: string): unknown {
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    return JSON.parse(content);
  } catch {
    throw invalidInput([{ path: '', message: `the body ${describeFault(content)}` }]);
  }
}
