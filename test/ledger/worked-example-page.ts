import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

/** docs/change-failure-rate.md, whose tables and calls the worked example is made of. */
export const page = readFileSync(new URL('../../docs/change-failure-rate.md', import.meta.url), 'utf8');

/** The cells of those rows of the page's tables that have this many columns. */
export function readTable(columns: number): string[][] {
  return page
    .slice(page.indexOf('## A worked example'))
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter((cells) => cells.length === columns && !/^(#|figure|part|incident|-+)$/.test(cells[0] ?? ''));
}

/** One thing that happened to a change. */
export type Happening = { readonly at: number; readonly what: string; readonly word: string };

const months = ['Oct', 'Nov'];

/** `5 Oct 09:00` as an instant. */
export function readTime(text: string): number {
  return readHappenings(`${text} told`)[0]?.at ?? Number.NaN;
}

/** `5 Oct 09:00 started; 5 Oct 09:20 verdict fail`. */
export function readHappenings(cell: string): Happening[] {
  return cell.split('; ').map((text) => {
    const [, date, month = '', hour, minute, what, word = ''] =
      /^(\d+) (Oct|Nov) (\d\d):(\d\d) (\w+)(?: (\w+))?$/.exec(text) ?? [];
    assert.ok(what !== undefined, text);
    const at = Date.UTC(2026, 9 + months.indexOf(month), Number(date), Number(hour), Number(minute));
    return { at, what, word };
  });
}

/** The one block of the page in a language. */
export function readBlock(language: string): string {
  const example = page.slice(page.indexOf('## A worked example'));
  const [, text] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(example) ?? [];
  assert.ok(text !== undefined, language);
  return text;
}
