import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { pathOf, readText } from './files.ts';

const page = readText('docs/callers.md');

type Cell = { readonly caller: string; readonly text: string };

/** The cells of the tables, without their heads and their first columns: who asks, then who tells. */
function readTables(): readonly (readonly Cell[])[] {
  return page
    .split(/^\|---.*$/m)
    .slice(1)
    .map(readCells);
}

function readCells(table: string): readonly Cell[] {
  const [, rows = ''] = /^\n((?:\| .*\n)*)/.exec(table) ?? [];
  return rows
    .trimEnd()
    .split('\n')
    .flatMap((row) => {
      const [caller = '', ...cells] = row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
      return cells.map((text) => ({ caller, text }));
    });
}

const [asking = [], telling = []] = readTables();
const cells = [...asking, ...telling];

const tests = [...page.matchAll(/^- (\w+) `([^`]+)`: (.+)$/gm)].map(
  ([, mark = '', file = '', title = '']) => ({ mark, file, title }),
);

function marksOf(text: string): readonly string[] {
  return [...text.matchAll(/\[([A-Z]+\d+)\]/g)].map(([, mark = '']) => mark);
}

describe('docs/callers.md', () => {
  it('says for every caller what it does in each of seven cases', () => {
    const callers = [...new Set(asking.map(({ caller }) => caller))];

    assert.ok(callers.length >= 19, `${callers.length} callers`);
    assert.equal(asking.length, 7 * callers.length);
  });

  it('says for everyone who tells what becomes of it in each of five cases', () => {
    const senders = [...new Set(telling.map(({ caller }) => caller))];

    assert.ok(senders.length >= 3, `${senders.length} senders`);
    assert.equal(telling.length, 5 * senders.length);
  });

  it('names for every cell a test that it lists', () => {
    const listed = tests.map(({ mark }) => mark);
    for (const { caller, text } of cells) {
      assert.ok(marksOf(text).length > 0, `${caller}: ${text}`);
      for (const mark of marksOf(text)) assert.ok(listed.includes(mark), `${caller}: ${mark} is not listed`);
    }
  });

  it('lists each test once, and none that no cell names', () => {
    const named = new Set(cells.flatMap(({ text }) => marksOf(text)));
    const marks = tests.map(({ mark }) => mark);

    assert.equal(new Set(marks).size, marks.length);
    assert.deepEqual(
      marks.filter((mark) => !named.has(mark)),
      [],
    );
  });

  for (const { mark, file, title } of tests)
    it(`lists ${mark}, which is a test: ${title}`, () => {
      assert.ok(existsSync(pathOf(file)), `${file} does not exist`);
      const text = readText(file);
      assert.ok(
        [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) => text.includes(quoted)),
        `${file} has no test of that title`,
      );
    });
});
