import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '../../src/errors.ts';
import { changeKinds, failureClasses, outcomes } from '../../src/ledger/change.ts';
import type { Fact } from '../../src/ledger/fact.ts';
import { compareFacts, packFacts, unpackFacts, weekMs, weekOf } from '../../src/store/packs.ts';

const week = weekOf(Date.UTC(2026, 10, 27));

const anyFact: fc.Arbitrary<Fact> = fc.record(
  {
    at: fc.integer({ min: 0, max: weekMs - 1 }).map((offset) => week + offset),
    kind: fc.constantFrom(...changeKinds),
    outcome: fc.constantFrom(...outcomes),
    failureClass: fc.option(fc.constantFrom(...failureClasses)),
    lead: fc.option(fc.maxSafeNat()),
    recovery: fc.option(fc.maxSafeNat()),
  },
  { noNullPrototype: true },
);

const plain: Fact = {
  at: week,
  kind: 'normal',
  outcome: 'succeeded',
  failureClass: null,
  lead: 3_600_000,
  recovery: null,
};

describe('packFacts and unpackFacts', () => {
  it('give back what was packed, sorted, with nothing rounded', () => {
    fc.assert(
      fc.property(fc.array(anyFact), (facts) => {
        assert.deepEqual(unpackFacts(week, packFacts(week, facts)), [...facts].sort(compareFacts));
      }),
    );
  });

  it('make the same bytes of the same facts in any order', () => {
    fc.assert(
      fc.property(
        fc
          .array(anyFact)
          .chain((facts) =>
            fc.tuple(
              fc.constant(facts),
              fc.shuffledSubarray(facts, { minLength: facts.length, maxLength: facts.length }),
            ),
          ),
        ([facts, shuffled]) => packFacts(week, facts).equals(packFacts(week, shuffled)),
      ),
    );
  });

  it('take about ten bytes a change', () => {
    assert.ok(packFacts(week, [plain, { ...plain, at: week + weekMs - 1 }]).length <= 20);
    assert.equal(packFacts(week, []).length, 0);
  });

  for (const [what, bytes] of [
    ['a fact that was cut off', packFacts(week, [plain]).subarray(0, -1)],
    ['a code that nothing has', Buffer.from([0, 3])],
    ['a number without an end', Buffer.alloc(20, 255)],
  ] as const)
    it(`refuse ${what}, saying how to mend it`, () => {
      assert.throws(
        () => unpackFacts(week, bytes),
        (error) => hasCode(error, 'internal') && /serin ledger rebuild/.test(error.message),
      );
    });
});

describe('weekOf(instant)', () => {
  it('is the begin of seven days that hold the instant, counted from the epoch', () => {
    assert.equal(weekOf(0), 0);
    assert.equal(weekOf(weekMs - 1), 0);
    assert.equal(weekOf(weekMs), weekMs);
    assert.equal(new Date(week).toISOString(), '2026-11-26T00:00:00.000Z');
  });
});
