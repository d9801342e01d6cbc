import assert from 'node:assert/strict';
import fc from 'fast-check';
import { combine } from '../../src/judge/sequential/combine.ts';
import { dispersionGrid, logKernel } from '../../src/judge/sequential/count-kernel.ts';
import { gaugeEvidence } from '../../src/judge/sequential/gauge-evidence.ts';
import { theWholeRun } from '../../src/judge/sequential/onset.ts';
import { phiPrior } from '../../src/judge/sequential/phi-prior.ts';
import { phiGrid, whiten } from '../../src/judge/sequential/whiten.ts';
import { winsorise } from '../../src/judge/sequential/winsorise.ts';
import { cliffsDelta } from '../../src/judge/statistics/cliffs-delta.ts';
import { closedMean } from '../../src/judge/statistics/closed-mean.ts';
import { mannWhitney } from '../../src/judge/statistics/mann-whitney.ts';
import { newcombe } from '../../src/judge/statistics/newcombe.ts';
import { normalCdf } from '../../src/judge/statistics/normal-cdf.ts';
import { ascending } from '../../src/judge/statistics/rank-order.ts';
import type { Samples } from '../../src/judge/types.ts';
import { betaMixture } from './beta-mixture.ts';
import { betaMixtureOneSided } from './beta-mixture-one-sided.ts';
import { binomialTest } from './binomial-test.ts';
import { eBenjaminiHochberg } from './e-benjamini-hochberg.ts';
import { fisherExact } from './fisher-exact.ts';
import { holm } from './holm.ts';
import { kolmogorovSmirnov } from './kolmogorov-smirnov.ts';
import { twoProportionZ } from './two-proportion-z.ts';
import { wholeGaugeEvidence } from './whole-gauge-evidence.ts';

const quantile = 1.959963984540054;

/** Numbers evenly spread, among them both ends; plain doubles would nearly all be close to 0. */
function between(least: number, most: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 1000 }).map((one) => least + (one / 1000) * (most - least));
}

/** ln E of some metrics; often the same for several, where the bounds are tight. */
const evidence = fc.array(fc.integer({ min: -3, max: 9 }), { minLength: 1, maxLength: 12 });
const share = between(0.02, 0.98);
const rounding = 1e-9;

function assertNear(actual: number, expected: number): void {
  assert.ok(
    Math.abs(actual - expected) <= rounding * (1 + Math.abs(expected)),
    `${actual} is not ${expected}`,
  );
}

describe('closed testing with means', () => {
  it('accuses whom Holm accuses at 1/E, and more', () => {
    fc.assert(
      fc.property(evidence, (logE) => {
        const adjusted = closedMean(
          logE,
          logE.map(() => 1),
        );
        holm(logE.map((one) => Math.min(1, Math.exp(-one)))).forEach((p, index) => {
          const own = Math.min(1, Math.exp(-(adjusted[index] ?? Number.NaN)));
          assert.ok(own <= p * (1 + rounding), `${own} is above ${p}`);
        });
      }),
      { numRuns: 500 },
    );
  });

  it('fails the run wherever the procedure for false discoveries would name anyone', () => {
    fc.assert(
      fc.property(evidence, (logE) => {
        const e = logE.map(Math.exp);
        const descending = [...e].sort((one, other) => other - one);
        const least = Math.min(...descending.map((one, place) => e.length / ((place + 1) * one)));
        assert.ok(eBenjaminiHochberg(e, least * (1 + rounding)).length > 0);
        assert.deepEqual(eBenjaminiHochberg(e, least * (1 - rounding)), []);
        const all = combine(
          logE,
          logE.map(() => 1 / logE.length),
        );
        assert.ok(all.logE >= -Math.log(least) - rounding, `${all.logE} at ${least}`);
      }),
      { numRuns: 500 },
    );
  });
});

/** Two arms whose shares are up to 4 standard errors apart. */
const arms = fc
  .tuple(share, fc.integer({ min: 20, max: 5000 }), fc.integer({ min: 20, max: 5000 }), between(-4, 4))
  .map(([of, first, second, apart]) => {
    const moved = of + apart * Math.sqrt(of * (1 - of) * (1 / first + 1 / second));
    return [
      { events: Math.round(first * of), total: first },
      { events: Math.round(second * Math.min(1, Math.max(0, moved))), total: second },
    ] as const;
  });

describe('Newcombe’s interval', () => {
  const excludesZero = ({ interval }: { interval: readonly [number, number] }) =>
    interval[0] > 0 || interval[1] < 0;

  it('tells arms apart where the pooled z-test does, to a twentieth of the quantile, given 5 of each kind', () => {
    const isEnough = ({ events, total }: { events: number; total: number }) =>
      Math.min(events, total - events) >= 5;
    fc.assert(
      fc.property(
        arms.filter((both) => both.every(isEnough)),
        ([first, second]) => {
          const interval = newcombe(first, second, quantile);
          const test = twoProportionZ(first, second);
          assert.ok(interval !== null && test !== null);
          if (Math.abs(test.z) > 1.05 * quantile) assert.ok(excludesZero(interval));
          if (Math.abs(test.z) < quantile / 1.05) assert.ok(!excludesZero(interval));
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is not the more eager of the two for few events', () => {
    fc.assert(
      fc.property(arms, ([first, second]) => {
        const interval = newcombe(first, second, quantile);
        const z = Math.abs(twoProportionZ(first, second)?.z ?? 0);
        assert.ok(interval !== null && (!excludesZero(interval) || z > 0.97 * quantile));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the rank statistics', () => {
  const binary = fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 60 });

  it('of zeros and ones are the pooled z-test, but for the factor (N − 1)/N of the variance', () => {
    fc.assert(
      fc.property(binary, binary, (x, y) => {
        const eventsOf = (values: number[]) => ({
          events: values.filter((one) => one === 1).length,
          total: values.length,
        });
        const ranks = mannWhitney(ascending(x), ascending(y), 'two-sided', false);
        const test = twoProportionZ(eventsOf(x), eventsOf(y));
        const all = x.length + y.length;
        // Samples of one value each have no ties and are counted instead.
        if (ranks === null || ranks.exact) return;
        const z = Math.abs(test?.z ?? 0) * Math.sqrt((all - 1) / all);
        assertNear(ranks.pValue, 2 * normalCdf(-z));
      }),
    );
  });

  it('Cliff’s delta is at most 2 D − D² for a distance D between the distributions', () => {
    const sample = fc.array(fc.integer({ min: -6, max: 6 }), { minLength: 1, maxLength: 20 }).map(ascending);
    fc.assert(
      fc.property(sample, sample, (x, y) => {
        const [delta, distance] = [cliffsDelta(x, y), kolmogorovSmirnov(x, y)?.D];
        assert.ok(delta !== null && distance !== undefined);
        assert.ok(Math.abs(delta) <= 2 * distance - distance ** 2 + rounding, `${delta} of ${distance}`);
      }),
    );
  });
});

describe('the evidence of counts', () => {
  const total = fc.integer({ min: 0, max: 200 });

  it('has in its over-dispersed kernel the beta mixture against a share that is exactly the one expected', () => {
    const dispersion = fc.constantFrom(...dispersionGrid.filter((one) => one > 0));
    fc.assert(
      fc.property(share, total, between(0, 1), dispersion, (of, all, part, spread) => {
        const canary = Math.round(all * part);
        const k = 1 / (spread ** 2 * of * (1 - of)) - 1;
        const difference = logKernel(canary, all, of, spread) - logKernel(canary, all, of, 0);
        assertNear(difference, betaMixture({ canary, total: all, share: of }, k).logE);
      }),
    );
  });

  it('of one arm against the other is safe where requests are drawn without putting them back', () => {
    const size = fc.integer({ min: 1, max: 60 });
    const part = between(0, 1);
    fc.assert(
      fc.property(size, size, part, part, (first, second, of, more) => {
        const events = Math.round(of * (first + second));
        const expected = (events * first) / (first + second);
        const canary = Math.floor(expected + 1 + more * (Math.min(events, first) - expected - 1));
        if (canary < expected + 1 || canary > Math.min(events, first) || events - canary > second) return;
        const rows = [
          [canary, first - canary],
          [events - canary, second - events + canary],
        ] as const;
        const drawn = fisherExact(rows[0], rows[1], 'greater').p;
        assertNear(fisherExact(rows[1], rows[0], 'less').p, drawn);
        assert.ok(drawn <= binomialTest(canary, events, first / (first + second)).p * (1 + rounding));
      }),
      { numRuns: 500 },
    );
  });

  it('is 1 on average under what it speaks against, in both beta mixtures', () => {
    fc.assert(
      fc.property(share, fc.integer({ min: 0, max: 40 }), between(1, 200), (of, all, k) => {
        let [both, above, chance] = [0, 0, (1 - of) ** all];
        for (let canary = 0; canary <= all; canary++) {
          const events = { canary, total: all, share: of };
          both += chance * Math.exp(betaMixture(events, k).logE);
          above += chance * Math.exp(betaMixtureOneSided(events, k));
          chance *= ((all - canary) / (canary + 1)) * (of / (1 - of));
        }
        assertNear(both, 1);
        assertNear(above, 1);
      }),
    );
  });
});

describe('the evidence of a gauge', () => {
  const value = fc.oneof({ weight: 6, arbitrary: between(-1, 1) }, fc.constant(null));
  const isNoisy = (series: Samples) => new Set(series).size > 3;

  function evidenceOf(series: Samples, boundary: number, sign: 1 | -1): number {
    const values = winsorise(series);
    const whites = phiGrid.map((phi) => whiten(values, phi));
    return gaugeEvidence(whites, phiPrior(1), theWholeRun, { boundary, sign }).logE;
  }

  it('is, over the whole run and in both directions, what its formulas give when written out', () => {
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 1, maxLength: 40 }).filter(isNoisy),
        between(0, 0.3),
        (series, margin) => {
          const mirrored = series.map((one) => (one === null ? null : -one));
          assertNear(evidenceOf(series, margin, 1), wholeGaugeEvidence(series, margin));
          assertNear(evidenceOf(series, -margin, -1), wholeGaugeEvidence(mirrored, margin));
        },
      ),
    );
  });
});
