import assert from 'node:assert/strict';
import { cliffsDelta } from '../../../src/judge/statistics/cliffs-delta.ts';
import { hodgesLehmannInterval } from '../../../src/judge/statistics/hodges-lehmann.ts';
import { incompleteBeta } from '../../../src/judge/statistics/incomplete-beta.ts';
import { logBeta } from '../../../src/judge/statistics/log-beta.ts';
import { logGamma, logGammaRatio } from '../../../src/judge/statistics/log-gamma.ts';
import { logSumExp } from '../../../src/judge/statistics/log-sum-exp.ts';
import { mannWhitney } from '../../../src/judge/statistics/mann-whitney.ts';
import { newcombe, poissonDifference } from '../../../src/judge/statistics/newcombe.ts';
import { poissonScore } from '../../../src/judge/statistics/poisson-score.ts';
import { brunnerMunzel } from '../../../src/judge/statistics/rank-brunner-munzel.ts';
import { ascending } from '../../../src/judge/statistics/rank-order.ts';
import { studentT } from '../../../src/judge/statistics/student-t.ts';
import { wilson } from '../../../src/judge/statistics/wilson.ts';

const z = 1.959963984540054;
const infinity = Number.POSITIVE_INFINITY;

function assertNear(actual: number, expected: number, relative = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= relative * Math.abs(expected), `${actual} is not ${expected}`);
}

describe('a Poisson rate’s interval', () => {
  it('ends where the count is z standard deviations of the rate away', () => {
    for (const [events, exposure] of [
      [4, 100],
      [2.5, 0.5],
      [900, 30],
    ] as const) {
      for (const rate of poissonScore(events, exposure, z)!)
        assertNear((events - rate * exposure) ** 2, z * z * rate * exposure, 1e-9);
      const [lower, upper] = poissonScore(events, exposure, z)!;
      assert.ok(lower < events / exposure && events / exposure < upper);
    }
  });

  it('begins at 0 without events, and is none without exposure', () => {
    const [lower, upper] = poissonScore(0, 1000, z)!;
    assert.equal(lower, 0);
    assertNear(upper, (z * z) / 1000);
    assert.equal(poissonScore(3, 0, z), null);
    assert.equal(poissonScore(3, -1, z), null);
  });

  it('joins with another to that of their difference, whose arms add up as squares', () => {
    const [first, second] = [
      { events: 9, total: 300 },
      { events: 4, total: 200 },
    ];
    const { estimate, interval } = poissonDifference(first, second, z)!;
    assertNear(estimate, 0.01);
    const [one, other] = [poissonScore(9, 300, z)!, poissonScore(4, 200, z)!];
    assertNear((estimate - interval[0]) ** 2, (0.03 - one[0]) ** 2 + (other[1] - 0.02) ** 2, 1e-9);
    assertNear((interval[1] - estimate) ** 2, (one[1] - 0.03) ** 2 + (0.02 - other[0]) ** 2, 1e-9);
  });

  it('of a difference is none where either arm has no exposure', () => {
    const [none, some] = [
      { events: 0, total: 0 },
      { events: 1, total: 2 },
    ];
    for (const differ of [newcombe, poissonDifference])
      assert.deepEqual([differ(none, some, z), differ(some, none, z)], [null, null]);
  });
});

describe('Wilson’s interval', () => {
  it('begins at exactly 0 without events and ends at exactly 1 without others', () => {
    for (let total = 1; total <= 200; total += 0.5) {
      assert.equal(wilson(0, total, z)![0], 0, String(total));
      assert.equal(wilson(total, total, z)![1], 1, String(total));
    }
  });
});

describe('Student’s t', () => {
  it('has the density of Cauchy with one degree of freedom, and that in closed form with two', () => {
    for (const t of [-7, -0.3, 0, 1, 1e3]) {
      assertNear(studentT(1).pdf(t), 1 / (Math.PI * (1 + t * t)));
      assertNear(studentT(2).pdf(t), (2 + t * t) ** -1.5);
    }
  });

  it('has its tail where the square of t is no number any more', () => {
    assertNear(studentT(1).logCdf(-1e200), -Math.log(Math.PI) - 200 * Math.LN10);
    assertNear(studentT(2).logCdf(-1e200), -Math.LN2 - 400 * Math.LN10);
    assertNear(studentT(1).cdf(-1e200), 1 / Math.PI / 1e200, 1e-9);
    assert.equal(studentT(1).cdf(1e200), 1);
  });

  it('has limits, and is NaN of NaN', () => {
    const { cdf, logCdf } = studentT(5);
    assert.deepEqual([cdf(-infinity), cdf(infinity), cdf(0)], [0, 1, 0.5]);
    assert.deepEqual([logCdf(-infinity), Math.abs(logCdf(infinity))], [-infinity, 0]);
    assert.ok(Number.isNaN(cdf(Number.NaN)) && Number.isNaN(logCdf(Number.NaN)));
  });
});

describe('the gamma and beta functions', () => {
  it('have no logarithm outside of what they are defined for', () => {
    for (const outside of [0, -1, -0.5, Number.NaN]) {
      assert.ok(Number.isNaN(logGamma(outside)), String(outside));
      assert.ok(Number.isNaN(logBeta(outside, 3)) && Number.isNaN(logBeta(3, outside)), String(outside));
    }
    assert.equal(logGamma(infinity), infinity);
  });

  it('keep their digits in a small rise of a large argument', () => {
    const [a, y] = [1e8, 1e-4];
    assertNear(logGammaRatio(a, y), y * (Math.log(a) - 1 / (2 * a)), 1e-11);
    assertNear(logGammaRatio(1e9, 3), Math.log(1e9) + Math.log(1e9 + 1) + Math.log(1e9 + 2));
  });

  it('the incomplete one is a distribution function, clamped outside of 0 to 1', () => {
    assert.deepEqual(
      [-1, 0, 1, 2].map((x) => incompleteBeta(2, 3, x)),
      [0, 0, 1, 1],
    );
  });
});

describe('a sum of logarithms', () => {
  it('of nothing, and of nothings, is that of 0', () => {
    assert.equal(logSumExp([]), -infinity);
    assert.equal(logSumExp([-infinity, -infinity]), -infinity);
    assert.equal(logSumExp([-infinity, 3]), 3);
    assert.equal(logSumExp([infinity, 3]), infinity);
  });
});

describe('the rank statistics at their borders', () => {
  const range = (from: number, count: number) => Float64Array.from({ length: count }, (_, i) => from + i);

  it('count an order as improbable as it is, to the last digits', () => {
    // One order out of 40! / (20! 20!).
    const { exact, pValue } = mannWhitney(range(100, 20), range(0, 20), 'greater')!;
    assert.ok(exact);
    assertNear(pValue, 1 / 137_846_528_820);
  });

  it('take the difference whose place is just as probable as the level leaves', () => {
    assert.deepEqual(hodgesLehmannInterval(range(10, 1), range(1, 7), 0.5), [3, 9]);
  });

  it('approximate where values are tied, also within one sample alone', () => {
    const x = ascending([0, 0, 0, 0, 1, 1, 2, 2]);
    const y = ascending([0.5, 1.5, 7.5, 18.5]);
    const rejects = (shift: number) =>
      mannWhitney(ascending([...x].map((one) => one - shift)), y)!.pValue <= 0.2;
    const [lower, upper] = hodgesLehmannInterval(x, y, 0.8)!;
    assert.deepEqual([lower, upper], [-7.5, -0.5]);
    assert.deepEqual([lower - 1e-9, lower + 1e-9, upper - 1e-9, upper + 1e-9].map(rejects), [
      true,
      false,
      false,
      true,
    ]);
  });

  it('say nothing of an empty sample, whichever it is, nor Brunner and Munzel of a single value', () => {
    const [none, one, two] = [range(0, 0), range(0, 1), range(0, 2)];
    assert.deepEqual([cliffsDelta(none, two), cliffsDelta(two, none)], [null, null]);
    assert.deepEqual([brunnerMunzel(one, two), brunnerMunzel(two, one)], [null, null]);
    const twos = brunnerMunzel(ascending([1, 3]), ascending([2, 4]))!;
    assert.ok(twos.statistic > 0 && twos.pValue > 0 && twos.pValue < 1);
  });
});
