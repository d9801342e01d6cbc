import assert from 'node:assert/strict';
import type { PendingGateStore } from '../../src/gate/pending-gate.ts';
import { createGateStore } from '../../src/store/gate-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeGate } from '../support/gates.ts';
import { start } from '../support/plans.ts';

for (const { name, open } of databases) {
  describe(`the store of gates on ${name}`, () => {
    let test: TestDatabase;
    let gates: PendingGateStore;
    before(async () => {
      test = await open();
      gates = createGateStore(test.database);
    });
    beforeEach(() => test.database.run((sql) => sql('pending_gates').del()));
    after(() => test.close());

    it('gives a gate back as it was put in, once due', async () => {
      const gate = makeGate({ nextAt: start + 5, change: { version: 'v"2', commit: null } });
      assert.equal(await gates.insert(gate), true);
      assert.deepEqual(await gates.findDue(start + 4, 9), []);
      assert.deepEqual(await gates.findDue(start + 5, 9), [gate]);
    });

    it('keeps the first gate of a key', async () => {
      await gates.insert(makeGate());
      assert.equal(await gates.insert(makeGate({ id: 'g2' })), false);
    });

    it('takes a write that knows the newest, and no other', async () => {
      await gates.insert(makeGate());
      assert.equal(await gates.save(makeGate({ told: 1, revision: 1 })), true);
      assert.equal(await gates.save(makeGate({ told: 2, revision: 1 })), false);
      assert.deepEqual(
        (await gates.findDue(start, 9)).map(({ told }) => told),
        [1],
      );
    });

    it('gives the longest due first, up to the limit, and none that is closed', async () => {
      for (const [id, nextAt] of [
        ['a', 3],
        ['b', 1],
        ['c', 2],
      ] as const)
        await gates.insert(makeGate({ id, key: id, nextAt }));
      await gates.insert(makeGate({ id: 'd', key: 'd', state: 'allowed', nextAt: null, closedAt: 9 }));
      assert.deepEqual(
        (await gates.findDue(start, 2)).map(({ id }) => id),
        ['b', 'c'],
      );
    });

    it('counts the open ones and knows the oldest', async () => {
      assert.deepEqual(await gates.census(), { open: 0, oldest: null });
      await gates.insert(makeGate());
      await gates.insert(makeGate({ id: 'g2', key: 'k2', createdAt: start - 7 }));
      assert.deepEqual(await gates.census(), { open: 2, oldest: start - 7 });
    });
  });
}
