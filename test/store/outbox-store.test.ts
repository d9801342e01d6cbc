import assert from 'node:assert/strict';
import type { OutboxStore } from '../../src/notify/outbox-store.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createOutboxStore } from '../../src/store/outbox-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeMessage } from '../support/outbox.ts';

const now = 10_000;
const leaseMs = 60_000;

for (const { name, open } of databases) {
  describe(`the outbox on ${name}`, () => {
    let test: TestDatabase;
    let outbox: OutboxStore;
    before(async () => {
      test = await open();
      outbox = createOutboxStore(test.database);
    });
    beforeEach(() => test.database.run((sql) => sql('outbox_messages').del()));
    after(() => test.close());

    const claim = (limit = 10) => outbox.claimDue(now, limit, leaseMs);
    const keys = (claims: Awaited<ReturnType<typeof claim>>) =>
      claims.map(({ message }) => message.dedupeKey);

    /** As if every lease had run out by the database's clock. */
    async function expireLeases(): Promise<void> {
      const { clock } = test.database;
      await test.database.run((sql) =>
        sql('outbox_messages').update({ lease_expires_at: sql.raw(`${clock} - 1`) }),
      );
    }

    it('gives a message back as it was put in', async () => {
      const message = makeMessage({ payload: { text: 'ä', list: [1, null] }, dueAt: 5, orderKey: 'o' });
      await outbox.add(message, 7);

      const [taken] = await claim();

      assert.deepEqual(
        { ...taken?.message, id: 'any' },
        { ...message, id: 'any', createdAt: 7, attempts: 1, lastError: null },
      );
    });

    it('keeps the first of messages with the same channel and dedupe key', async () => {
      assert.equal(await outbox.add(makeMessage({ dedupeKey: 'k', payload: 1 }), 0), true);
      assert.equal(await outbox.add(makeMessage({ dedupeKey: 'k', payload: 2 }), 0), false);
      assert.equal(await outbox.add(makeMessage({ dedupeKey: 'k', channel: 'other' }), 0), true);

      const taken = await claim();

      assert.deepEqual(taken.map(({ message }) => [message.channel, message.payload]).sort(), [
        ['other', { text: 'hello' }],
        ['test', 1],
      ]);
    });

    it('keeps nothing of a transaction that fails', async () => {
      const fails = test.database.transaction(async (connection) => {
        await createOutboxStore(connection).add(makeMessage(), 0);
        throw new Error('no');
      });

      await assert.rejects(fails, /no/);
      assert.deepEqual(await claim(), []);
    });

    it('gives out what is due, longest due first, up to the limit, and to nobody else meanwhile', async () => {
      for (const [dedupeKey, dueAt] of [
        ['c', now],
        ['a', 1],
        ['b', 2],
        ['later', now + 1],
      ] as const)
        await outbox.add(makeMessage({ dedupeKey, dueAt }), 0);

      assert.deepEqual(keys(await claim(2)), ['a', 'b']);
      assert.deepEqual(keys(await claim()), ['c']);
      assert.deepEqual(keys(await claim()), []);
    });

    it('gives a message out again when its lease ran out, counting the attempt nobody told of', async () => {
      await outbox.add(makeMessage(), 0);
      const [lost] = await claim();
      await expireLeases();

      const [again] = await claim();

      assert.equal(again?.message.attempts, 2);
      assert.ok(lost !== undefined && again !== undefined);
      assert.equal(await outbox.settle(lost.message.id, lost.token, { state: 'delivered', at: now }), false);
      assert.equal(await outbox.settle(again.message.id, again.token, { state: 'delivered', at: now }), true);
      assert.deepEqual(await outbox.census(), { waiting: 0, delivered: 1, dead: 0 });
    });

    it('holds a failed message back until it is due again, with what went wrong', async () => {
      await outbox.add(makeMessage(), 0);
      const [taken] = await claim();
      assert.ok(taken !== undefined);
      const settlement = { state: 'waiting', dueAt: now + 500, reason: 'answered 503' } as const;
      await outbox.settle(taken.message.id, taken.token, settlement);

      assert.deepEqual(await claim(), []);
      const [later] = await outbox.claimDue(now + 500, 1, leaseMs);
      assert.equal(later?.message.lastError, 'answered 503');
      assert.equal(later?.message.attempts, 2);
    });

    it('sends messages of one order key one after the other, and others past them', async () => {
      await outbox.add(makeMessage({ dedupeKey: 'first', orderKey: 'o', dueAt: 9 }), 0);
      await outbox.add(makeMessage({ dedupeKey: 'second', orderKey: 'o', dueAt: 1 }), 0);
      await outbox.add(makeMessage({ dedupeKey: 'free' }), 0);
      await outbox.add(makeMessage({ dedupeKey: 'elsewhere', orderKey: 'o', channel: 'other' }), 0);

      const taken = await claim();
      assert.deepEqual(keys(taken).sort(), ['elsewhere', 'first', 'free']);
      const first = taken.find(({ message }) => message.dedupeKey === 'first');
      assert.ok(first !== undefined);

      await outbox.settle(first.message.id, first.token, { state: 'waiting', dueAt: now + 1, reason: 'r' });
      assert.deepEqual(keys(await claim()), []);
      const [again] = await outbox.claimDue(now + 1, 1, leaseMs);
      assert.ok(again !== undefined);
      await outbox.settle(again.message.id, again.token, { state: 'dead', at: now, reason: 'r' });
      assert.deepEqual(keys(await claim()), ['second']);
    });

    it('gives no message to two of twenty racing claimers, and leaves none', async () => {
      const others = [openDatabase(test.url), openDatabase(test.url)];
      const stores = [outbox, ...others.map(createOutboxStore)];
      try {
        for (let count = 0; count < 30; count += 1) await outbox.add(makeMessage(), 0);

        const claims = await Promise.all(
          Array.from({ length: 20 }, (_, racer) => stores[racer % 3]?.claimDue(now, 5, leaseMs) ?? []),
        );
        const rest = await claim(30);

        const ids = [...claims.flat(), ...rest].map(({ message }) => message.id);
        assert.equal(ids.length, 30);
        assert.equal(new Set(ids).size, 30);
      } finally {
        await Promise.all(others.map((other) => other.close()));
      }
    });

    it('forgets what was delivered before a time and keeps what is dead', async () => {
      for (const at of [1, 5]) {
        await outbox.add(makeMessage(), 0);
        const [taken] = await claim();
        assert.ok(taken !== undefined);
        await outbox.settle(taken.message.id, taken.token, { state: 'delivered', at });
      }
      await outbox.add(makeMessage(), 0);
      const [taken] = await claim();
      assert.ok(taken !== undefined);
      await outbox.settle(taken.message.id, taken.token, { state: 'dead', at: 1, reason: 'no' });

      assert.equal(await outbox.forgetDelivered(5), 1);
      assert.deepEqual(await outbox.census(), { waiting: 0, delivered: 1, dead: 1 });
    });
  });
}
