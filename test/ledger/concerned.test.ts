import assert from 'node:assert/strict';
import type { Change } from '../../src/ledger/change.ts';
import { findConcerned } from '../../src/ledger/concerned.ts';
import type { LedgerStore } from '../../src/ledger/ledger-store.ts';
import { epoch, hour, policyAt } from './events.ts';
import { makeOut } from './incidents-at-hand.ts';

/** Finds among changes by their reporting time, as a database does. */
function among(changes: readonly Change[]): LedgerStore {
  const findNear: LedgerStore['findNear'] = async (_service, _environment, since, until) =>
    changes.filter(({ finishedAt }) => finishedAt !== null && since <= finishedAt && finishedAt <= until);
  return { findNear } as Partial<LedgerStore> as LedgerStore;
}

function out(name: string, hours: number, version = 'v1'): Change {
  return makeOut(name, hours, hours + 1, { version, createdAt: epoch + hours * hour });
}

async function concerned(change: Change, changes: readonly Change[]): Promise<string[]> {
  return (await findConcerned(among(changes), change, policyAt(1000))).map(({ id }) => id);
}

describe('findConcerned(store, change, policy)', () => {
  it('finds what agrees, and what agrees with that further away, the oldest first', async () => {
    const steps = [0, 45, 90, 135].map((hours, index) => out(`c${index}`, hours));
    const [first] = steps;
    assert.ok(first !== undefined);

    assert.deepEqual(await concerned(first, [...steps, out('other', 1, 'v2')]), ['c0', 'c1', 'c2', 'c3']);
    assert.deepEqual(await concerned(first, [first, out('far', 50)]), ['c0']);
  });

  it('looks three times at the most', async () => {
    const steps = Array.from({ length: 9 }, (_, index) => out(`c${index}`, 45 * index));
    const [first] = steps;
    assert.ok(first !== undefined);

    assert.deepEqual(await concerned(first, steps), ['c0', 'c1', 'c2', 'c3']);
  });

  it('finds of very many the nearest', async () => {
    const many = Array.from({ length: 100 }, (_, index) => out(`c${index}`, index / 4));
    const change = many[50];
    assert.ok(change !== undefined);
    const found = await concerned(change, many);

    assert.equal(found.length, 40);
    for (const id of ['c46', 'c49', 'c50', 'c51', 'c54']) assert.ok(found.includes(id), id);
    for (const id of ['c0', 'c20', 'c80', 'c99']) assert.ok(!found.includes(id), id);
  });
});
