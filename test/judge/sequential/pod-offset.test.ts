import assert from 'node:assert/strict';
import fc from 'fast-check';
import { phiPrior } from '../../../src/judge/sequential/phi-prior.ts';
import { needsPodOffset, podOffset } from '../../../src/judge/sequential/pod-offset.ts';
import { flat, noisy } from '../inputs.ts';

const prior = phiPrior(1);

/** Log series of pods at lasting distances from each other. */
function pods(offsets: readonly number[], seed: number, deviation = 0.02, n = 30): number[][] {
  return offsets.map((offset, pod) =>
    noisy(seed + pod, 1, deviation, n).map((value) => Math.log(value) + offset),
  );
}

describe('podOffset(pods, prior)', () => {
  it('is √(τ²·v) of pods that differ for good', () => {
    const canary = pods([-0.3, 0, 0.3], 1);
    const baseline = pods([0.2, -0.2, 0.2, -0.2], 11);
    const variance = (0.3 ** 2 * 2 + 0.2 ** 2 * 4) / (2 + 3);

    const found = podOffset({ canary, baseline, past: [] }, prior);

    const expected = Math.sqrt(variance * (1 / 3 + 1 / 4));
    assert.ok(Math.abs(found / expected - 1) < 0.05, `${found} is not about ${expected}`);
  });

  it('is little or nothing for pods that differ by noise alone', () => {
    const found = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) =>
      podOffset(
        {
          canary: pods([0, 0, 0], 100 * seed, 0.1),
          baseline: pods([0, 0, 0], 100 * seed + 50, 0.1),
          past: [],
        },
        prior,
      ),
    );

    assert.ok(found.includes(0), String(found));
    assert.ok(Math.max(...found) < 0.1 * Math.sqrt(2 / 3), String(found));
  });

  it('learns from the past of the baseline’s pods as well', () => {
    const arms = { canary: pods([0], 1), baseline: pods([0], 2), past: pods([0.2, -0.2], 3, 0.02, 60) };

    assert.equal(podOffset({ ...arms, past: [] }, prior), 0);
    assert.ok(podOffset(arms, prior) > 0.3);
  });

  it('is 0 without pods to compare', () => {
    assert.equal(podOffset({ canary: [], baseline: [], past: [] }, prior), 0);
    assert.equal(podOffset({ canary: [flat(1)], baseline: [flat(1), flat(1)], past: [] }, prior), 0);
  });

  it('is finite and not negative, whatever the pods', () => {
    const arm = fc.array(
      fc.array(fc.option(fc.double({ min: -9, max: 9, noNaN: true })), { minLength: 6, maxLength: 6 }),
      {
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(arm, arm, arm, (canary, baseline, past) => {
        const found = podOffset({ canary, baseline, past }, prior);
        assert.ok(Number.isFinite(found) && found >= 0, String(found));
      }),
    );
  });
});

describe('needsPodOffset(pods)', () => {
  it('says yes while an arm has fewer than 5 pods', () => {
    const arms = (canary: number, baseline: number) => ({
      canary: flat([], canary),
      baseline: flat([], baseline),
      past: [],
    });

    assert.equal(needsPodOffset(arms(5, 5)), false);
    assert.equal(needsPodOffset(arms(4, 10)), true);
    assert.equal(needsPodOffset(arms(10, 1)), true);
  });
});
