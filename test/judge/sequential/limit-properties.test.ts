import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judge } from '../../../src/judge/judge.ts';
import { trajectory } from '../../../src/judge/trajectory.ts';
import type { Judgement, Samples } from '../../../src/judge/types.ts';
import { input, limit } from '../inputs.ts';

const value = fc.oneof(
  { weight: 6, arbitrary: fc.double({ min: -10, max: 1e4, noNaN: true }) },
  fc.constantFrom<number | null>(
    null,
    0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    1e308,
    -1e308,
    5e-324,
  ),
);
const values: fc.Arbitrary<Samples> = fc.array(value, { maxLength: 34 });
const bound = fc.oneof(
  { weight: 4, arbitrary: fc.double({ min: -10, max: 1e4, noNaN: true }) },
  fc.constantFrom<number | undefined>(undefined, 0, 1e308, 5e-324, Number.NaN),
);
const positive = fc.array(fc.double({ min: 0.2, max: 2, noNaN: true }), { minLength: 12, maxLength: 30 });

function everyNumber(one: unknown): number[] {
  if (typeof one === 'number') return [one];
  return typeof one === 'object' && one !== null ? Object.values(one).flatMap(everyNumber) : [];
}

const logE = (judged: Judgement) => judged.evidence.logE;
const close = (one: number, other: number) => Math.abs(one - other) <= 1e-6 * (1 + Math.abs(other));

describe('whatever a limit is', () => {
  it('every number that comes out is finite, but what was asked', () => {
    fc.assert(
      fc.property(values, bound, bound, fc.boolean(), (some, max, min, final) => {
        const { findings, ...judged } = judge(
          input([limit(some, { max, min })], { final, earlyPass: !final }),
        );
        const told = findings.map(({ limit: _, ...finding }) => finding);
        assert.ok([judged, told].flatMap(everyNumber).every(Number.isFinite), JSON.stringify(findings));
        assert.ok(judged.reason.length > 0 && [...judged.reason].length <= 300);
        if (findings[0]?.obstacle !== null) assert.notEqual(judged.verdict, 'pass');
      }),
      { numRuns: 400 },
    );
  });

  it('it says the same of the same, and a look the same as the run up to it', () => {
    fc.assert(
      fc.property(positive, fc.integer({ min: 1, max: 12 }), (some, end) => {
        const whole = input([limit(some, { max: 1, min: 0.3 })]);
        assert.deepEqual(judge(whole), judge(whole));
        const part = input([limit(some.slice(0, end), { max: 1, min: 0.3 })], { final: false });
        assert.equal(trajectory(whole, { goOn: true }).looks[end - 1]?.logE, logE(judge(part)));
      }),
      { numRuns: 25 },
    );
  });

  it('its unit does not matter', () => {
    fc.assert(
      fc.property(positive, fc.constantFrom(1e-6, 0.1, 1000, 1e9), (some, unit) => {
        const one = judge(input([limit(some, { max: 1 })]));
        const other = judge(
          input([
            limit(
              some.map((each) => each * unit),
              { max: unit },
            ),
          ]),
        );
        assert.ok(close(logE(one), logE(other)), `${logE(one)} is not ${logE(other)}`);
        assert.equal(one.verdict, other.verdict);
        assert.ok(
          close((one.findings[0]?.effectAbsolute ?? 0) * unit, other.findings[0]?.effectAbsolute ?? 0),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('a maximum of values is a minimum of their negatives', () => {
    fc.assert(
      fc.property(positive, (some) => {
        const shifted = some.map((each) => each - 1);
        const one = judge(input([limit(shifted, { max: 0 })]));
        const other = judge(
          input([
            limit(
              shifted.map((each) => -each),
              { min: 0 },
            ),
          ]),
        );
        assert.equal(logE(one), logE(other));
        assert.equal(one.verdict, other.verdict);
        assert.equal(one.findings[0]?.effectAbsolute, -(other.findings[0]?.effectAbsolute ?? 0));
      }),
      { numRuns: 40 },
    );
  });

  it('higher values never make fail into pass under a maximum', () => {
    fc.assert(
      fc.property(
        positive,
        fc.double({ min: 0.3, max: 1.5, noNaN: true }),
        fc.infiniteStream(fc.double({ min: 1, max: 3, noNaN: true })),
        (some, max, factors) => {
          const before = judge(input([limit(some, { max })])).verdict;
          const higher = some.map((each) => each * (factors.next().value ?? 1));
          const after = judge(input([limit(higher, { max })])).verdict;
          assert.ok(!(before === 'fail' && after === 'pass'), 'fail became pass');
        },
      ),
      { numRuns: 150 },
    );
  });

  it('values none of which is beyond it never fail, and ten of them pass', () => {
    fc.assert(
      fc.property(positive, (some) => {
        const max = Math.max(...some);
        assert.equal(judge(input([limit(some, { max })])).verdict, 'pass');
        assert.equal(trajectory(input([limit(some, { max })])).failedAt, null);
      }),
      { numRuns: 60 },
    );
  });
});
