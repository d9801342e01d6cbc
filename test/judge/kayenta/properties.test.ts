import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { KayentaMetric } from '../../../src/judge/kayenta/config.ts';
import { shiftInterval } from '../../../src/judge/kayenta/shift-interval.ts';
import { ascending } from '../../../src/judge/statistics/rank-order.ts';
import { findingOf, judgeBy, metric, pair } from './inputs.ts';
import { straightforwardInterval } from './straightforward.ts';

const some = (value: fc.Arbitrary<number>) => fc.array(value, { minLength: 1, maxLength: 30 });
/** Continuous, tied, tiny and mixed samples. */
const samples = fc
  .constantFrom(
    fc.double({ min: 50, max: 150, noNaN: true }),
    fc.integer({ min: 0, max: 4 }),
    fc.integer({ min: 0, max: 400 }).map((value) => value * 1e-6),
    fc.oneof(fc.constant(0), fc.double({ min: -1, max: 1, noNaN: true })),
  )
  .chain((value) => fc.tuple(some(value), some(value)));

const anything = fc.oneof(
  { weight: 5, arbitrary: fc.double({ min: -10, max: 1e4, noNaN: true }) },
  fc.constantFrom<number | null>(
    null,
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e308,
    -1e308,
    5e-324,
  ),
);
const series = fc.array(anything, { maxLength: 20 });
const anyMetric: fc.Arbitrary<Partial<KayentaMetric>> = fc.record({
  direction: fc.constantFrom('increase', 'decrease', 'either'),
  nanStrategy: fc.constantFrom('remove', 'replace'),
  outliers: fc.record({
    strategy: fc.constantFrom('keep', 'remove'),
    outlierFactor: fc.constantFrom(0.5, 3),
  }),
  critical: fc.boolean(),
  mustHaveData: fc.boolean(),
  muted: fc.boolean(),
  groups: fc.constantFrom<string[]>([], ['g'], ['g', 'h']),
});

function everyValue(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(everyValue) : [value];
}

describe('whatever the Kayenta judge is given', () => {
  it('its interval is that of ranking anew at each step', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(0.9, 0.98), ([x, y], level) => {
        const fast = shiftInterval(ascending(x), ascending(y), level);
        if (fast === null) return assert.throws(() => straightforwardInterval({ x, y }, level), /tied/);
        assert.deepEqual(fast, straightforwardInterval({ x, y }, level));
      }),
      { numRuns: 600 },
    );
  });

  it('every number that comes out is finite, the score a percentage, and the same input gives the same', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyMetric, series, series), { minLength: 1, maxLength: 4 }), (many) => {
        const metrics = many.map(([changes], index) => ({ ...metric(changes), name: `m${index}` }));
        const pairs = many.map(([, experiment, control], index) => pair(experiment, control, `m${index}`));
        const judged = judgeBy(metrics, pairs);
        const numbers = everyValue(judged).filter((value) => typeof value === 'number');
        assert.ok(numbers.every(Number.isFinite), JSON.stringify(judged));
        assert.ok(judged.score >= 0 && judged.score <= 100);
        assert.deepEqual(judgeBy(metrics, pairs), judged);
        const inOrder = judgeBy(metrics.toReversed(), pairs);
        assert.deepEqual({ ...inOrder, groupScores: [] }, { ...judged, groupScores: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('what cannot be judged does not pass', () => {
    fc.assert(
      fc.property(anyMetric, series, series, (changes, experiment, control) => {
        const judged = judgeBy([metric({ ...changes, muted: false })], [pair(experiment, control)]);
        if (judged.findings[0]!.classification !== 'Error') return;
        assert.equal(judged.classification, 'Fail');
        assert.equal(judged.findings[0]!.critical, changes.critical);
        assert.ok(judged.findings[0]!.warnings.some((warning) => warning.includes('counted as failed')));
      }),
      { numRuns: 300 },
    );
  });

  it('arms changed over turn High into Low', () => {
    const turned = { increase: 'decrease', decrease: 'increase', either: 'either' } as const;
    const labels = { High: 'Low', Low: 'High', Pass: 'Pass' } as const;
    // The search starts at the other end and may stop at the other side of a step: differences that are clear.
    const arm = fc.uniqueArray(fc.integer({ min: 0, max: 999 }), { minLength: 12, maxLength: 30 });
    const shifts = fc.constantFrom(-2000.5, 0.5, 2000.5);
    const directions = fc.constantFrom('increase', 'decrease', 'either');
    fc.assert(
      fc.property(arm, arm, shifts, directions, (x, y, shift, direction) => {
        const moved = x.map((value) => 5000 + value + shift);
        const fixed = (shift === 0.5 ? x : y).map((value) => 5000 + value);
        const one = findingOf(moved, fixed, { direction });
        const other = findingOf(fixed, moved, { direction: turned[direction] });
        assert.equal(other.classification, labels[one.classification as keyof typeof labels]);
        if (direction === 'either') assert.equal(one.classification === 'Pass', shift === 0.5);
      }),
      { numRuns: 300 },
    );
  });

  it('identical arms pass, whatever is asked of the effect', () => {
    fc.assert(
      fc.property(anyMetric, some(fc.double({ min: 0, max: 1e6, noNaN: true })), (changes, values) => {
        const found = findingOf(values, values.toReversed(), { ...changes, outliers: metric().outliers });
        assert.equal(found.classification, 'Pass');
        assert.equal(found.classificationReason, 'The Canary and Baseline data are identical');
      }),
    );
  });
});
