import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepInFile } from '../../../src/analysis/backtest/done-file.ts';
import { makeJudged } from './judged.ts';

describe('keepInFile', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-backtest-'));
    path = join(folder, 'state.ndjson');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('finds what was kept by an earlier process', () => {
    const window = makeJudged({ key: 'k1' });
    const first = keepInFile(path);
    first.add(window);
    first.add(makeJudged({ key: 'k2' }));

    const second = keepInFile(path);

    assert.deepEqual(second.find('k1'), window);
    assert.deepEqual(first.find('k1'), window);
    assert.equal(second.find('k3'), null);
  });

  it('cuts a line off that was being written when the process was killed, wherever that was', () => {
    keepInFile(path).add(makeJudged({ key: 'k1' }));
    const whole = readFileSync(path, 'utf8');
    const line = JSON.stringify(makeJudged({ key: 'k2', reason: 'ä – ü' }));
    for (const length of [1, 4, 20, Buffer.byteLength(line)]) {
      writeFileSync(path, whole);
      appendFileSync(path, Buffer.from(line).subarray(0, length));
      const state = keepInFile(path);
      assert.notEqual(state.find('k1'), null);
      assert.equal(state.find('k2'), null);
      assert.equal(readFileSync(path, 'utf8'), whole);
      state.add(makeJudged({ key: 'k2' }));
      assert.notEqual(keepInFile(path).find('k2'), null);
    }
  });

  it('refuses a file that is somebody else’s, and leaves it as it was', () => {
    const texts: readonly (readonly [string, RegExp])[] = [
      ['a shopping list', /its last line is no window/],
      ['a list\nof two\n', /line 1 is no window of a backtest/],
      [`${JSON.stringify(makeJudged())}\n{"key":"x"}\n`, /line 2 is no window/],
      ['null\n', /line 1 is no window/],
    ];
    for (const [text, message] of texts) {
      writeFileSync(path, text);
      assert.throws(() => keepInFile(path), message);
      assert.equal(readFileSync(path, 'utf8'), text);
    }
  });

  it('says before anything is judged that a file cannot be written', () => {
    assert.throws(() => keepInFile(join(folder, 'none', 'state')), /cannot be read and written: ENOENT/);
  });
});
