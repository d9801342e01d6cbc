import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judge } from '../../../src/judge/judge.ts';
import { trajectory } from '../../../src/judge/trajectory.ts';
import type { Direction, HistogramArm, Judgement } from '../../../src/judge/types.ts';
import { histogram, input } from '../inputs.ts';

const steps = 12;
const edges = [0.1, 0.2, 0.4, 0.8, Number.POSITIVE_INFINITY] as const;
const direction = fc.constantFrom<Direction>('increase', 'decrease', 'either');

/** Plausible counts: fewer in the slower buckets. */
const row = fc.tuple(
  fc.integer({ min: 100, max: 400 }),
  fc.integer({ min: 50, max: 300 }),
  fc.integer({ min: 10, max: 100 }),
  fc.integer({ min: 0, max: 40 }),
  fc.integer({ min: 0, max: 6 }),
);
const arm: fc.Arbitrary<HistogramArm> = fc
  .array(row, { minLength: steps, maxLength: steps })
  .map((buckets) => ({ le: edges, buckets }));

const count = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: 0, max: 1e4, noNaN: true }) },
  fc.constantFrom(0, -1, -1e-12, Number.NaN, Number.POSITIVE_INFINITY, 1e308, 1e15, 5e-324),
);
const edge = fc.constantFrom(
  Number.NEGATIVE_INFINITY,
  -1,
  0,
  0.1,
  0.5,
  1,
  10,
  Number.POSITIVE_INFINITY,
  Number.NaN,
);
const le = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .uniqueArray(edge, { maxLength: 6 })
      .map((some) => some.filter((one) => !Number.isNaN(one)).sort((a, b) => a - b)),
  },
  fc.array(edge, { maxLength: 4 }),
);
const anyArm: fc.Arbitrary<HistogramArm> = le.chain((some) =>
  fc
    .array(
      fc.oneof(
        { weight: 8, arbitrary: fc.array(count, { minLength: some.length, maxLength: some.length }) },
        fc.constant(null),
        fc.array(count, { maxLength: 3 }),
      ),
      { minLength: steps, maxLength: steps },
    )
    .map((buckets) => ({ le: some, buckets })),
);

function everyNumber(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyNumber) : [];
}

const scaled = ({ le: some, buckets }: HistogramArm, unit: number): HistogramArm => ({
  le: some.map((one) => one * unit),
  buckets,
});
const close = (one: number, other: number) => Math.abs(one - other) <= 1e-9 * (1 + Math.abs(other));
const logE = (judged: Judgement) => judged.evidence.logE;

describe('whatever a histogram is', () => {
  it('every number that comes out is finite', () => {
    fc.assert(
      fc.property(
        anyArm,
        anyArm,
        direction,
        fc.boolean(),
        fc.array(edge, { maxLength: 2 }),
        (canary, baseline, side, final, wanted) => {
          const metric = histogram(canary, baseline, { direction: side, edges: wanted });
          const judged = judge(input([metric], { final, earlyPass: !final, plannedSteps: steps }));
          assert.ok(everyNumber(judged).every(Number.isFinite), JSON.stringify(judged));
          assert.ok(judged.reason.length > 0 && [...judged.reason].length <= 300);
          if (judged.findings[0]?.obstacle !== null) assert.notEqual(judged.verdict, 'pass');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('it says the same of the same, and a look the same as the run up to it', () => {
    fc.assert(
      fc.property(arm, arm, direction, fc.integer({ min: 1, max: steps }), (canary, baseline, side, end) => {
        const whole = input([histogram(canary, baseline, { direction: side })], { plannedSteps: steps });
        assert.deepEqual(judge(whole), judge(whole));
        const cut = (one: HistogramArm) => ({ le: one.le, buckets: one.buckets.slice(0, end) });
        const part = input([histogram(cut(canary), cut(baseline), { direction: side })], {
          plannedSteps: steps,
          final: false,
        });
        assert.equal(trajectory(whole, { goOn: true }).looks[end - 1]?.logE, logE(judge(part)));
      }),
      { numRuns: 25 },
    );
  });

  it('its unit does not matter', () => {
    fc.assert(
      fc.property(arm, arm, fc.constantFrom(1e-6, 0.001, 8, 1000, 1e9), (canary, baseline, unit) => {
        const one = judge(input([histogram(canary, baseline)]));
        const other = judge(input([histogram(scaled(canary, unit), scaled(baseline, unit))]));
        assert.equal(logE(one), logE(other));
        assert.equal(one.verdict, other.verdict);
        const [first, second] = [one.findings[0], other.findings[0]];
        assert.ok(close((first?.effectAbsolute ?? 0) * unit, second?.effectAbsolute ?? 0));
        assert.ok(close((first?.canary.p95 ?? 0) * unit, second?.canary.p95 ?? 0));
        assert.equal(first?.effect, second?.effect);
      }),
      { numRuns: 40 },
    );
  });

  it('arms changed over and the direction turned give the same evidence', () => {
    fc.assert(
      fc.property(arm, arm, (left, right) => {
        const one = judge(input([histogram(left, right)]));
        const other = judge(input([histogram(right, left, { direction: 'decrease' })]));
        assert.ok(close(logE(one), logE(other)), `${logE(one)} is not ${logE(other)}`);
      }),
      { numRuns: 40 },
    );
  });

  it('edges that one arm alone has change nothing, whichever it is', () => {
    fc.assert(
      fc.property(arm, arm, fc.integer({ min: 0, max: 3 }), (canary, baseline, extra) => {
        const coarse = ({ buckets }: HistogramArm): HistogramArm => ({
          le: edges.filter((_, index) => index !== extra),
          buckets: buckets.map((counts) => {
            const own = [...(counts ?? [])];
            own[extra + 1] = (own[extra + 1] ?? 0) + (own[extra] ?? 0);
            return own.filter((_, index) => index !== extra);
          }),
        });
        const both = judge(input([histogram(coarse(canary), coarse(baseline))]));
        for (const [left, right] of [
          [canary, coarse(baseline)],
          [coarse(canary), baseline],
        ] as const)
          assert.equal(logE(judge(input([histogram(left, right)]))), logE(both));
      }),
      { numRuns: 30 },
    );
  });

  it('it never fails arms that are alike', () => {
    fc.assert(
      fc.property(arm, direction, (one, side) => {
        assert.notEqual(judge(input([histogram(one, one, { direction: side })])).verdict, 'fail');
      }),
      { numRuns: 40 },
    );
  });

  it('more slow requests of the canary, after the step that chose the edges, never make fail into pass', () => {
    const moves = fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: steps - 1 }),
        fc.integer({ min: 0, max: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
      ),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(
        arm,
        arm,
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        moves,
        (canary, baseline, part, some) => {
          const slower = canary.buckets.map((counts) => moved([...(counts ?? [])], 0, part));
          const slowest = slower.map((counts) => [...counts]);
          for (const [step, from, share] of some) slowest[step] = moved(slowest[step] ?? [], from, share);
          const verdict = (buckets: number[][]) =>
            judge(input([histogram({ le: edges, buckets }, baseline)])).verdict;
          const [before, after] = [verdict(slower), verdict(slowest)];
          assert.ok(!(before === 'fail' && after === 'pass'), 'fail became pass');
        },
      ),
      { numRuns: 30 },
    );
  });
});

/** A share of the requests of a bucket in the next slower one. */
function moved(counts: number[], from: number, share: number): number[] {
  const many = Math.round((counts[from] ?? 0) * share);
  return counts.map((own, index) => (index === from ? own - many : index === from + 1 ? own + many : own));
}
