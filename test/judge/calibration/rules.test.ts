import assert from 'node:assert/strict';
import { createDraws } from '../../calibration/random/draws.ts';
import { createStream, numberOf } from '../../calibration/random/stream.ts';
import { allRows, rowOf } from '../../calibration/rows/all.ts';
import { fixedThreshold } from '../../calibration/rules/fixed-threshold.ts';
import { kayentaRule } from '../../calibration/rules/kayenta-rule.ts';
import { firstFailAndVerdict } from '../../calibration/rules/our-rule.ts';
import { rankQuantiles } from '../../calibration/rules/rank-shift.ts';
import { assemble, type PlainSeries, type Run } from '../../calibration/run.ts';

function runOf(plain: readonly Partial<PlainSeries>[], from = 1): Run {
  const steps = plain[0]?.canary?.length ?? 0;
  const series = plain.map((one) => ({
    canary: [],
    baseline: [],
    usual: 100,
    allowed: 1.2,
    critical: false,
    ...one,
  }));
  return { ...assemble([], { from, to: steps }), plain: series };
}

function drawn(id: string, run: number): Run {
  const row = rowOf(id);
  assert.ok(row !== undefined, `no row ${id}`);
  return assemble(row.draw(createDraws(createStream({ seed: 1, row: numberOf(id), run }))), row.looks);
}

/** Several metrics are judged together; gaps leave some looks with less than five values. */
const isOneWithoutGaps = ({ plain: [only, ...others] }: Run): boolean =>
  others.length === 0 && only?.canary.includes(null) === false;

const flat = (value: number, steps = 10): number[] => new Array<number>(steps).fill(value);

describe('the rows', () => {
  it('have ids and random streams of their own', () => {
    assert.equal(new Set(allRows.map(({ id }) => id)).size, allRows.length);
    assert.equal(new Set(allRows.map(({ id }) => numberOf(id))).size, allRows.length);
    assert.equal(new Set(allRows.map(({ title }) => title)).size, allRows.length);
  });

  it('draw what can be judged, the same for the same stream', () => {
    for (const { id, looks } of allRows.filter(({ looks: { to } }) => to === 30)) {
      const run = drawn(id, 0);
      assert.equal(run.plain.length, run.input.metrics.length);
      for (const { canary, baseline } of run.plain) {
        assert.equal(canary.length, looks.to, id);
        assert.equal(baseline.length, looks.to, id);
      }
      assert.deepEqual(drawn(id, 0), run);
    }
  });

  it('draw another run for every number', () => {
    assert.notDeepEqual(drawn('latency/phi5/alike', 0), drawn('latency/phi5/alike', 1));
  });
});

describe("the judge's rule", () => {
  it('looks from the first look to the planned end and says the verdict', () => {
    const harmful = firstFailAndVerdict(drawn('errors/500-a-minute/bursts/x5', 0));
    assert.equal(harmful.statistic.length, 26);
    assert.equal(harmful.verdict, 'fail');
    assert.equal(harmful.failedAt, 5 + harmful.statistic.findIndex((logE) => logE >= Math.log(20)));
    const harmless = firstFailAndVerdict(drawn('errors/none-in-1000/alike', 0));
    assert.deepEqual([harmless.verdict, harmless.failedAt], ['pass', null]);
  });

  it('goes on looking after a fail, for the thresholds above its own', () => {
    const { statistic } = firstFailAndVerdict(drawn('errors/1-a-minute/x10', 0));
    assert.equal(statistic.length, 30);
    assert.ok(statistic.slice(10).every((logE) => logE > 3));
  });
});

describe("Kayenta's rule", () => {
  it('has a quantile that is that of Mann and Whitney at a quarter of the shift', () => {
    const quantiles = rankQuantiles([11, 12, 13, 14, 15], [1, 2, 3, 4, 5], 1);
    assert.deepEqual(
      quantiles.map((quantile) => quantile > 2.33),
      [false, false, false, false, true],
    );
    // U = 25 of 25, mean 12.5, variance 25 · 11/12.
    assert.ok(Math.abs((quantiles[4] ?? 0) - 12 / Math.sqrt((25 * 11) / 12)) < 1e-12);
  });

  it('calls two values high that lie above two others, whatever its level', () => {
    const { failedAt, statistic } = kayentaRule(runOf([{ canary: [11, 12, 13], baseline: [1, 2, 3] }]));
    assert.equal(failedAt, 2);
    assert.ok((statistic[1] ?? 0) < 2);
  });

  it('is its quantile above 2.326 from five values on, but for the width of a root', () => {
    const fiveOn = allRows.filter(({ looks: { from, to } }) => from === 5 && to === 30);
    const runs = fiveOn.map(({ id }) => drawn(id, 3)).filter(isOneWithoutGaps);
    const pairs = runs.map((run) => {
      const { failedAt, statistic } = kayentaRule(run);
      const first = statistic.findIndex((quantile) => quantile > 2.326_347_874_040_840_8);
      return [failedAt, first < 0 ? null : run.looks.from + first];
    });
    assert.ok(pairs.filter(([failedAt]) => failedAt !== null).length > 20);
    assert.ok(pairs.filter(([failedAt, expected]) => failedAt !== expected).length <= 3, pairs.join(' '));
  });

  it('counts ties out of the variance', () => {
    const quantile = rankQuantiles([1, 1, 2, 3, 4], [0, 0, 0, 0.5, 0.25], 5)[4] ?? 0;
    // Above a quarter of the shift of 2 lie all but the two of 25 differences that are on it; ties: a pair and a triple.
    const variance = (25 / 12) * (11 - (6 + 24) / 90);
    assert.ok(Math.abs(quantile - (23 - 12.5 - 0.5) / Math.sqrt(variance)) < 1e-12);
  });

  it('says nothing of a canary that is lower, the same, or missing', () => {
    const none = Number.NEGATIVE_INFINITY;
    assert.equal(rankQuantiles([1, 2, 3], [4, 5, 6], 1)[2], none);
    assert.equal(rankQuantiles(flat(1), flat(1), 1)[9], none);
    assert.equal(rankQuantiles([null, null], [1, 2], 1)[1], none);
  });

  it('leaves missing values out, in one arm alone too', () => {
    const gaps = rankQuantiles([11, null, 12, 13, 14, 15], [1, 2, 3, 4, null, 5], 1);
    assert.equal(gaps[5], rankQuantiles([11, 12, 13, 14, 15], [1, 2, 3, 4, 5], 1)[4]);
  });

  it('fails a run of many metrics when more than a quarter are high, or a critical one', () => {
    const noisy = Array.from({ length: 10 }, (_, step) => 100 + (step % 3));
    const fine = { canary: noisy, baseline: [...noisy].reverse() };
    const high = { canary: noisy.map((value) => value + 50), baseline: noisy };
    const isFailed = (plain: readonly Partial<PlainSeries>[]) => kayentaRule(runOf(plain)).failedAt !== null;
    assert.equal(isFailed([fine, fine, fine, fine]), false);
    assert.equal(isFailed([high, fine, fine, fine]), false);
    assert.equal(isFailed([high, high, fine, fine]), true);
    assert.equal(isFailed([{ ...high, critical: true }, fine, fine, fine]), true);
    assert.equal(isFailed([high]), true);
  });
});

describe('a fixed threshold', () => {
  it('fails at the fourth look above it, on the values of the looks alone', () => {
    const canary = [500, 500, 100, 121, 100, 121, 121, 100, 121, 121];
    const { failedAt } = fixedThreshold(runOf([{ canary }], 3));
    assert.equal(failedAt, 9);
  });

  it('allows what is just at the threshold, and gaps', () => {
    const canary = [119.9, null, 119.9, null, 119.9, 119.9, 119.9, null];
    assert.equal(fixedThreshold(runOf([{ canary }])).failedAt, null);
  });

  it('of 1.2 has power 2 at 1.44', () => {
    const { statistic } = fixedThreshold(runOf([{ canary: flat(144) }]));
    assert.equal(statistic[2], Number.NEGATIVE_INFINITY);
    assert.ok(Math.abs((statistic[3] ?? 0) - 2) < 1e-12);
  });

  it('is broken by any one of several metrics, and by any error where there never was one', () => {
    const plain = [{ canary: flat(100) }, { canary: [0, 1, 1, 1, 1, 0], usual: 0, allowed: 2 }];
    assert.equal(
      fixedThreshold(runOf(plain.map((one) => ({ ...one, canary: one.canary.slice(0, 6) })))).failedAt,
      5,
    );
    assert.equal(fixedThreshold(runOf([{ canary: flat(0), usual: 0, allowed: 2 }])).failedAt, null);
  });
});
