import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ascending } from '../../src/judge/statistics/rank-order.ts';
import { binomialTest } from './binomial-test.ts';
import { fisherExact } from './fisher-exact.ts';
import { kolmogorovTail } from './kolmogorov-distribution.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { twoProportionZ } from './two-proportion-z.ts';
import { welchT } from './welch-t.ts';
import { wholeGaugeEvidence } from './whole-gauge-evidence.ts';

function assertNear(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);
}

describe('the reference methods where there is little to say', () => {
  it('have no answer without data or without spread', () => {
    assert.equal(twoProportionZ({ events: 0, total: 0 }, { events: 1, total: 2 }), null);
    assert.equal(twoProportionZ({ events: 0, total: 3 }, { events: 0, total: 2 }), null);
    assert.equal(twoProportionZ({ events: 3, total: 3 }, { events: 2, total: 2 }), null);
    assert.equal(welchT([1], [1, 2]), null);
    assert.equal(welchT([0.1, 0.1, 0.1], [0.3, 0.3, 0.3]), null);
    assert.equal(kolmogorovSmirnov(ascending([]), ascending([1])), null);
    assert.equal(fisherExact([0, 10], [0, 12], 'two-sided').oddsRatio, null);
  });

  it('have no evidence against what was expected', () => {
    assert.deepEqual(binomialTest(0, 5, 0.3), { p: 1, log_p: 0 });
    assert.equal(wholeGaugeEvidence([0.1, null, 0.3], 0), 0);
    const same = kolmogorovSmirnov(ascending([1, 2]), ascending([1, 2]));
    assert.deepEqual(same, { D: 0, p_exact: 1, p_asymp: 1 });
  });

  it('answer where one sample alone does not vary', () => {
    const answer = welchT([5, 5, 5], [4, 4.5, 5]);
    assertNear(answer?.df ?? Number.NaN, 2);
    assertNear(answer?.t ?? Number.NaN, Math.sqrt(3));
  });
});

describe('fisherExact(first, second, alternative)', () => {
  it('is two-sided twice the one-sided test for arms of the same size', () => {
    const events = fc.integer({ min: 0, max: 30 });
    fc.assert(
      fc.property(events, events, (first, second) => {
        const rows = [[first, 30 - first] as const, [second, 30 - second] as const] as const;
        const sided = Math.min(fisherExact(...rows, 'greater').p, fisherExact(...rows, 'less').p);
        assertNear(fisherExact(...rows, 'two-sided').p, Math.min(1, 2 * sided));
      }),
    );
  });

  it('counts two-sided also what is exactly as likely as the observed, on whichever side', () => {
    // With (events + 1)(first + 1) = all + 2 no event in the first arm is as likely as one.
    for (const [events, size] of [
      [2, 3],
      [3, 4],
      [4, 7],
      [6, 9],
    ] as const) {
      const others = (events + 1) * (size + 1) - 2 - size;
      const [none, one] = [
        fisherExact([0, size], [events, others - events], 'two-sided').p,
        fisherExact([1, size - 1], [events - 1, others - events + 1], 'two-sided').p,
      ];
      assertNear(none, 1);
      assertNear(one, 1);
    }
  });
});

describe('kolmogorovTail(n, d)', () => {
  it('is what is known in closed form for one and two values', () => {
    for (const d of [0.5, 0.6, 0.74, 0.76, 0.9, 1]) {
      assertNear(kolmogorovTail(1, d), 2 * (1 - d));
      assertNear(kolmogorovTail(2, d), 2 * (1 - d) ** 2);
    }
    for (const d of [0.1, 0.25, 0.3, 0.5])
      assertNear(kolmogorovTail(2, d), 1 - 2 * Math.max(0, 2 * d - 0.5) ** 2);
  });

  it('is what integration over the three ordered values gives, where both sides can be reached at once', () => {
    // 0 < u₁ < 0.4, 4/15 < u₂ < 11/15, 0.6 < u₃ < 1, less the parts out of order.
    const volume = 0.4 * (7 / 15) * 0.4 - 0.4 * (2 / 15) ** 2;
    assertNear(kolmogorovTail(3, 0.4), 1 - 6 * volume);
  });
});
