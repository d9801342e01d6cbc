import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { pathOf, readText } from './files.ts';

const page = readText('docs/callers.md');

type Cell = { readonly caller: string; readonly text: string };

/** The cells of the table, without its head and its first column. */
function readCells(): readonly Cell[] {
  const rows = page.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(1).flatMap((row) => {
    const [caller = '', ...cells] = row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    return cells.map((text) => ({ caller, text }));
  });
}

const tests = [...page.matchAll(/^- (\w+) `([^`]+)`: (.+)$/gm)].map(
  ([, mark = '', file = '', title = '']) => ({ mark, file, title }),
);

function marksOf(text: string): readonly string[] {
  return [...text.matchAll(/\[([A-Z]+\d+)\]/g)].map(([, mark = '']) => mark);
}

describe('docs/callers.md', () => {
  it('says for every caller what it does in each of seven cases', () => {
    const cells = readCells();
    const callers = [...new Set(cells.map(({ caller }) => caller))];

    assert.ok(callers.length >= 10, `${callers.length} callers`);
    assert.equal(cells.length, 7 * callers.length);
  });

  it('names for every cell a test that it lists', () => {
    const listed = tests.map(({ mark }) => mark);
    for (const { caller, text } of readCells()) {
      assert.ok(marksOf(text).length > 0, `${caller}: ${text}`);
      for (const mark of marksOf(text)) assert.ok(listed.includes(mark), `${caller}: ${mark} is not listed`);
    }
  });

  it('lists each test once, and none that no cell names', () => {
    const named = new Set(readCells().flatMap(({ text }) => marksOf(text)));
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
