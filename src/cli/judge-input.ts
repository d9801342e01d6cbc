import type { Line } from './judge-lines.ts';

/** What was found in the input: nothing, one document, or several, one a line. */
export type Bodies =
  | { readonly kind: 'none' }
  | { readonly kind: 'one'; readonly line: Line }
  | { readonly kind: 'many'; readonly lines: AsyncIterable<Line> };

function occurrences(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** Whether the text opens more than it closes, and could go on in the next line. */
function isOpen(text: string): boolean {
  const bare = text.replace(/"(?:[^"\\]|\\.)*"/g, '');
  return !bare.includes('"') && occurrences(bare, /[{[]/g) > occurrences(bare, /[}\]]/g);
}

function isBody(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'plan' in value && 'samples' in value;
  } catch {
    return false;
  }
}

/**
 * Whether `next` begins a new body although the line before is open: that line was cut off. Inside of a document an
 * object begins only after a colon, a comma or a bracket, and none is a body itself.
 */
function beginsAnew(line: string, next: string): boolean {
  return next.trimStart().startsWith('{') && (!/[:,[]\s*$/.test(line) || isBody(next));
}

/** Joins lines to one document, which may be as long as a line may. */
async function join(lines: AsyncIterable<Line>, limit: number): Promise<Line> {
  const texts: string[] = [];
  let size = 0;
  for await (const line of lines) {
    if (line.fault !== null) return line;
    size += line.text.length + 1;
    if (size > limit) return { number: 1, text: null, fault: `is longer than ${limit / 1024 / 1024} MiB` };
    texts.push(line.text);
  }
  return { number: 1, text: texts.join('\n'), fault: null };
}

async function* chain(first: readonly Line[], rest: AsyncIterator<Line>): AsyncGenerator<Line> {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    // Whoever stops reading early lets go of the input, too.
    await rest.return?.();
  }
}

async function nextFilled(lines: AsyncIterator<Line>): Promise<{ blank: Line[]; line: Line | null }> {
  const blank: Line[] = [];
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    if (next.value.fault !== null || next.value.text.trim() !== '') return { blank, line: next.value };
    blank.push(next.value);
  }
  return { blank, line: null };
}

/**
 * Tells a document, on one line or printed over several, from one body a line: by the first line that is not blank,
 * which is a document's beginning when it leaves a bracket open, and by the next.
 *
 * @param limit characters of the longest document
 */
export async function tellBodies(lines: AsyncIterable<Line>, limit: number): Promise<Bodies> {
  const iterator = lines[Symbol.asyncIterator]();
  const { line: first } = await nextFilled(iterator);
  if (first === null) return { kind: 'none' };
  const { blank, line: second } = await nextFilled(iterator);
  if (second === null) return { kind: 'one', line: first };
  const lead = [first, ...blank, second];
  const isDocument =
    first.fault === null &&
    isOpen(first.text) &&
    (second.fault !== null || !beginsAnew(first.text, second.text));
  if (isDocument) return { kind: 'one', line: await join(chain(lead, iterator), limit) };
  return { kind: 'many', lines: chain([first, second], iterator) };
}
