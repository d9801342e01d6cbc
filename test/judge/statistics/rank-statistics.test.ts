import assert from 'node:assert/strict';
import { cliffsDelta } from '../../../src/judge/statistics/cliffs-delta.ts';
import { hodgesLehmann, hodgesLehmannInterval } from '../../../src/judge/statistics/hodges-lehmann.ts';
import { type Alternative, mannWhitney } from '../../../src/judge/statistics/mann-whitney.ts';
import { normalCdf, normalLogCdf } from '../../../src/judge/statistics/normal-cdf.ts';
import { normalQuantile } from '../../../src/judge/statistics/normal-quantile.ts';
import { brunnerMunzel } from '../../../src/judge/statistics/rank-brunner-munzel.ts';
import { type Ascending, ascending } from '../../../src/judge/statistics/rank-order.ts';
import { assertClose, casesOf } from '../vectors.ts';

/** A sample as the reference values write it: numbers, or `range(from,to)`. */
function sample(written: unknown): Ascending {
  const range = typeof written === 'string' ? /^range\((\d+),(\d+)\)$/.exec(written) : null;
  if (range === null) return ascending(written as number[]);
  const [from, to] = [Number(range[1]), Number(range[2])];
  return Float64Array.from({ length: to - from }, (_, index) => from + index);
}

describe('the rank statistics against scipy and R', () => {
  for (const one of casesOf('mannWhitneyU')) {
    it(`Mann–Whitney: ${one.id}`, () => {
      const { alternative, continuity, method } = one.input as {
        alternative: Alternative;
        continuity?: boolean;
        method: string;
      };
      const { U, p, log_p, error } = one.expected as {
        U?: number;
        p?: number;
        log_p?: number;
        error?: string;
      };
      const result = mannWhitney(
        sample(one.input['x']),
        sample(one.input['y']),
        alternative,
        continuity ?? true,
      );
      if (error !== undefined) return assert.equal(result, null);
      assert.equal(result!.u, U);
      assert.equal(result!.exact, method === 'exact');
      if (p !== undefined) assertClose(result!.pValue, p, one);
      if (log_p !== undefined) assertClose(result!.logP, log_p, one);
      assert.ok(Number.isFinite(result!.logP));
    });
  }

  for (const one of casesOf('hodgesLehmann')) {
    it(`Hodges–Lehmann: ${one.id}`, () => {
      const expected = one.expected as Record<string, number>;
      const [x, y] = [sample(one.input['x']), sample(one.input['y'])];
      const interval = hodgesLehmannInterval(x, y, one.input['confidence'] as number)!;
      assertClose(hodgesLehmann(x, y)!, (expected['estimate'] ?? expected['median_pairwise'])!, one);
      assertClose(interval[0], (expected['lower'] ?? expected['R_lower'])!, one);
      assertClose(interval[1], (expected['upper'] ?? expected['R_upper'])!, one);
      const test = mannWhitney(x, y)!;
      assert.equal(test.u, expected['W']);
      assertClose(test.pValue, expected['p']!, one);
    });
  }

  for (const one of casesOf('cliffsDelta')) {
    it(`Cliff’s delta: ${one.id}`, () =>
      assertClose(
        cliffsDelta(sample(one.input['x']), sample(one.input['y']))!,
        (one.expected as { delta: number }).delta,
        one,
      ));
  }

  for (const one of casesOf('brunnerMunzel')) {
    it(`Brunner–Munzel: ${one.id}`, () => {
      const [x, y] = [sample(one.input['x']), sample(one.input['y'])];
      const { W, p, cliffsDelta: delta } = one.expected as { W: number; p: number; cliffsDelta?: number };
      const result = brunnerMunzel(x, y);
      if (delta !== undefined) {
        assert.equal(result, null);
        return assert.equal(cliffsDelta(x, y), delta);
      }
      assertClose(result!.statistic, W, one);
      assertClose(result!.pValue, p, one);
    });
  }

  for (const one of casesOf('normalCdf')) {
    it(`normal distribution: ${one.id}`, () => {
      const expected = one.expected as { p: number; log_p: number };
      assertClose(normalCdf((one.input as { z: number }).z), expected.p, one);
      assertClose(normalLogCdf((one.input as { z: number }).z), expected.log_p, { ...one, absTol: 0 });
    });
  }

  for (const one of casesOf('normalPpf')) {
    it(`normal quantile: ${one.id}`, () =>
      assertClose(normalQuantile((one.input as { p: number }).p), (one.expected as { z: number }).z, one));
  }
});
