import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CumulativeEdge, histogramArm } from '../../src/analysis/histograms.ts';

const infinite = Number.POSITIVE_INFINITY;

function edges(byEdge: Record<string, (number | null)[]>): CumulativeEdge[] {
  return Object.entries(byEdge).map(([le, values]) => ({
    le: le === '+Inf' ? infinite : Number(le),
    values,
  }));
}

describe('histogramArm', () => {
  it('makes buckets out of counts at or below the edges, whatever their order', () => {
    assert.deepEqual(histogramArm(edges({ '+Inf': [10, 20], 0.5: [9, 15], 0.1: [4, 0] }), 2), {
      le: [0.1, 0.5, infinite],
      buckets: [
        [4, 5, 1],
        [0, 15, 5],
      ],
    });
  });

  it('has an empty bucket where extrapolated counts fall by a trifle, and the same total', () => {
    const { buckets } = histogramArm(edges({ 0.1: [3.9], 0.2: [3.89], 0.5: [4.01], '+Inf': [4] }), 1);

    assert.deepEqual(
      buckets[0]?.map((count) => Math.round(count * 100) / 100),
      [3.9, 0, 0.1, 0],
    );
  });

  it('leaves a negative count for the judge to name', () => {
    assert.deepEqual(histogramArm(edges({ 0.1: [-3], '+Inf': [4] }), 1).buckets, [[-3, 7]]);
  });

  it('misses a step without a total, or without an edge that it had at first', () => {
    const { le, buckets } = histogramArm(
      edges({ 0.1: [1, 1, null, 1], 0.5: [2, 2, 2, 2], '+Inf': [3, null, 3, 3] }),
      4,
    );

    assert.deepEqual(le, [0.1, 0.5, infinite]);
    assert.deepEqual(buckets, [[1, 1, 1], null, null, [1, 1, 1]]);
  });

  it('keeps the edges of the first step: one that comes later changes nothing', () => {
    const before = histogramArm(edges({ 0.1: [1, 1], '+Inf': [3, 3] }), 2);

    assert.deepEqual(histogramArm(edges({ 0.1: [1, 1], 0.5: [null, 2], '+Inf': [3, 3] }), 2), before);
  });

  it('waits for a step that has an edge beside the total', () => {
    const { le, buckets } = histogramArm(edges({ 0.1: [null, 1], '+Inf': [3, 3] }), 2);

    assert.deepEqual(le, [0.1, infinite]);
    assert.deepEqual(buckets, [null, [1, 2]]);
  });

  it('is missing throughout where nothing was measured', () => {
    const silent = { le: [0.1, infinite], buckets: [null, null] };

    assert.deepEqual(histogramArm(edges({ 0.1: [null, null], '+Inf': [null, null] }), 2), silent);
    assert.deepEqual(histogramArm([], 2), { le: [], buckets: [null, null] });
  });

  it('never takes back what it said of earlier steps', () => {
    const value = fc.option(fc.nat(50), { freq: 3 });
    const series = fc.array(value, { minLength: 8, maxLength: 8 });
    fc.assert(
      fc.property(
        fc.tuple(series, series, series, series),
        fc.integer({ min: 0, max: 8 }),
        ([a, b, c, all], steps) => {
          const cut = (length: number) =>
            histogramArm(
              edges({
                0.1: a.slice(0, length),
                0.2: b.slice(0, length),
                0.5: c.slice(0, length),
                '+Inf': all.slice(0, length),
              }),
              length,
            );
          const [early, late] = [cut(steps), cut(8)];
          assert.deepEqual(late.buckets.slice(0, steps), early.buckets);
          if (early.buckets.some((row) => row !== null)) assert.deepEqual(late.le, early.le);
          for (const row of late.buckets)
            assert.ok(row === null || (row.length === late.le.length && row.every((count) => count >= 0)));
        },
      ),
    );
  });
});
