import assert from 'node:assert/strict';
import { gaugeEvidence } from '../../../src/judge/sequential/gauge-evidence.ts';
import { phiPrior } from '../../../src/judge/sequential/phi-prior.ts';
import {
  alignPods,
  meanVariance,
  podContrasts,
  replicaProfile,
} from '../../../src/judge/sequential/pod-contrasts.ts';
import { phiGrid, whiten } from '../../../src/judge/sequential/whiten.ts';
import { winsorise } from '../../../src/judge/sequential/winsorise.ts';
import type { Samples } from '../../../src/judge/types.ts';
import { flat, noisy } from '../inputs.ts';
import { assertClose, casesOf } from '../vectors.ts';

type Replicas = { canary: number[][]; baseline: number[][]; looks: number[]; margin: number; kappa: number };

/** Log series of so many pods. */
function pods(count: number, seed: number, n = 30): number[][] {
  return Array.from({ length: count }, (_, pod) => noisy(seed + pod, 1, 0.1, n, 0.5).map(Math.log));
}

function sumOfSquares(series: readonly Samples[], step: number): number {
  return series.reduce((sum, values) => sum + (values[step] ?? 0) ** 2, 0);
}

function meanOf(series: readonly number[][], step: number): number {
  return series.reduce((sum, values) => sum + values[step]!, 0) / series.length;
}

function near(actual: number | undefined, expected: number): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-9, `${actual} is not ${expected}`);
}

describe('the reference values of replicas', () => {
  for (const one of casesOf('replicaGaugeLogE2')) {
    it(`gauge evidence with the noise of the pods: ${one.id}`, () => {
      const { canary, baseline, looks, margin, kappa } = one.input as Replicas;
      assert.equal(kappa, 0.5);
      looks.forEach((look, index) => {
        const cut = (arm: number[][]) => arm.map((pod) => pod.slice(0, look));
        const arms = { canary: cut(canary), baseline: cut(baseline), past: [] };
        const differences = winsorise(
          Array.from({ length: look }, (_, step) => meanOf(arms.canary, step) - meanOf(arms.baseline, step)),
        );
        const whites = phiGrid.map((phi) => whiten(differences, phi));
        const side = { boundary: margin, sign: 1 } as const;

        const { logE } = gaugeEvidence(whites, phiPrior(1), 30, side, replicaProfile(arms));

        assertClose(logE, (one.expected as { logE: number[] }).logE[index]!, one);
      });
    });
  }
});

describe('podContrasts(pods)', () => {
  it('gives one contrast less than there are pods, which hold all the differences between them', () => {
    const arm = pods(5, 1, 8);
    const contrasts = podContrasts(arm);

    assert.equal(contrasts.length, 4);
    for (let step = 0; step < 8; step++) {
      const mean = meanOf(arm, step);
      near(
        sumOfSquares(contrasts, step),
        arm.reduce((sum, pod) => sum + (pod[step]! - mean) ** 2, 0),
      );
    }
  });

  it('does not see what all pods share', () => {
    const shared = noisy(9, 1, 1);
    const arm = pods(3, 20);
    const contrasts = podContrasts(arm.map((pod) => pod.map((value, step) => value + shared[step]!)));

    podContrasts(arm).forEach((values, index) => {
      values.forEach((value, step) => {
        near(contrasts[index]![step]!, value!);
      });
    });
  });

  it('is nothing for one pod or none', () => {
    assert.deepEqual(podContrasts([]), []);
    assert.deepEqual(podContrasts(pods(1, 1)), []);
    assert.deepEqual(podContrasts([...pods(1, 1), flat(null)]), []);
  });

  it('leaves out steps at which a pod is missing, and puts the pod seen shortest last', () => {
    const [first = [], second = [], third = []] = pods(3, 40);
    const late = third.map((value, step) => (step < 20 ? null : value));
    const gone = second.map((value, step) => (step === 4 ? null : value));

    const contrasts = podContrasts([late, first, gone]);

    assert.deepEqual(
      contrasts.map((values) => values.filter((value) => value !== null).length),
      [29, 10],
    );
    near(contrasts[0]![3]!, (first[3]! - second[3]!) / Math.SQRT2);
    assert.equal(contrasts[0]![4], null);
  });

  it('draws outliers in', () => {
    const [first = [], second = []] = pods(2, 60);
    const gross = first.map((value, step) => (step === 7 ? value + 50 : value));

    assert.ok(Math.abs(podContrasts([gross, second])[0]![7]!) < 1);
  });

  it('leaves out pods that repeat one number: they were not measured one by one', () => {
    const [one = []] = pods(1, 80);

    assert.deepEqual(podContrasts(flat(one, 7)), []);
    assert.deepEqual(podContrasts([one, one.map((value) => value + 0.3)]), []);
    assert.equal(podContrasts([one, one, ...pods(1, 81)]).length, 1);
  });
});

describe('meanVariance(pods)', () => {
  it('is the sum of one over the number of pods of each arm', () => {
    near(meanVariance({ canary: pods(2, 1), baseline: pods(4, 5), past: [] }) ?? 0, 0.75);
  });

  it('is averaged over the steps where both arms have pods', () => {
    const canary = [flat(1, 4), [1, null, null, 1]];
    const baseline = [
      [1, 1, null, 1],
      [null, 1, null, null],
    ];

    near(meanVariance({ canary, baseline, past: [] }) ?? 0, (1.5 + 1.5 + 1.5) / 3);
    assert.equal(meanVariance({ canary, baseline: [flat(null, 4)], past: [] }), null);
    assert.equal(meanVariance({ canary: [], baseline, past: [] }), null);
  });
});

describe('replicaProfile(pods)', () => {
  it('counts half of each degree of freedom within the arms, and a quarter of those of the past', () => {
    const arms = { canary: pods(3, 1), baseline: pods(5, 11), past: [] };
    const past = pods(5, 31, 60);

    near(replicaProfile(arms)?.degrees, 0.5 * (2 + 4) * 29);
    near(replicaProfile({ ...arms, past })?.degrees, 0.5 * (2 + 4) * 29 + 0.25 * 4 * 59);
  });

  it('tells the noise of the difference of the means, of independent pods without autocorrelation', () => {
    const white = (count: number, seed: number) =>
      Array.from({ length: count }, (_, pod) => noisy(seed + pod, 1, 0.2, 400).map(Math.log));
    const profile = replicaProfile({ canary: white(3, 100), baseline: white(6, 200), past: [] });
    const variance = profile!.squares[0]! / profile!.degrees;

    assert.ok(Math.abs(variance / (0.2 ** 2 * (1 / 3 + 1 / 6)) - 1) < 0.1, String(variance));
  });

  it('needs two pods in one arm, and some pod in the other', () => {
    const [one, two] = [pods(1, 1), pods(2, 5)];

    assert.equal(replicaProfile({ canary: one, baseline: one, past: [] }), null);
    assert.equal(replicaProfile({ canary: two, baseline: [], past: two }), null);
    assert.ok(replicaProfile({ canary: one, baseline: two, past: [] }) !== null);
  });
});

describe('alignPods(pods, unit)', () => {
  const arms = { canary: [[1, Math.E]], baseline: [[Math.E ** 2, null]], past: [[0, 1]] };

  it('takes logarithms of positive pods; a past that is not is missing', () => {
    assert.deepEqual(alignPods(arms, 'log'), { canary: [[0, 1]], baseline: [[2, null]], past: [[null, 0]] });
  });

  it('takes fractions of the baseline’s middle where some pod is at 0', () => {
    const idle = { canary: [[0, 5]], baseline: [[10, 20, 30]], past: [] };

    assert.deepEqual(alignPods(idle, 'log'), { canary: [[0, 0.25]], baseline: [[0.5, 1, 1.5]], past: [] });
    assert.equal(alignPods({ ...idle, baseline: [[0, 0, 4]] }, 'log'), null);
  });

  it('takes parts of a given unit', () => {
    assert.deepEqual(alignPods({ canary: [[-4, 0]], baseline: [[8, null]], past: [[2]] }, 4), {
      canary: [[-1, 0]],
      baseline: [[2, null]],
      past: [[0.5]],
    });
  });

  it('takes NaN and infinities as missing', () => {
    const odd = { canary: [[Number.NaN, 1]], baseline: [[Number.POSITIVE_INFINITY, 1]], past: [] };

    assert.deepEqual(alignPods(odd, 'log'), { canary: [[null, 0]], baseline: [[null, 0]], past: [] });
  });
});
