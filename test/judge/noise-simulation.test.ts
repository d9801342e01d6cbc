import assert from 'node:assert/strict';
import { learnFrom } from '../../src/judge/learn.ts';
import { recallNoise } from '../../src/judge/sequential/noise-profile.ts';
import { trajectory } from '../../src/judge/trajectory.ts';
import type { MetricInput } from '../../src/judge/types.ts';
import { gauge, input, noisy } from './inputs.ts';

const deviation = 0.07;

/** One of the runs of a service: latency in two arms with noise of that autocorrelation, `spread` times as large. */
function latency(seed: number, phi: number, factor = 1, spread = 1): Extract<MetricInput, { kind: 'gauge' }> {
  const arm = (own: number): number[] => noisy(2 * seed + own, 100, spread * deviation, 30, phi);
  return gauge(
    arm(1).map((value) => factor * value),
    arm(2),
  );
}

type Case = {
  readonly phi: number;
  readonly factor: number;
  /** Runs that the noise was learned from; 0 for none. */
  readonly learned: number;
  /** By how much the noise differs from one earlier run to the next. */
  readonly spread?: number;
};

/** The looks at which runs failed, of those at steps 5 to 30; ∞ for those that did not. */
function failures(runs: number, { phi, factor, learned, spread = 1 }: Case): number[] {
  return Array.from({ length: runs }, (_, run) => {
    const earlier = Array.from({ length: learned }, (_, index) =>
      learnFrom(latency(1000 * (run + 1) + index, phi, 1, index % 2 === 0 ? spread : 1 / spread)),
    );
    const profile = recallNoise(earlier.filter((one) => one !== null)) ?? undefined;
    const metric = { ...latency(run, phi, factor), profile };
    return trajectory(input([metric]), { from: 5 }).failedAt ?? Number.POSITIVE_INFINITY;
  }).sort((left, right) => left - right);
}

function share(failed: readonly number[]): number {
  return failed.filter(Number.isFinite).length / failed.length;
}

function median(failed: readonly number[]): number {
  return failed[Math.floor(failed.length / 2)] ?? Number.POSITIVE_INFINITY;
}

describe('in simulation, with noise learned from earlier runs', function () {
  this.timeout(120_000);

  it('slow noise raises fewer false alarms than without', () => {
    const without = share(failures(200, { phi: 0.8, factor: 1, learned: 0 }));
    const learned = share(failures(200, { phi: 0.8, factor: 1, learned: 8 }));

    assert.ok(learned <= 0.03 && learned < without, `${learned} of ${without} without`);
  });

  it('latency a fifth longer is found sooner where noise is quick', () => {
    const without = failures(40, { phi: 0, factor: 1.2, learned: 0 });
    const learned = failures(40, { phi: 0, factor: 1.2, learned: 8 });

    assert.ok(share(learned) >= 0.97);
    assert.ok(
      median(learned) <= 6 && median(learned) < median(without),
      `${median(learned)}, ${median(without)}`,
    );
  });

  it('false alarms stay rare where earlier runs disagree about the noise', () => {
    for (const phi of [0, 0.5])
      assert.ok(share(failures(150, { phi, factor: 1, learned: 8, spread: 2 })) <= 0.03);
  });
});
