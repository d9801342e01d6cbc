import assert from 'node:assert/strict';
import { type AuditEntry, entryOf } from '../../src/ledger/audit-store.ts';
import { createAuditStore } from '../../src/store/audit-store.ts';
import { createDeliveryStore } from '../../src/store/delivery-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';

function makeEntry(at: number, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at,
    actor: 'token:ci',
    action: 'analysis.start',
    subject: { type: 'analysis', id: 'r1' },
    before: null,
    after: { service: 'checkout', plan: null },
    reason: null,
    requestId: 'q1',
    ...changes,
  };
}

for (const { name, open } of databases) {
  describe(`the audit trail on ${name}`, () => {
    let test: TestDatabase;
    beforeEach(async () => {
      test = await open();
    });
    afterEach(() => test.close());
    const store = () => createAuditStore(test.database);

    it('gives back what was appended, newest first, page by page', async () => {
      for (const at of [1, 3, 2]) await store().append(makeEntry(at));
      const first = await store().list({}, 2, null);
      assert.deepEqual(
        first.items.map(({ at }) => at),
        [3, 2],
      );
      const { id: _, ...entry } = first.items[0] ?? { id: '' };
      assert.deepEqual(entry, makeEntry(3));
      const second = await store().list({}, 2, first.nextCursor);
      assert.deepEqual([second.items.map(({ at }) => at), second.nextCursor], [[1], null]);
      await assert.rejects(store().list({}, 2, 'nonsense'), { code: 'invalid_input' });
    });

    it('takes any number of entries at once', async () => {
      await store().append();
      await store().append(...Array.from({ length: 1001 }, (_, at) => makeEntry(at)));
      const { items } = await store().list({}, 2000, null);
      assert.deepEqual(
        items.map(({ at }) => at),
        Array.from({ length: 1001 }, (_, index) => 1000 - index),
      );
    });

    it('gives what was written in one millisecond in its order, the last first', async () => {
      const actions = Array.from({ length: 300 }, (_, index) => `step.${index}`);
      await store().append(...actions.slice(0, 150).map((action) => makeEntry(7, { action })));
      for (const action of actions.slice(150)) await store().append(makeEntry(7, { action }));
      const { items } = await store().list({}, 1000, null);
      assert.deepEqual(
        items.map(({ action }) => action),
        actions.reverse(),
      );
    });

    it('finds by subject, actor, action and time', async () => {
      await store().append(makeEntry(1));
      await store().append(makeEntry(2, { actor: 'token:other', action: 'analysis.cancel' }));
      await store().append(makeEntry(3, { subject: { type: 'change', id: 'r1' } }));
      await store().append(makeEntry(4, { subject: { type: 'rollout', id: 'u/7' } }));
      const times = async (filter: Parameters<ReturnType<typeof store>['list']>[0]) =>
        (await store().list(filter, 10, null)).items.map(({ at }) => at);
      assert.deepEqual(await times({ subject: 'r1' }), [3, 2, 1]);
      assert.deepEqual(await times({ subject: 'change/r1' }), [3]);
      assert.deepEqual(await times({ subject: 'u/7' }), [4]);
      assert.deepEqual(await times({ subject: 'rollout/u/7' }), [4]);
      assert.deepEqual(await times({ actor: 'token:other' }), [2]);
      assert.deepEqual(await times({ action: 'analysis.start', from: 3 }), [4, 3]);
      assert.deepEqual(await times({ from: 2, to: 4 }), [3, 2]);
      assert.deepEqual(await times({ subject: 'nobody' }), []);
    });

    it('finds whoever did it by the name alone, whatever else is known', async () => {
      const [repository, prefix] = ['oidc:host:octocat/shöp', 'oidc:host:octocat/shöp-2'];
      const what = { action: 'analysis.start', subject: { type: 'analysis', id: 'r1' } };
      const actors = [
        { name: repository, isAdmin: false, detail: 'run_id 42, actor octocat' },
        { name: repository, isAdmin: false },
        { name: prefix, isAdmin: false, detail: 'run_id 43' },
      ];
      for (const [at, actor] of actors.entries()) await store().append(entryOf(actor, at, what));
      const { items } = await store().list({ actor: repository }, 10, null);
      assert.deepEqual(
        items.map(({ actor }) => actor),
        [repository, `${repository} (run_id 42, actor octocat)`],
      );
    });

    it('goes with the transaction of the write', async () => {
      const failing = test.database.transaction(async (connection) => {
        await createAuditStore(connection).append(makeEntry(1));
        throw new Error('the write failed');
      });
      await assert.rejects(failing, /the write failed/);
      assert.deepEqual((await store().list({}, 10, null)).items, []);
    });

    it('is only ever added to: the database refuses everything else, the whole table too', async () => {
      await store().append(makeEntry(1));
      const statements = [
        "UPDATE audit SET actor = 'nobody'",
        'DELETE FROM audit',
        'DELETE FROM audit WHERE 1 = 1',
      ];
      const columns = 'id, created_at, actor, action, subject_type, subject_id';
      if (name === 'PostgreSQL') statements.push('TRUNCATE audit');
      else
        statements.push(
          `INSERT OR REPLACE INTO audit (${columns}) SELECT id, 1, 'nobody', 'x', 'x', 'x' FROM audit`,
        );
      for (const statement of statements)
        await assert.rejects(
          test.database.run((sql) => sql.raw(statement)),
          /the audit trail is only ever added to/,
          statement,
        );
      const { items } = await store().list({}, 10, null);
      assert.deepEqual(
        items.map(({ actor }) => actor),
        ['token:ci'],
      );
    });
  });

  describe(`deliveries on ${name}`, () => {
    let test: TestDatabase;
    before(async () => {
      test = await open();
    });
    after(() => test.close());

    it('are new once per source, also when many come at once', async () => {
      const { remember } = createDeliveryStore(test.database);
      assert.equal(await remember('github', 'd1', 1), true);
      assert.equal(await remember('github', 'd1', 2), false);
      assert.equal(await remember('pagerduty', 'd1', 2), true);
      const many = await Promise.all(Array.from({ length: 10 }, () => remember('github', 'd2', 3)));
      assert.equal(many.filter(Boolean).length, 1);
    });

    it('are forgotten when they came before a time, and then are new again', async () => {
      const { remember, forget } = createDeliveryStore(test.database);
      for (const at of [1_000, 1_999, 2_000]) await remember('gitlab', `at-${at}`, at);

      assert.equal(await forget(1_000), 3, 'those of the test before');
      assert.equal(await forget(2_000), 2);
      assert.equal(await forget(2_000), 0);
      assert.equal(await remember('gitlab', 'at-2000', 3_000), false);
      assert.equal(await remember('gitlab', 'at-1999', 3_000), true);
    });

    it('are new again when their transaction failed', async () => {
      const failing = test.database.transaction(async (connection) => {
        await createDeliveryStore(connection).remember('github', 'd3', 1);
        throw new Error('the work failed');
      });
      await assert.rejects(failing, /the work failed/);
      assert.equal(await createDeliveryStore(test.database).remember('github', 'd3', 2), true);
    });
  });
}
