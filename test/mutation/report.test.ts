import assert from 'node:assert/strict';
import {
  drawn,
  listUndetected,
  merge,
  type Outcome,
  type Tried,
  tally,
  undetected,
  writeTable,
} from './report.ts';

const tried = (line: number, outcome: Outcome, fileName = 'src/judge/a.ts'): Tried => ({
  fileName,
  location: { start: { line, column: 3 }, end: { line, column: 8 } },
  mutatorName: 'EqualityOperator',
  original: 'a <\n  b',
  replacement: 'a <= b',
  outcome,
});
const some = [tried(1, 'killed'), tried(2, 'timeout'), tried(3, 'survived'), tried(4, 'uncovered')];

describe('the report of mutants', () => {
  it('counts those that were found, by a test or by time, out of all', () => {
    const { mutants, score, interval, ...counts } = tally(some);
    assert.deepEqual(counts, { killed: 1, timeout: 1, survived: 1, uncovered: 1 });
    assert.equal(mutants, 4);
    assert.equal(score, 0.5);
    assert.ok(interval !== null && interval[0] > 0.1 && interval[0] < 0.2 && interval[1] > 0.8);
    assert.equal(tally([]).score, null);
  });

  it('lets the second pass, with all tests, have the last word on what it tried', () => {
    assert.deepEqual(undetected(some), some.slice(2));
    const outcomes = (second: readonly Tried[]) => merge(some, second).map(({ outcome }) => outcome);
    assert.deepEqual(outcomes([tried(3, 'killed'), tried(9, 'survived')]), [
      'killed',
      'timeout',
      'killed',
      'uncovered',
    ]);
    assert.deepEqual(outcomes([tried(3, 'uncovered')]), ['killed', 'timeout', 'survived', 'uncovered']);
  });

  it('leaves out what was not drawn', () => {
    const many = Array.from({ length: 1000 }, (_, line) => tried(line, 'uncovered'));
    const part = drawn(many, { share: 0.1, seed: 1 });
    assert.ok(part.length > 60 && part.length < 140);
    assert.equal(drawn(many, { share: 1, seed: 1 }).length, 1000);
  });

  it('is a table of the files and all of them, with an interval where it is a sample', () => {
    const table = writeTable([...some, tried(1, 'killed', 'src/judge/b.ts')], { share: 1, seed: 1 }).split(
      '\n',
    );
    assert.equal(table[2], '| src/judge/a.ts | 4 | 1 | 1 | 1 | 1 | 50.0 % |');
    assert.equal(table[3], '| src/judge/b.ts | 1 | 1 | 0 | 0 | 0 | 100.0 % |');
    assert.equal(table[4], '| **all** | 5 | 2 | 1 | 1 | 1 | 60.0 % |');
    assert.match(writeTable(some, { share: 0.5, seed: 1 }), /50\.0 % \(15\.0 % – 85\.0 %\)/);
  });

  it('names each mutant that was not found in one line, with what it replaced', () => {
    assert.equal(
      listUndetected(some),
      'src/judge/a.ts:3:3  a < b → a <= b\nsrc/judge/a.ts:4:3  a < b → a <= b  (no test runs it)',
    );
  });
});
