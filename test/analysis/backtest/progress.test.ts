import assert from 'node:assert/strict';
import type { Progress } from '../../../src/analysis/backtest/backtest.ts';
import { createProgressLine } from '../../../src/analysis/backtest/progress.ts';

function show(isTTY: boolean, all: number, changes: Partial<Progress> = {}): string {
  let written = '';
  const write = (text: string): void => {
    written += text;
  };
  const line = createProgressLine({ isTTY, write });
  for (let done = 1; done <= all; done += 1) line.tell({ done, all, resumed: 0, unread: 0, ...changes });
  line.stop();
  return written;
}

describe('the progress of a backtest', () => {
  it('is one line for each tenth where nothing can be written over', () => {
    const lines = show(false, 200).split('\n').slice(0, -1);

    assert.equal(lines.length, 10);
    assert.equal(lines[0], '20 of 200 windows (10 %)');
    assert.equal(lines[9], '200 of 200 windows (100 %)');
    assert.equal(show(false, 3).split('\n').length - 1, 3);
  });

  it('is a line that is written over on a terminal and gone at the end', () => {
    assert.equal(
      show(true, 2),
      '\r\u001B[2K1 of 2 windows (50 %)\r\u001B[2K2 of 2 windows (100 %)\r\u001B[2K',
    );
    assert.equal(show(true, 0), '');
  });

  it('tells what was judged before and what could not be read', () => {
    assert.equal(
      show(false, 1, { resumed: 3, unread: 2 }),
      '1 of 1 windows (100 %), 3 judged before, 2 could not be read\n',
    );
  });
});
