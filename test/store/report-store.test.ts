import assert from 'node:assert/strict';
import type { Change } from '../../src/ledger/change.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import type { ReportStore } from '../../src/ledger/report-store.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { createReportStore } from '../../src/store/report-store.ts';
import { identity, policyAt } from '../ledger/events.ts';
import { databases, type TestDatabase } from '../support/databases.ts';

for (const { name, open } of databases) {
  describe(`the report store on ${name}`, () => {
    let test: TestDatabase;
    let reports: ReportStore;
    before(async () => {
      test = await open();
      reports = createReportStore(test.database);
    });
    beforeEach(() => test.database.run((sql) => sql('changes').del()));
    after(() => test.close());

    let made = 0;
    async function stored(changes: Partial<Change>): Promise<void> {
      made += 1;
      const base = { ...identity, id: `id ${made}`, externalId: `name ${made}`, createdAt: 1 };
      const change = { ...foldChange(base, [], policyAt(0)), ...changes };
      assert.equal(await createLedgerStore(test.database).insert(change), true);
    }

    const count = async (from: number, to: number, filter = {}): Promise<number> =>
      (await reports.rows(from, to, filter)).length;

    it('gives what a report counts of a change', async () => {
      const row = {
        service: 'checkout',
        environment: 'production',
        kind: 'hotfix',
        outcome: 'failed',
        failureClass: 'escaped',
        committedAt: 1,
        startedAt: 2,
        finishedAt: 3,
        outcomeAt: 4,
        recoveredAt: 1_700_000_000_000,
      } as const;
      await stored(row);

      assert.deepEqual(await reports.rows(0, 10, {}), [row]);
    });

    it('counts a change when it finished: from is inside, to is not', async () => {
      for (const finishedAt of [9, 10, 11, 12]) await stored({ finishedAt, outcome: 'succeeded' });

      const rows = await reports.rows(10, 12, {});

      assert.deepEqual(rows.map((row) => row.finishedAt).sort(), [10, 11]);
    });

    it('counts a failure without an end when it failed, and others when they started or were made', async () => {
      await stored({ outcome: 'failed', failureClass: 'caught_in_canary', outcomeAt: 50, startedAt: 40 });
      await stored({ outcome: 'pending', startedAt: 60 });
      await stored({ outcome: 'abandoned', outcomeAt: 99, startedAt: 70 });
      await stored({ outcome: 'pending', createdAt: 80 });

      for (const at of [50, 60, 70, 80]) assert.equal(await count(at, at + 1), 1, String(at));
      assert.equal(await count(0, 1000), 4);
    });

    it('moves a change when its state changes', async () => {
      const ledger = createLedgerStore(test.database);
      await stored({ startedAt: 5 });
      const [change] = (await ledger.list({}, 1, null)).items;
      assert.ok(change !== undefined);
      await ledger.save({ ...change, finishedAt: 500 });

      assert.deepEqual([await count(0, 100), await count(500, 501)], [0, 1]);
    });

    it('narrows by service and environment', async () => {
      for (const [service, environment] of [
        ['a', 'x'],
        ['a', 'y'],
        ['b', 'x'],
      ] as const)
        await stored({ service, environment, finishedAt: 5 });

      assert.equal(await count(0, 10, { service: 'a' }), 2);
      assert.equal(await count(0, 10, { service: 'a', environment: 'x' }), 1);
      assert.equal(await count(0, 10, { environment: 'z' }), 0);
    });
  });
}
