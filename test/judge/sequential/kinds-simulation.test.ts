import assert from 'node:assert/strict';
import { trajectory } from '../../../src/judge/trajectory.ts';
import type { MetricInput } from '../../../src/judge/types.ts';
import { histogram, input, limit, noisy, requests, type Slowness } from '../inputs.ts';

type Found = { readonly failed: number; readonly passed: number; readonly minutes: readonly number[] };

/** Shares of runs failed at any step, and passed at the end; and the steps at which they failed. */
function simulate(runs: number, make: (run: number) => MetricInput): Found {
  let passed = 0;
  const minutes: number[] = [];
  for (let run = 0; run < runs; run++) {
    const { failedAt, judgement } = trajectory(input([make(run)]));
    if (failedAt !== null) minutes.push(failedAt);
    if (judgement.verdict === 'pass') passed += 1;
  }
  minutes.sort((one, other) => one - other);
  return { failed: minutes.length / runs, passed: passed / runs, minutes };
}

/** The step by which that share of all runs had failed; infinite when fewer did. */
function minuteOf(share: number, runs: number, { minutes }: Found): number {
  return minutes[Math.ceil(share * runs) - 1] ?? Number.POSITIVE_INFINITY;
}

const latency =
  (slowness: Slowness, perStep = 300) =>
  (run: number) =>
    histogram(
      requests(2 * run + 1, perStep, { deviation: 0.05, ...slowness }),
      requests(2 * run + 2, perStep, { deviation: 0.05 }),
    );
const level = (times: number, deviation: number, phi: number) => (run: number) =>
  limit(noisy(run + 1, times, deviation, 30, phi), { max: 1 });

describe('in simulation, looking at every step', function () {
  this.timeout(120_000);

  it('a histogram of latencies that are alike fails at most 5 % of runs and passes most', () => {
    const { failed, passed } = simulate(200, latency({}));
    assert.ok(failed <= 0.05, `failed ${failed}`);
    assert.ok(passed >= 0.7, `passed ${passed}`);
  });

  it('it finds a fifth more latency, from the start or later, and a few requests that take far longer', () => {
    const slower = simulate(60, latency({ factor: 1.2 }));
    assert.ok(slower.failed === 1 && minuteOf(0.5, 60, slower) <= 9, `half by ${minuteOf(0.5, 60, slower)}`);
    assert.ok(simulate(40, latency({ factor: 1.3, from: 17 })).failed >= 0.95);
    assert.ok(simulate(40, latency({ slow: 0.03 })).failed >= 0.95);
  });

  it('it hardly ever passes a share of slow requests half as large again', () => {
    assert.ok(simulate(200, latency({ slow: 0.0085 }, 300)).passed <= 0.05);
  });

  it('a level at half the limit never fails, in whatever way its noise is correlated, and passes', () => {
    for (const phi of [0, 0.5, 0.8]) {
      const { failed, passed } = simulate(200, level(0.5, 0.3, phi));
      assert.equal(failed, 0, `φ ${phi}`);
      assert.ok(passed >= 0.97, `passed ${passed} at φ ${phi}`);
    }
  });

  it('a level at twice the limit is found within eight steps where it is steady, and later where it is not', () => {
    for (const phi of [0, 0.5, 0.8]) {
      const steady = simulate(50, level(2, 0.1, phi));
      assert.ok(minuteOf(1, 50, steady) <= 8, `last at ${minuteOf(1, 50, steady)}`);
      const unsteady = simulate(100, level(2, 0.3, phi));
      assert.ok(unsteady.failed >= 0.97 && minuteOf(0.5, 100, unsteady) <= 12, `φ ${phi}`);
    }
  });

  it('one value twenty times too high never fails a run', () => {
    const spiked = (run: number) =>
      limit(
        noisy(run + 1, 0.5, 0.3, 30, 0.5).map((value, step) => (step === run % 30 ? 20 * value : value)),
        { max: 1 },
      );
    assert.equal(simulate(200, spiked).failed, 0);
  });
});
