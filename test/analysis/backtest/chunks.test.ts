import assert from 'node:assert/strict';
import fc from 'fast-check';
import { oneSeries, severalSeries } from '../../../src/analysis/backtest/answers.ts';
import { chunkPoints, chunksOf } from '../../../src/analysis/backtest/chunks.ts';
import { createProvider } from '../../../src/metrics/registry.ts';
import { start } from '../../support/plans.ts';
import { minute, never } from './past.ts';

const synthetic = createProvider('synthetic', { type: 'synthetic' });
const grids = fc.record({
  first: fc.integer({ min: 0, max: 3_000 }),
  length: fc.integer({ min: 0, max: 400 }),
  points: fc.integer({ min: 1, max: 300 }),
});

describe('chunksOf', () => {
  it('covers the grid without a gap or an overlap, from fixed places', () => {
    fc.assert(
      fc.property(grids, ({ first, length, points }) => {
        const from = start + first * minute;
        const to = from + length * minute;
        const chunks = chunksOf({ from, to, step: minute }, points, to + 1000 * minute);
        assert.ok(chunks[0]!.from <= from && chunks.at(-1)!.to >= to);
        chunks.forEach((chunk, index) => {
          assert.equal(chunk.from % (points * minute), 0);
          assert.equal(chunk.to, chunk.from + (points - 1) * minute);
          if (index > 0) assert.equal(chunk.from, chunks[index - 1]!.to + minute);
        });
      }),
    );
  });

  it('ends at what is measured, or at what was asked for beyond it', () => {
    const grid = { from: start, to: start + 5 * minute, step: minute };

    assert.equal(chunksOf(grid, 60, start + 10.5 * minute).at(-1)!.to, start + 10 * minute);
    assert.equal(chunksOf(grid, 60, start).at(-1)!.to, start + 5 * minute);
  });
});

describe('chunkPoints', () => {
  it('asks for a day of minutes where windows lie close together, else for what one needs', () => {
    assert.equal(chunkPoints(90, 60), 1_440);
    assert.equal(chunkPoints(90, 1_440), 90);
  });
});

describe('answers joined of chunks', () => {
  const request = (query: string, from: number, to: number) => ({
    query,
    variables: { service: 'checkout', 'scope.scenario': 'gaps' },
    arm: 'canary' as const,
    from,
    to,
    step: minute,
    signal: never,
  });

  it('are those of one question, for queries of one series and of several', async () => {
    await fc.assert(
      fc.asyncProperty(grids, async ({ first, length, points }) => {
        const grid = { from: start + first * minute, to: start + (first + length) * minute, step: minute };
        const chunks = chunksOf(grid, points, grid.to + 1000 * minute);
        const ask = (query: string) => chunks.map(({ from, to }) => request(query, from, to));
        const parts = await Promise.all(ask('cpu').map((one) => synthetic.fetch(one)));
        assert.deepEqual(
          oneSeries.join(grid, parts),
          await synthetic.fetch(request('cpu', grid.from, grid.to)),
        );
        const members = await Promise.all(ask('cpu').map((one) => synthetic.fetchMembers(one)));
        const whole = await synthetic.fetchMembers(request('cpu', grid.from, grid.to));
        const present = whole.members.filter(({ series }) => series.values.some((value) => value !== null));
        assert.deepEqual(severalSeries.join(grid, members).members, present);
      }),
      { numRuns: 30 },
    );
  });

  it('keep what was no number, on the grid alone', () => {
    const part = (from: number, notNumbers: number[], warnings: string[]) => ({
      series: { start: from, step: minute, values: [1, null, 3] },
      notNumbers,
      warnings,
    });
    const parts = [
      part(start, [start + minute], ['slow']),
      part(start + 3 * minute, [start + 4 * minute], ['slow']),
    ];

    const joined = oneSeries.join({ from: start + minute, to: start + 3 * minute, step: minute }, parts);

    assert.deepEqual(joined, {
      series: { start: start + minute, step: minute, values: [null, 3, 1] },
      notNumbers: [start + minute],
      warnings: ['slow'],
    });
  });
});
