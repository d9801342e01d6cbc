import { Buffer } from 'node:buffer';

/** A line of the input, counted from 1, or why there is none. */
export type Line = { readonly number: number } & (
  | { readonly text: string; readonly fault: null }
  | { readonly text: null; readonly fault: string }
);

const decoder = new TextDecoder('utf-8', { fatal: true });
const newline = 0x0a;

function decode(number: number, parts: readonly Uint8Array[]): Line {
  try {
    return { number, text: decoder.decode(Buffer.concat(parts)), fault: null };
  } catch {
    return { number, text: null, fault: 'is not UTF-8' };
  }
}

/**
 * Splits bytes into lines, of which none is held that is longer than `limit` bytes: such a line has a fault, and is
 * skipped without being kept. A byte order mark is left out.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<Line, void, undefined> {
  let number = 1;
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = (part: Uint8Array): void => {
    size += part.byteLength;
    if (size > limit) parts = [];
    else parts.push(part);
  };
  const finish = (): Line => {
    const fault = `is longer than ${limit / 1024 / 1024} MiB`;
    const line: Line = size > limit ? { number, text: null, fault } : decode(number, parts);
    number += 1;
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
      take(chunk.subarray(from, at));
      from = at + 1;
      yield finish();
    }
    take(chunk.subarray(from));
  }
  if (size > 0) yield finish();
}
