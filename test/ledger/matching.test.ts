import assert from 'node:assert/strict';
import fc from 'fast-check';
import { contradicts, describeSame } from '../../src/ledger/identity.ts';
import { groupUnits, type Unit } from '../../src/ledger/matching.ts';

/** A unit that takes an hour; times in hours. */
function unit(source: string, name: string, from: number, facts: Unit['facts']): Unit {
  return { source, name, facts, from, to: from + 1 };
}

function namesOf(units: readonly Unit[], window = 24): string[] {
  return groupUnits(units, window).map((group) => group.map(({ name }) => name).join(' '));
}

const anyUnit: fc.Arbitrary<Unit> = fc
  .record({
    source: fc.constantFrom('argo', 'github', 'gitlab'),
    name: fc.uuid(),
    facts: fc.record({
      version: fc.constantFrom(null, 'v1', 'v2'),
      commit: fc.constantFrom(null, 'abcdef1', 'abcdef12', 'abcdef13'),
    }),
    from: fc.integer({ min: 0, max: 12 }),
    hours: fc.integer({ min: 0, max: 5 }),
  })
  .map(({ hours, ...rest }) => ({ ...rest, to: rest.from + hours }));

describe('groupUnits(units, window)', () => {
  it('puts what agrees together, over several sources', () => {
    const units = [
      unit('argo', 'a', 1, { version: 'v1' }),
      unit('github', 'g', 2, { version: 'v1', commit: 'abcdef1' }),
      unit('gitlab', 'l', 2, { commit: 'abcdef1' }),
      unit('jenkins', 'j', 2, { version: 'v2' }),
    ];
    assert.deepEqual(namesOf(units), ['a g l', 'j']);
  });

  it('finds to each of v1, v2 and v1 again its own, though both would do', () => {
    const units = [
      unit('argo', 'a1', 1, { version: 'v1' }),
      unit('argo', 'a2', 5, { version: 'v2' }),
      unit('argo', 'a3', 8, { version: 'v1' }),
      unit('github', 'g3', 8.1, { version: 'v1' }),
      unit('github', 'g1', 1.2, { version: 'v1' }),
    ];
    assert.deepEqual(namesOf(units), ['a1 g1', 'a2', 'a3 g3']);
  });

  it('prefers, of two that overlap, the one that begins with it', () => {
    const long = { ...unit('argo', 'a', 0, { version: 'v1' }), to: 10 };
    const units = [
      long,
      unit('github', 'late', 6, { version: 'v1' }),
      unit('github', 'early', 0, { version: 'v1' }),
    ];
    assert.deepEqual(namesOf(units), ['early a', 'late']);
  });

  it('prefers, of two that begin together, the one that ends with it', () => {
    const units = [
      unit('argo', 'a', 0, { version: 'v1' }),
      { ...unit('github', 'long', 0, { version: 'v1' }), to: 3 },
      { ...unit('github', 'longer', 0, { version: 'v1' }), to: 4 },
    ].map((one) => (one.name === 'a' ? { ...one, to: 4 } : one));
    assert.deepEqual(namesOf(units), ['long', 'a longer']);
  });

  it('keeps apart what contradicts, also through a third that agrees with both', () => {
    const units = [
      unit('argo', 'a', 1, { version: 'v1', commit: 'abcdef1' }),
      unit('github', 'g', 1, { version: 'v1' }),
      unit('gitlab', 'l', 2, { version: 'v1', commit: '7654321' }),
    ];
    assert.deepEqual(namesOf(units), ['a g', 'l']);
  });

  it('keeps apart what tells nothing, one source, and what lies further apart than the window', () => {
    const units = [
      unit('argo', 'a', 0, {}),
      unit('github', 'g', 0, {}),
      unit('argo', 'b', 2, { version: 'v1' }),
      unit('argo', 'c', 2, { version: 'v1' }),
      unit('github', 'far', 27.5, { version: 'v1' }),
    ];
    assert.deepEqual(namesOf(units), ['a', 'g', 'b', 'c', 'far']);
    assert.deepEqual(namesOf(units, 24.5), ['a', 'g', 'b far', 'c']);
  });

  it('gives each unit once, whatever their order, and no source twice or contradiction in a group', () => {
    const input = fc
      .uniqueArray(anyUnit, { selector: ({ name }) => name, maxLength: 9 })
      .chain((units) =>
        fc.tuple(fc.constant(units), fc.shuffledSubarray(units, { minLength: units.length })),
      );
    fc.assert(
      fc.property(input, ([units, shuffled]) => {
        const groups = groupUnits(units, 4);
        assert.deepEqual(groupUnits(shuffled, 4), groups);
        assert.deepEqual(
          groups
            .flat()
            .map(({ name }) => name)
            .sort(),
          units.map(({ name }) => name).sort(),
        );
        for (const group of groups) {
          assert.equal(new Set(group.map(({ source }) => source)).size, group.length);
          for (const one of group) for (const other of group) assert.ok(!contradicts(one.facts, other.facts));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leaves no two groups apart that may be one', () => {
    const mayBeOne = (one: readonly Unit[], other: readonly Unit[]): boolean =>
      one.some((left) => other.some((right) => describeSame(left.facts, right.facts))) &&
      !one.some((left) =>
        other.some((right) => left.source === right.source || contradicts(left.facts, right.facts)),
      );
    fc.assert(
      fc.property(fc.uniqueArray(anyUnit, { selector: ({ name }) => name, maxLength: 8 }), (units) => {
        const groups = groupUnits(units, 100);
        const pairs = groups.flatMap((one, index) =>
          groups.slice(index + 1).map((other) => ({ one, other })),
        );
        assert.ok(!pairs.some(({ one, other }) => mayBeOne(one, other)));
      }),
    );
  });
});
