import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cliffsDelta } from '../../../src/judge/statistics/cliffs-delta.ts';
import { hodgesLehmann, hodgesLehmannInterval } from '../../../src/judge/statistics/hodges-lehmann.ts';
import { mannWhitney } from '../../../src/judge/statistics/mann-whitney.ts';
import { countable, mannWhitneyCounts } from '../../../src/judge/statistics/mann-whitney-counts.ts';
import { normalCdf, normalLogCdf } from '../../../src/judge/statistics/normal-cdf.ts';
import { normalQuantile } from '../../../src/judge/statistics/normal-quantile.ts';
import { percentile } from '../../../src/judge/statistics/percentile.ts';
import { brunnerMunzel } from '../../../src/judge/statistics/rank-brunner-munzel.ts';
import { rankedDifference } from '../../../src/judge/statistics/rank-difference.ts';
import { ascending, tieSum } from '../../../src/judge/statistics/rank-order.ts';
import { rankSum } from '../../../src/judge/statistics/rank-sum.ts';
import { rankSumOfShifts } from '../../../src/judge/statistics/rank-sum-shifts.ts';
import { createRandom } from '../../support/random.ts';
import { normals } from '../inputs.ts';

const number = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ min: -1e3, max: 1e3, noNaN: true }),
  fc.constantFrom(0, -0, 1e-5, 1e15, -1e15, 5e-324, Number.MAX_VALUE, -Number.MAX_VALUE),
);
const sample = fc.array(number, { minLength: 1, maxLength: 14 });

/** Mid-ranks the slow way: one and the number of smaller values, and half of the equal others. */
function midRank(value: number, all: readonly number[]): number {
  const smaller = all.filter((other) => other < value).length;
  const equal = all.filter((other) => other === value).length;
  return smaller + (equal + 1) / 2;
}

/** In how many orders U = u, by Mann and Whitney's own recursion, in whole numbers of any size. */
function countsByRecursion(m: number, n: number): bigint[] {
  const known = new Map<number, bigint[]>();
  const countsOf = (one: number, other: number): bigint[] => {
    if (one === 0 || other === 0) return [1n];
    const found = known.get(one * 1000 + other);
    if (found !== undefined) return found;
    const [shorter, longer] = [countsOf(one - 1, other), countsOf(one, other - 1)];
    const counts = Array.from(
      { length: one * other + 1 },
      (_, u) => (shorter[u - other] ?? 0n) + (longer[u] ?? 0n),
    );
    known.set(one * 1000 + other, counts);
    return counts;
  };
  return countsOf(m, n);
}

const close = (one: number, other: number, relative = 1e-12) =>
  Math.abs(one - other) <= relative * (1e-300 + Math.abs(other));

describe('the rank statistics', () => {
  it('rank sums and ties are those of ranking both samples together, for any shift', () => {
    fc.assert(
      fc.property(sample, sample, fc.oneof(number, fc.constant(0)), (x, y, shift) => {
        const moved = x.map((value) => value - shift);
        const all = [...moved, ...y];
        const { ranks, ties } = rankSum(ascending(x), ascending(y), shift);
        assert.equal(
          ranks,
          moved.reduce((sum, value) => sum + midRank(value, all), 0),
        );
        const sizes = [...new Set(all.map((value) => value + 0))].map(
          (value) => all.filter((other) => other === value).length,
        );
        assert.equal(
          ties,
          sizes.reduce((sum, size) => sum + size ** 3 - size, 0),
        );
        assert.equal(ties, tieSum(ascending(all)));
      }),
    );
  });

  it('rank sums of many shifts are those of each shift alone, whatever was asked before', () => {
    const finite = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.double({ min: -5, max: 5, noNaN: true }),
      fc.constantFrom(0, -0, 1e15, 1, 1 + Number.EPSILON, 1e16, 1e16 + 2),
    );
    const many = fc.array(finite, { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(many, many, fc.array(finite, { minLength: 1, maxLength: 8 }), (x, y, shifts) => {
        const [left, right] = [ascending(x), ascending(y)];
        const search = rankSumOfShifts(left, right);
        for (const shift of shifts) assert.deepEqual(search(shift), rankSum(left, right, shift));
      }),
      { numRuns: 500 },
    );
  });

  it('rank sums of many shifts hold for values crowded into a corner of their range', () => {
    const crowd = Array.from({ length: 800 }, (_, index) => Math.sin(index));
    const outliers = { far: 1e9, near: -50, wide: Number.MAX_VALUE, narrow: 2 };
    for (const [name, outlier] of Object.entries(outliers)) {
      const [x, y] = [ascending(crowd), ascending([...crowd.map((value) => value / 3), outlier, -outlier])];
      const search = rankSumOfShifts(x, y);
      for (const shift of [0, 0.1, -0.7, 3, -1e9])
        assert.deepEqual(search(shift), rankSum(x, y, shift), name);
    }
    const tiny = ascending([0, 5e-324, 1e-323]);
    assert.deepEqual(rankSumOfShifts(tiny, tiny)(5e-324), rankSum(tiny, tiny, 5e-324));
  });

  it('a difference in its place is the one that sorting all of them puts there', () => {
    fc.assert(
      fc.property(sample, sample, fc.nat(), (x, y, place) => {
        const all = x.flatMap((one) => y.map((other) => one - other)).sort((left, right) => left - right);
        const rank = 1 + (place % all.length);
        const { value, next } = rankedDifference(ascending(x), ascending(y), rank);
        assert.equal(value + 0, all[rank - 1]! + 0);
        assert.equal(next + 0, (all[rank] ?? Number.POSITIVE_INFINITY) + 0);
      }),
      { numRuns: 500 },
    );
  });

  it('counts orders as the recursion does, in whole numbers and beyond', () => {
    for (const [m, n] of [
      [1, 1],
      [2, 3],
      [7, 7],
      [5, 30],
      [28, 28],
      [50, 50],
      [50, 60],
    ] as const) {
      const expected = countsByRecursion(m, n);
      const { counts, total } = mannWhitneyCounts(n, m, Math.floor((m * n) / 2));
      assert.ok(close(total, Number(expected.reduce((sum, count) => sum + count, 0n))), `${m} and ${n}`);
      counts.forEach((count, u) => {
        assert.ok(close(count, Number(expected[u])), `${m} and ${n}: ${count} is not ${expected[u]} at ${u}`);
      });
    }
  });

  it('stays a distribution for the most unequal samples it counts', () => {
    for (const [m, n] of [
      [50, 500],
      [20, 1250],
      [2, 12_500],
      [1, 25_000],
    ] as const) {
      assert.ok(countable(m, n) && countable(n, m));
      const { counts, total } = mannWhitneyCounts(m, n, Math.ceil((m * n) / 2) - 1);
      const middle = (m * n) % 2 === 0 ? mannWhitneyCounts(m, n, (m * n) / 2).counts.at(-1)! : 0;
      const sum = 2 * counts.reduce((one, count) => one + count, 0) + middle;
      assert.ok(close(sum, total, 1e-10), `${m} and ${n}: ${sum} is not ${total}`);
      assert.ok(counts.every((count, u) => u === 0 || count >= counts[u - 1]! * (1 - 1e-12)));
    }
    assert.ok(!countable(51, 51) && !countable(50, 501));
  });

  it('counting and the normal approximation agree where both are good', () => {
    const sizes = [50, 51].map((size) => Float64Array.from({ length: size }, (_, index) => index / size));
    for (const shift of [0.003, 0.05, 0.11, 0.21]) {
      const [counted, approximated] = sizes.map(
        (y) =>
          mannWhitney(
            y.map((value) => value + shift),
            y,
            'greater',
          )!,
      );
      assert.ok(counted!.exact && !approximated!.exact);
      assert.ok(Math.abs(counted!.pValue - approximated!.pValue) < 0.02, String(shift));
    }
  });

  it('both directions of the test mirror each other, and p is a probability', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const [left, right] = [ascending(x), ascending(y)];
        const greater = mannWhitney(left, right, 'greater')!;
        const less = mannWhitney(left, right, 'less')!;
        assert.equal(greater.logP, mannWhitney(right, left, 'less')!.logP);
        const both = mannWhitney(left, right)!;
        assert.ok(close(both.pValue, Math.min(1, 2 * Math.min(greater.pValue, less.pValue)), 1e-9));
        for (const { pValue } of [greater, less, both]) assert.ok(pValue > 0 && pValue <= 1);
      }),
    );
  });

  it('the shift is the median of all differences and lies within its interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 }),
        (x, y) => {
          const all = x.flatMap((one) => y.map((other) => one - other)).sort((left, right) => left - right);
          const half = all.length / 2;
          const middle = (all[Math.ceil(half) - 1]! + all[Math.floor(half)]!) / 2;
          const shift = hodgesLehmann(ascending(x), ascending(y))!;
          assert.ok(Math.abs(shift - middle) <= 1e-12 * (1 + Math.abs(middle)));
          const interval = hodgesLehmannInterval(ascending(x), ascending(y), 0.9);
          if (interval !== null) assert.ok(interval[0] <= shift && shift <= interval[1]);
        },
      ),
    );
  });

  it('the interval holds the shifts that the test does not reject, and no others', () => {
    const normal = normals(createRandom(5));
    for (const [m, n] of [
      [8, 10],
      [30, 25],
      [60, 70],
      [55, 400],
    ] as const) {
      const x = Float64Array.from({ length: m }, normal).sort();
      const y = Float64Array.from({ length: n }, normal).sort();
      const limits = hodgesLehmannInterval(x, y, 0.95)!;
      const rejects = (shift: number) =>
        mannWhitney(
          x.map((value) => value - shift),
          y,
        )!.pValue <= 0.05;
      assert.deepEqual(
        [limits[0] - 1e-9, limits[0] + 1e-9, limits[1] - 1e-9, limits[1] + 1e-9].map(rejects),
        [true, false, false, true],
        `${m} and ${n}`,
      );
    }
  });

  it('has no interval where so few values cannot reach the level', () => {
    assert.equal(hodgesLehmannInterval(ascending([10, 11]), ascending([1, 2]), 0.98), null);
    assert.equal(hodgesLehmannInterval(ascending([10, 10]), ascending([1, 1]), 0.999), null);
    assert.deepEqual(
      hodgesLehmannInterval(ascending([10, 11, 12, 13]), ascending([1, 2, 3, 4]), 0.9),
      [7, 11],
    );
  });

  it('Cliff’s delta counts pairs', () => {
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const signs = x.flatMap((one) => y.map((other) => (one > other ? 1 : 0) - (one < other ? 1 : 0)));
        const expected = signs.reduce<number>((sum, sign) => sum + sign, 0) / signs.length;
        assert.ok(Math.abs(cliffsDelta(ascending(x), ascending(y))! - expected) < 1e-12);
      }),
    );
  });

  it('percentiles lie between their neighbours', () => {
    const values = ascending([30, 10, 20]);
    assert.deepEqual(
      [0, 25, 50, 90, 100].map((p) => percentile(values, p)),
      [10, 15, 20, 28, 30],
    );
    assert.equal(percentile(ascending([7]), 99), 7);
  });

  it('say nothing of no values', () => {
    const [none, some] = [ascending([]), ascending([1, 2, 3])];
    assert.equal(mannWhitney(none, some), null);
    assert.equal(mannWhitney(some, none, 'less'), null);
    assert.equal(hodgesLehmann(none, some), null);
    assert.equal(hodgesLehmannInterval(some, none, 0.9), null);
    assert.equal(cliffsDelta(some, none), null);
    assert.equal(brunnerMunzel(ascending([1]), some), null);
    assert.equal(percentile(none, 50), null);
  });
});

describe('the normal distribution', () => {
  it('has quantiles that its distribution function leads back', () => {
    for (const p of [1e-320, 1e-300, 1e-20, 1e-5, 0.00134, 0.00136, 0.01, 0.3, 0.5, 0.7, 0.99, 0.999_999]) {
      assert.ok(close(normalCdf(normalQuantile(p)), p, 1e-10), String(p));
    }
    assert.equal(normalQuantile(0.25), -normalQuantile(0.75));
  });

  it('rises, without a step where the formulas meet', () => {
    for (let z = -9; z < 9; z += 0.01) assert.ok(normalLogCdf(z) < normalLogCdf(z + 0.01), String(z));
    for (const border of [-3, 0, 3]) {
      assert.ok(close(normalLogCdf(border - 1e-9), normalLogCdf(border + 1e-9), 1e-7));
      assert.ok(close(normalLogCdf(border - 1e-15), normalLogCdf(border + 1e-15), 1e-12));
    }
  });

  it('has limits and no quantile outside [0, 1]', () => {
    assert.equal(normalLogCdf(Number.NEGATIVE_INFINITY), Number.NEGATIVE_INFINITY);
    assert.equal(normalCdf(Number.NEGATIVE_INFINITY), 0);
    assert.ok(normalLogCdf(Number.POSITIVE_INFINITY) === 0);
    assert.equal(normalCdf(Number.POSITIVE_INFINITY), 1);
    assert.equal(normalQuantile(0), Number.NEGATIVE_INFINITY);
    assert.equal(normalQuantile(1), Number.POSITIVE_INFINITY);
    for (const outside of [-0.1, 1.1, Number.NaN]) assert.ok(Number.isNaN(normalQuantile(outside)));
    assert.ok(Number.isNaN(normalCdf(Number.NaN)));
  });
});
