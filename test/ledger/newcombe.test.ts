import assert from 'node:assert/strict';
import fc from 'fast-check';
import { newcombe } from '../../src/ledger/newcombe.ts';

describe('newcombe(first, second)', () => {
  /** The first is of gates-and-reports; the others are examples a, d and h of table II of Newcombe 1998, method 10. */
  for (const [first, second, rate, interval] of [
    [[4, 23], [9, 40], -0.051087, [-0.233711, 0.171091]],
    [[56, 70], [48, 80], 0.2, [0.0524, 0.3339]],
    [[5, 56], [0, 29], 0.0893, [-0.0381, 0.1926]],
    [[10, 10], [0, 10], 1, [0.6075, 1]],
  ] as const)
    it(`gives ${first.join('/')} minus ${second.join('/')} the interval ${interval.join(' to ')}`, () => {
      const difference = newcombe({ part: first[0], whole: first[1] }, { part: second[0], whole: second[1] });

      assert.ok(difference !== null);
      const found = [difference.rate, ...difference.interval];
      for (const [index, expected] of [rate, ...interval].entries())
        assert.ok(Math.abs((found[index] ?? Number.NaN) - expected) < 6e-5, `${found} is not near`);
    });

  it('agrees with the golden value to six digits', () => {
    const difference = newcombe({ part: 4, whole: 23 }, { part: 9, whole: 40 });

    assert.deepEqual(
      [difference?.rate, ...(difference?.interval ?? [])].map((value) => value?.toFixed(6)),
      ['-0.051087', '-0.233711', '0.171091'],
    );
  });

  it('is null without anything to compare', () => {
    assert.equal(newcombe({ part: 0, whole: 0 }, { part: 1, whole: 2 }), null);
    assert.equal(newcombe({ part: 1, whole: 2 }, { part: 0, whole: 0 }), null);
  });

  const anyShare = fc
    .integer({ min: 1, max: 500 })
    .chain((whole) => fc.record({ part: fc.integer({ min: 0, max: whole }), whole: fc.constant(whole) }));

  it('lies within −1 and 1, holds its difference, and turns round with its arguments', () => {
    fc.assert(
      fc.property(anyShare, anyShare, (first, second) => {
        const [one, other] = [newcombe(first, second), newcombe(second, first)];
        assert.ok(one !== null && other !== null);
        assert.ok(-1 - 1e-12 <= one.interval[0] && one.interval[1] <= 1 + 1e-12);
        assert.ok(one.interval[0] <= one.rate && one.rate <= one.interval[1]);
        assert.ok(Math.abs(one.interval[0] + other.interval[1]) < 1e-12);
      }),
    );
  });
});
