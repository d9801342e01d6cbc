import assert from 'node:assert/strict';
import fc from 'fast-check';
import { percentilesOf } from '../../src/ledger/percentiles.ts';

/** Type 7 of Hyndman and Fan over a sorted copy, in seconds. */
function sortedQuantile(durations: readonly number[], fraction: number): number {
  const sorted = [...durations].sort((left, right) => left - right);
  const position = (sorted.length - 1) * fraction;
  const [below = 0, above = 0] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return (below + (above - below) * (position - Math.floor(position))) / 1000;
}

describe('percentilesOf(durations)', () => {
  it('are those of the sorted durations, however many there are and in whatever order they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 2 ** 40 }), { minLength: 1, maxLength: 3000 }), (durations) => {
        const before = [...durations];
        assert.deepEqual(percentilesOf(durations), {
          p50: sortedQuantile(durations, 0.5),
          p90: sortedQuantile(durations, 0.9),
        });
        assert.deepEqual(durations, before);
      }),
    );
  });

  it('are in seconds, and null without a duration', () => {
    assert.deepEqual(percentilesOf([1000]), { p50: 1, p90: 1 });
    assert.deepEqual(percentilesOf([]), { p50: null, p90: null });
  });
});
