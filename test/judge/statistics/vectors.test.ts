import assert from 'node:assert/strict';
import { closedMean } from '../../../src/judge/statistics/closed-mean.ts';
import { incompleteBeta } from '../../../src/judge/statistics/incomplete-beta.ts';
import { logGamma } from '../../../src/judge/statistics/log-gamma.ts';
import { newcombe } from '../../../src/judge/statistics/newcombe.ts';
import { poissonScore } from '../../../src/judge/statistics/poisson-score.ts';
import { studentT } from '../../../src/judge/statistics/student-t.ts';
import { wilson } from '../../../src/judge/statistics/wilson.ts';
import { assertClose, casesOf } from '../vectors.ts';

const z = 1.959963984540054;

describe('the statistics against scipy and R', () => {
  for (const one of casesOf('lgamma')) {
    it(`log gamma: ${one.id}`, () =>
      assertClose(logGamma((one.input as { x: number }).x), (one.expected as { y: number }).y, one));
  }

  for (const one of casesOf('regIncompleteBeta')) {
    it(`incomplete beta: ${one.id}`, () => {
      const { a, b, x } = one.input as { a: number; b: number; x: number };
      assertClose(incompleteBeta(a, b, x), (one.expected as { y: number }).y, one);
    });
  }

  for (const one of casesOf('studentTCdf')) {
    it(`Student’s t in both tails: ${one.id}`, () => {
      const { df, t } = one.input as { df: number; t: number };
      const expected = one.expected as { p: number; log_p: number };
      assertClose(studentT(df).cdf(t), expected.p, one);
      assertClose(studentT(df).logCdf(t), expected.log_p, one);
    });
  }

  for (const one of casesOf('eClosedMean')) {
    it(`closed testing: ${one.id}`, () => {
      const { e } = one.input as { e: number[] };
      closedMean(
        e.map(Math.log),
        e.map(() => 1),
      ).forEach((adjusted, index) => {
        assertClose(Math.exp(adjusted), (one.expected as { adjusted: number[] }).adjusted[index]!, one);
      });
    });
  }

  const golden: readonly (readonly [number, number, number, number])[] = [
    [4, 23, 0.069787, 0.371376],
    [0, 10, 0, 0.277533],
    [1, 10, 0.017876, 0.40415],
    [10, 10, 0.722467, 1],
    [15, 100, 0.09306, 0.232836],
    [38, 197, 0.143883, 0.253652],
  ];
  for (const [events, total, low, high] of golden) {
    it(`Wilson’s interval of ${events} of ${total}`, () => {
      const interval = wilson(events, total, z)!;
      assert.ok(Math.abs(interval[0] - low) < 5e-7 && Math.abs(interval[1] - high) < 5e-7, String(interval));
    });
  }

  it('Newcombe’s interval of a difference', () => {
    const { estimate, interval } = newcombe({ events: 4, total: 23 }, { events: 9, total: 40 }, z)!;
    for (const [actual, expected] of [
      [estimate, -0.051087],
      [interval[0], -0.233711],
      [interval[1], 0.171091],
    ] as const) {
      assert.ok(Math.abs(actual - expected) < 5e-7, `${actual} is not ${expected}`);
    }
  });

  it('has no interval without trials', () => {
    assert.equal(wilson(0, 0, z), null);
    assert.equal(newcombe({ events: 0, total: 0 }, { events: 1, total: 2 }, z), null);
    assert.equal(poissonScore(0, 0, z), null);
  });

  it('closed testing with weights is the least weighted mean over all sets', () => {
    const e = [30, 2, 0.5, 11];
    const weights = [1, 3, 0.5, 2];
    const adjusted = closedMean(e.map(Math.log), weights);
    e.forEach((_, index) => {
      let least = Number.POSITIVE_INFINITY;
      for (let set = 0; set < 16; set++) {
        if ((set & (1 << index)) === 0) continue;
        const members = e.map((__, one) => one).filter((one) => (set & (1 << one)) !== 0);
        const mass = members.reduce((sum, one) => sum + weights[one]!, 0);
        least = Math.min(least, members.reduce((sum, one) => sum + weights[one]! * e[one]!, 0) / mass);
      }
      assert.ok(Math.abs(Math.exp(adjusted[index]!) / least - 1) < 1e-12);
    });
  });
});
