import assert from 'node:assert/strict';
import fc from 'fast-check';
import { drawBinomial, drawPoisson, seededRandom } from '../../../src/analysis/backtest/draws.ts';
import { canBeHarmed, type Harm, withHarm } from '../../../src/analysis/backtest/harm.ts';
import type { Direction, MetricInput, Samples } from '../../../src/judge/types.ts';

const common = {
  name: 'm',
  direction: 'increase' as const,
  margin: 0.1,
  acceptable: { relative: 0.5 },
  weight: 1,
  critical: false,
};
const harm: Harm = { factor: 2, from: 1, steps: 100 };
const random = () => seededRandom('seed');

const gauge = (values: Samples, direction: Direction = 'increase'): MetricInput => ({
  ...common,
  direction,
  kind: 'gauge',
  canary: { values },
  baseline: { values },
});
const counts = (
  kind: 'ratio' | 'count',
  events: Samples,
  total: Samples,
  direction: Direction = 'increase',
): MetricInput => ({ ...common, direction, kind, canary: { events, total }, baseline: { events, total } });

function canaryValues(metric: MetricInput): Samples {
  assert.ok(metric.kind === 'gauge' || metric.kind === 'limit');
  return metric.canary.values;
}

function canaryEvents(metric: MetricInput): Samples {
  assert.ok(metric.kind === 'ratio' || metric.kind === 'count');
  return metric.canary.events;
}

describe('withHarm', () => {
  it('makes a gauge worse from a step on, whichever way harm is, and leaves gaps and the baseline alone', () => {
    const values = [10, 10, null, -10, 0];

    const more = withHarm(gauge(values), harm, random());
    const less = withHarm(gauge(values, 'decrease'), harm, random());

    assert.deepEqual(canaryValues(more), [10, 20, null, 0, 0]);
    assert.deepEqual(canaryValues(less), [10, 5, null, -15, 0]);
    assert.deepEqual(more.kind === 'gauge' && more.baseline.values, values);
  });

  it('makes the pods of a gauge worse along with it', () => {
    const metric: MetricInput = {
      ...common,
      kind: 'gauge',
      canary: {
        values: [2, 2],
        pods: [
          [1, 1],
          [3, 3],
        ],
      },
      baseline: { values: [2, 2] },
    };

    const harmed = withHarm(metric, harm, random());

    assert.ok(harmed.kind === 'gauge');
    assert.deepEqual(harmed.canary, {
      values: [2, 4],
      pods: [
        [1, 2],
        [3, 6],
      ],
    });
  });

  it('pushes a limit towards its threshold', () => {
    const limit = (threshold: { max?: number; min?: number }): MetricInput => ({
      ...common,
      kind: 'limit',
      canary: { values: [8, 8] },
      ...threshold,
    });

    assert.deepEqual(canaryValues(withHarm(limit({ max: 10 }), harm, random())), [8, 16]);
    assert.deepEqual(canaryValues(withHarm(limit({ min: 5 }), harm, random())), [8, 4]);
    assert.deepEqual(canaryValues(withHarm(limit({ min: 5, max: 10 }), harm, random())), [8, 16]);
  });

  it('draws further events at the rate of the window, with the spread that events have', () => {
    const steps = 4_000;
    const events = new Array<number>(steps).fill(3);
    const total = new Array<number>(steps).fill(100);

    const harmed = canaryEvents(
      withHarm(counts('ratio', events, total), { factor: 3, from: 0, steps }, random()),
    );

    const added = harmed.map((value) => (value ?? 0) - 3);
    const mean = added.reduce((sum, value) => sum + value, 0) / steps;
    const variance = added.reduce((sum, value) => sum + (value - mean) ** 2, 0) / steps;
    assert.ok(Math.abs(mean - 6) < 0.2, `mean ${mean}`);
    assert.ok(Math.abs(variance - 6) < 0.6, `variance ${variance}`);
  });

  it('never has more events than requests, but may have more than the exposure', () => {
    const capped = withHarm(counts('ratio', [9, 9, 9], [10, 10, 10]), { ...harm, factor: 50 }, random());
    const free = withHarm(counts('count', [9, 9, 9], [10, 10, 10]), { ...harm, factor: 50 }, random());

    assert.deepEqual(canaryEvents(capped), [9, 10, 10]);
    assert.ok(
      canaryEvents(free)
        .slice(1)
        .every((value) => (value ?? 0) > 100),
    );
  });

  it('takes absent events for none, and leaves what is missing missing', () => {
    const harmed = withHarm(
      counts('ratio', [50, null, null], [1_000, 1_000, null]),
      { ...harm, factor: 10 },
      random(),
    );

    const [first, second, third] = canaryEvents(harmed);
    assert.equal(first, 50);
    assert.ok((second ?? 0) > 100);
    assert.equal(third, null);
  });

  it('thins events where less is harm', () => {
    const steps = 2_000;
    const metric = counts(
      'count',
      new Array<number>(steps).fill(10),
      new Array<number>(steps).fill(1),
      'decrease',
    );

    const left = canaryEvents(withHarm(metric, { factor: 2, from: 0, steps }, random()));

    const mean = left.reduce<number>((sum, value) => sum + (value ?? 0), 0) / steps;
    assert.ok(Math.abs(mean - 5) < 0.2, `mean ${mean}`);
    assert.ok(left.every((value) => (value ?? 0) <= 10));
  });

  it('tells the rate by the planned steps alone, so that an extension does not change the past', () => {
    const events = new Array<number>(20).fill(5);
    const total = new Array<number>(20).fill(100);
    const longer = counts('ratio', [...events, ...new Array<number>(20).fill(90)], [...total, ...total]);
    const planned = { factor: 2, from: 0, steps: 20 };

    const [short, extended] = [counts('ratio', events, total), longer].map((metric) =>
      canaryEvents(withHarm(metric, planned, random())),
    );

    assert.deepEqual(extended?.slice(0, 20), short);
  });

  it('slows the requests of a histogram down, losing none', () => {
    const le = [0.1, 0.2, 0.4, Number.POSITIVE_INFINITY];
    const buckets = [[10, 10, 10, 10], [10, 10, 10, 10], null];
    const metric: MetricInput = {
      ...common,
      kind: 'histogram',
      canary: { le, buckets },
      baseline: { le, buckets },
      edges: [],
    };

    const harmed = withHarm(metric, harm, random());

    assert.ok(harmed.kind === 'histogram');
    const [before, after, missing] = harmed.canary.buckets;
    assert.deepEqual(before, [10, 10, 10, 10]);
    // 0–0.1 becomes 0–0.2, 0.1–0.2 becomes 0.2–0.4, 0.2–0.4 becomes 0.4–0.8; what lay beyond stays there.
    assert.deepEqual(
      after?.map((count) => Math.round(count * 1e9) / 1e9),
      [5, 5, 10, 20],
    );
    assert.equal(missing, null);
  });

  it('keeps the number of requests of any histogram, and never makes one faster', () => {
    const edges = fc
      .uniqueArray(fc.integer({ min: -5, max: 1_000 }), { minLength: 1, maxLength: 8 })
      .map((values) => [...values.sort((left, right) => left - right), Number.POSITIVE_INFINITY]);
    const cases = edges.chain((le) =>
      fc.record({
        le: fc.constant(le),
        counts: fc.array(fc.integer({ min: 0, max: 50 }), { minLength: le.length, maxLength: le.length }),
        factor: fc.double({ min: 1.01, max: 20, noNaN: true }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ le, counts: row, factor }) => {
        const arm = { le, buckets: [row] };
        const metric: MetricInput = { ...common, kind: 'histogram', canary: arm, baseline: arm, edges: [] };
        const harmed = withHarm(metric, { factor, from: 0, steps: 1 }, random());
        assert.ok(harmed.kind === 'histogram');
        const moved = harmed.canary.buckets[0] ?? [];
        let [before, after] = [0, 0];
        row.forEach((count, index) => {
          before += count;
          after += moved[index] ?? 0;
          if ((le[0] ?? 0) >= 0)
            assert.ok(after <= before + 1e-6, `${after} of ${before} below ${le[index]}`);
        });
        assert.ok(Math.abs(after - before) < 1e-6);
      }),
    );
  });

  it('is the same for the same seed, and another for another', () => {
    const metric = counts('ratio', new Array<number>(30).fill(5), new Array<number>(30).fill(500));
    const drawn = (seed: string) => canaryEvents(withHarm(metric, harm, seededRandom(seed)));

    assert.deepEqual(drawn('a'), drawn('a'));
    assert.notDeepEqual(drawn('a'), drawn('b'));
  });
});

describe('canBeHarmed', () => {
  it('is false where there is nothing to multiply', () => {
    const le = [1, Number.POSITIVE_INFINITY];
    const histogram = (buckets: (number[] | null)[]): MetricInput => ({
      ...common,
      kind: 'histogram',
      canary: { le, buckets },
      baseline: { le, buckets },
      edges: [],
    });
    const cases: readonly (readonly [MetricInput, boolean])[] = [
      [gauge([null, 0]), false],
      [gauge([null, 1]), true],
      [counts('ratio', [0, null], [10, 10]), false],
      [counts('ratio', [1], [10]), true],
      [counts('count', [1], [null]), false],
      [histogram([null, [0, 0]]), false],
      [histogram([[0, 1]]), true],
    ];

    for (const [metric, expected] of cases) assert.equal(canBeHarmed(metric, 10), expected);
  });
});

describe('drawn numbers', () => {
  it('have the mean of their distribution, small or large', () => {
    const draw = seededRandom('mean');
    const meanOf = (one: () => number): number =>
      Array.from({ length: 20_000 }, one).reduce((sum, value) => sum + value, 0) / 20_000;

    for (const mean of [0.3, 5, 49, 51, 400]) {
      const found = meanOf(() => drawPoisson(draw, mean));
      assert.ok(Math.abs(found - mean) < 5 * Math.sqrt(mean / 20_000), `${found} for ${mean}`);
    }
    for (const trials of [1, 20, 51, 400]) {
      const found = meanOf(() => drawBinomial(draw, trials, 0.3));
      assert.ok(Math.abs(found - 0.3 * trials) < 5 * Math.sqrt((0.21 * trials) / 20_000), `${found}`);
    }
    assert.equal(drawPoisson(draw, 0), 0);
  });
});
