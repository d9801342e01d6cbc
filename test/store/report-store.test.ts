import assert from 'node:assert/strict';
import type { Change } from '../../src/ledger/change.ts';
import type { Fact } from '../../src/ledger/fact.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import type { FactFilter, ReportStore } from '../../src/ledger/report-store.ts';
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
    beforeEach(async () => {
      for (const table of ['changes', 'change_rollups']) await test.database.run((sql) => sql(table).del());
    });
    after(() => test.close());

    let made = 0;
    async function stored(changes: Partial<Change>): Promise<void> {
      made += 1;
      const base = { ...identity, id: `id ${made}`, externalId: `name ${made}`, createdAt: 1 };
      const change = { ...foldChange(base, [], policyAt(0)), ...changes };
      assert.equal(await createLedgerStore(test.database).insert(change), true);
    }

    const read = async (from: number, to: number, filter: FactFilter = {}): Promise<readonly Fact[]> =>
      (await reports.facts(from, to, filter)).flatMap(({ facts }) => facts);
    const count = async (from: number, to: number, filter: FactFilter = {}): Promise<number> =>
      (await read(from, to, filter)).length;

    it('gives what a report counts of a change', async () => {
      await stored({
        kind: 'hotfix',
        outcome: 'failed',
        failureClass: 'escaped',
        committedAt: 1,
        startedAt: 2,
        finishedAt: 1_600_000_000_000,
        outcomeAt: 4,
        recoveredAt: 1_700_000_000_000,
      });

      assert.deepEqual(await reports.facts(0, 2_000_000_000_000, {}), [
        {
          service: 'checkout',
          environment: 'production',
          facts: [
            {
              at: 1_600_000_000_000,
              kind: 'hotfix',
              outcome: 'failed',
              failureClass: 'escaped',
              lead: 1_599_999_999_999,
              recovery: 1_699_999_999_996,
            },
          ],
        },
      ]);
    });

    it('counts a change when it finished: from is inside, to is not', async () => {
      for (const finishedAt of [9, 10, 11, 12]) await stored({ finishedAt, outcome: 'succeeded' });

      const facts = await read(10, 12);

      assert.deepEqual(facts.map(({ at }) => at).sort(), [10, 11]);
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
      assert.equal(
        await count(0, 10, { wanted: (service, environment) => service + environment === 'bx' }),
        1,
      );
    });

    it('leaves environments unread that nobody wants, in the weeks that are asked for', async () => {
      await stored({ environment: 'production', finishedAt: 5 });
      await stored({ environment: 'live', finishedAt: 6 });
      await stored({ environment: 'staging', finishedAt: 7 });
      await stored({ environment: 'old', finishedAt: 40 * 86_400_000 });
      const asked: string[] = [];
      const inEnvironment = (environment: string): boolean => {
        asked.push(environment);
        return environment !== 'staging';
      };

      const found = await read(0, 10, { inEnvironment });

      assert.deepEqual(found.map(({ at }) => at).sort(), [5, 6]);
      assert.deepEqual(asked.sort(), ['live', 'production', 'staging']);
      assert.equal(await count(0, 10, { environment: 'staging', inEnvironment }), 1);
    });
  });
}
