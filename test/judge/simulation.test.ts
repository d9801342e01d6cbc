import assert from 'node:assert/strict';
import { trajectory } from '../../src/judge/trajectory.ts';
import type { MetricInput } from '../../src/judge/types.ts';
import { counts, flat, gauge, input, noisy, ratio } from './inputs.ts';

/** The share of runs failed at any of the looks at steps 5 to 30. */
function shareFailed(runs: number, make: (run: number) => MetricInput): number {
  let failed = 0;
  for (let run = 0; run < runs; run++) {
    if (trajectory(input([make(run)]), { from: 5 }).failedAt !== null) failed += 1;
  }
  return failed / runs;
}

const requests = flat(1000);
const latency = (factor: number, onset: number) => (run: number) =>
  gauge(
    noisy(2 * run + 1, 100, 0.07, 30, 0.5).map((value, step) => (step + 1 >= onset ? factor * value : value)),
    noisy(2 * run + 2, 100, 0.07, 30, 0.5),
  );
const errors = (factor: number, onset: number) => (run: number) =>
  ratio(
    [[...counts(2 * run + 1, 2, onset - 1), ...counts(9000 + run, 2 * factor, 31 - onset)], requests],
    [counts(2 * run + 2, 2), requests],
  );

describe('in simulation, looking at every step', function () {
  this.timeout(120_000);

  it('false alarms stay below 5 % for latency with autocorrelation .5 and for rare errors', () => {
    assert.ok(shareFailed(200, latency(1, 1)) <= 0.05);
    assert.ok(shareFailed(200, errors(1, 1)) <= 0.05);
  });

  it('latency half as long again and five times the errors are found, also when they begin half-way', () => {
    assert.ok(shareFailed(25, latency(1.5, 1)) >= 0.96);
    assert.ok(shareFailed(25, latency(1.5, 17)) >= 0.92);
    assert.ok(shareFailed(25, errors(5, 1)) >= 0.96);
    assert.ok(shareFailed(25, errors(5, 16)) >= 0.92);
  });
});
