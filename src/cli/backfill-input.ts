/**
 * What stands on a line of the input, or why nothing can be made of it. `end`: the last line it takes up; `endsInput`:
 * there may be more, which cannot be read.
 */
export type InputLine = { readonly line: number; readonly end: number } & (
  | { readonly body: Readonly<Record<string, unknown>> }
  | { readonly problem: string; readonly text: string; readonly endsInput?: true }
);

/** The bytes of a file, piece by piece. */
export type Bytes = AsyncIterable<Uint8Array>;

/** A line of more bytes than this is refused unread, so that memory stays bounded whatever the file. */
export const longestLine = 256 * 1024;

/** How much of a line that is refused is kept to be told. */
const shownBytes = 2_000;

/** Text of bytes; `null` when they are no UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** What can be shown of bytes that may be no text. */
export function showBytes(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, shownBytes));
}

type RawLine = {
  readonly line: number;
  readonly bytes: Uint8Array;
  readonly isWhole: boolean;
  readonly isTooLong: boolean;
};

/** Collects a line of which at most `longestLine` bytes are kept. */
function createCollector() {
  let pieces: Uint8Array[] = [];
  let kept = 0;
  let isTooLong = false;
  return {
    add(piece: Uint8Array): void {
      if (kept + piece.length > longestLine) isTooLong = true;
      const some = isTooLong ? piece.subarray(0, Math.max(0, shownBytes - kept)) : piece;
      if (some.length > 0) pieces.push(some);
      kept += some.length;
    },
    take(): { bytes: Uint8Array; isTooLong: boolean } {
      const taken = { bytes: Buffer.concat(pieces), isTooLong };
      [pieces, kept, isTooLong] = [[], 0, false];
      return taken;
    },
  };
}

const lineFeed = 0x0a;

async function* splitLines(source: Bytes): AsyncGenerator<RawLine> {
  const collector = createCollector();
  let line = 1;
  for await (const chunk of source) {
    let from = 0;
    for (let at = chunk.indexOf(lineFeed); at >= 0; at = chunk.indexOf(lineFeed, from)) {
      collector.add(chunk.subarray(from, at));
      yield { line, isWhole: true, ...collector.take() };
      line += 1;
      from = at + 1;
    }
    if (from < chunk.length) collector.add(chunk.subarray(from));
  }
  const rest = collector.take();
  if (rest.bytes.length > 0) yield { line, isWhole: false, ...rest };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
    return 'is JSON, but no object';
  } catch (error) {
    return `is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function readLine({ line, bytes, isWhole, isTooLong }: RawLine): InputLine | null {
  const at = { line, end: line };
  const refuse = (problem: string): InputLine => ({ ...at, problem, text: showBytes(bytes) });
  if (isTooLong) return refuse(`is longer than ${longestLine / 1024} KiB`);
  const text = decodeUtf8(bytes);
  if (text === null) return refuse('is no UTF-8');
  if (text.trim() === '') return null;
  const value = parseObject(text);
  if (typeof value !== 'string') return { ...at, body: value };
  return refuse(isWhole ? value : 'is cut off: the input ends in the middle of this line');
}

/** The objects of NDJSON, one a line; empty lines are passed over. Never holds more than a line and a piece of the file. */
export async function* readNdjson(source: Bytes): AsyncGenerator<InputLine> {
  for await (const raw of splitLines(source)) {
    const read = readLine(raw);
    if (read !== null) yield read;
  }
}
