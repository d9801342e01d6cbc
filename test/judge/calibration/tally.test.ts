import assert from 'node:assert/strict';
import type { Trace } from '../../calibration/run.ts';
import {
  addTally,
  emptyTally,
  failedOf,
  record,
  ruleNames,
  type Tally,
  thresholdAt,
} from '../../calibration/tally.ts';

const never: Trace = { failedAt: null, statistic: [-1, -1, -1] };
const looks = { from: 5, to: 7 };

function tallyOf(...serin: readonly Trace[]): Tally {
  const tally = emptyTally(looks.to);
  for (const trace of serin) {
    const verdict = trace.failedAt === null ? 'pass' : 'fail';
    record(tally, verdict, { serin: trace, kayenta: never, fixed: never }, looks.from);
  }
  return tally;
}

describe('a tally of runs', () => {
  it('counts verdicts, and first fails at the minute of the look', () => {
    const tally = tallyOf(
      never,
      { failedAt: 6, statistic: [0, 3, 1] },
      { failedAt: 6, statistic: [0, 4, 9] },
    );
    assert.equal(tally.runs, 3);
    assert.equal(tally.passed, 1);
    assert.equal(tally.rules.serin.own[6], 2);
    assert.equal(failedOf(tally.rules.serin.own), 2);
    assert.equal(failedOf(tally.rules.kayenta.own), 0);
  });

  it('knows when any threshold would have been reached first', () => {
    const { atThreshold } = tallyOf({ failedAt: null, statistic: [0.5, 0.2, 1] }).rules.serin;
    const firstAt = (threshold: number): number =>
      atThreshold[Math.round(threshold / thresholdAt('serin', 1))]?.indexOf(1) ?? -1;
    assert.equal(firstAt(0), 5);
    assert.equal(firstAt(0.5), 5);
    assert.equal(firstAt(0.55), 7);
    assert.equal(firstAt(1), 7);
    assert.equal(firstAt(1.05), -1);
  });

  it('is the sum of the tallies of its parts', () => {
    const [one, other] = [
      { failedAt: 5, statistic: [2, 2, 5] },
      { failedAt: 7, statistic: [0, 1, 3] },
    ] as const;
    const sum = tallyOf(one);
    addTally(sum, tallyOf(other, never));
    assert.deepEqual(sum, tallyOf(one, other, never));
  });

  it('counts an infinite statistic at every threshold and minus infinity at none', () => {
    const statistic = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 0];
    for (const counts of tallyOf({ failedAt: 6, statistic }).rules.serin.atThreshold)
      assert.deepEqual(counts.slice(5), [0, 1, 0]);
    assert.equal(ruleNames.length, 3);
  });
});
