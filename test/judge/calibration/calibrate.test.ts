import assert from 'node:assert/strict';
import { calibrate, estimate, type Task } from '../../calibration/calibrate.ts';
import { readOptions } from '../../calibration/options.ts';
import type { RowResult } from '../../calibration/results.ts';
import { rowOf } from '../../calibration/rows/all.ts';
import type { Row } from '../../calibration/rows/row.ts';
import { runOf } from '../../calibration/run-rows.ts';

function rows(...ids: readonly string[]): Row[] {
  return ids.map(rowOf).filter((row) => row !== undefined);
}

/** Results that are written down as on disk. */
function kept(): Task['results'] & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    read: (row) => JSON.parse(texts.get(row) ?? 'null'),
    write: (result) => {
      texts.set(result.row, JSON.stringify(result));
    },
  };
}

function task(results: Task['results'], runs: number, changes: Partial<Task> = {}): Task {
  return {
    rows: rows('errors/none-in-10/alike', 'errors/1-in-100/alike'),
    runs,
    seed: 42,
    threads: 1,
    results,
    onRow: () => undefined,
    ...changes,
  };
}

const tallies = ({ read }: Task['results']) => [
  read('errors/none-in-10/alike')?.tally,
  read('errors/1-in-100/alike')?.tally,
];

describe('a calibration', function () {
  this.timeout(60_000);

  it('that is interrupted goes on where it stopped, to the same end on any number of threads', async () => {
    const [stopped, whole] = [kept(), kept()];
    await calibrate(task(stopped, 60, { threads: 2 }));
    const done: [string, number, boolean][] = [];
    const onRow = ({ row, tally }: RowResult, isDone: boolean) => done.push([row, tally.runs, isDone]);
    await calibrate(task(stopped, 120, { onRow, threads: 2 }));
    await calibrate(task(whole, 120));
    assert.equal(stopped.read('errors/1-in-100/alike')?.tally.runs, 120);
    assert.deepEqual(tallies(stopped), tallies(whole));
    assert.ok(
      done.every(([, runs]) => runs > 60),
      'the first runs were not run again',
    );
    assert.deepEqual(
      done
        .filter(([, , isDone]) => isDone)
        .map(([row]) => row)
        .sort(),
      ['errors/1-in-100/alike', 'errors/none-in-10/alike'],
    );
  });

  it('under another seed begins anew', async () => {
    const results = kept();
    await calibrate(task(results, 20));
    const before = tallies(results);
    await calibrate(task(results, 20, { seed: 43 }));
    assert.equal(results.read('errors/1-in-100/alike')?.seed, 43);
    assert.equal(results.read('errors/1-in-100/alike')?.tally.runs, 20);
    assert.notDeepEqual(tallies(results), before);
  });

  it('that has its runs does nothing, and costs nothing', async () => {
    const results = kept();
    await calibrate(task(results, 10));
    const before = new Map(results.texts);
    const full = task(results, 10);
    assert.equal(
      estimate(full, () => assert.fail('a run of a row that has its runs')),
      0,
    );
    await calibrate(full);
    assert.deepEqual(results.texts, before);
  });

  it('is estimated by the runs that are lacking', () => {
    const chunk = { row: '', seed: 0, from: 0, to: 0 };
    const tally = runOf({ row: 'errors/none-in-10/alike', seed: 1, from: 0, to: 1 });
    assert.ok('tally' in tally);
    const milliseconds = estimate(task(kept(), 100), () => ({ ...tally, chunk, milliseconds: 6 }));
    assert.equal(milliseconds, 2 * 100 * 3);
  });

  it('ends with the trouble of a run that cannot be judged', async () => {
    const [row] = rows('errors/none-in-10/alike');
    assert.ok(row !== undefined);
    const unknown = { ...row, id: 'no/such/row' };
    await assert.rejects(calibrate(task(kept(), 10, { rows: [unknown] })), /there is no row no\/such\/row/);
  });
});

describe('the arguments of a calibration', () => {
  it('are 4 000 runs of every row with a fresh seed if not given', () => {
    const [one, other] = [readOptions([]), readOptions([])];
    assert.equal(one?.runs, 4000);
    assert.ok(one?.rows.test('anything'));
    assert.notEqual(one?.seed, other?.seed);
  });

  it('are taken as they are', () => {
    const options = readOptions([
      '--runs',
      '7',
      '--rows',
      '^cpu',
      '--seed',
      '3',
      '--workers',
      '2',
      '--report',
    ]);
    assert.deepEqual(options, {
      runs: 7,
      rows: /^cpu/,
      seed: 3,
      threads: 2,
      isEstimate: false,
      isReport: true,
    });
    assert.equal(readOptions(['--list']), null);
  });

  it('are refused where they are no such number', () => {
    assert.throws(() => readOptions(['--runs', 'many']), /--runs: found many, allowed is a whole number/);
    assert.throws(() => readOptions(['--seed', '4294967296']), /--seed: found 4294967296/);
    assert.throws(() => readOptions(['--rums', '5']), /rums/);
  });
});
