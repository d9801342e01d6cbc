import assert from 'node:assert/strict';
import { foldChange } from '../../src/ledger/outcome.ts';
import { createJudgedRunStore } from '../../src/store/judged-run-store.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { createRunStore } from '../../src/store/run-store.ts';
import { day, epoch, identity, policyAt } from '../ledger/events.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun } from '../support/plans.ts';

for (const { name, open } of databases) {
  describe(`the judged runs on ${name}`, () => {
    let test: TestDatabase;
    before(async () => {
      test = await open();
    });
    after(() => test.close());

    const store = () => createJudgedRunStore(test.database);
    let made = 0;
    async function ran(changes: Parameters<typeof makeRun>[0]): Promise<void> {
      made += 1;
      const run = makeRun({ id: `r${made}`, key: `k${made}`, changeId: 'c1', ...changes });
      assert.equal(await createRunStore(test.database).insert(run), true);
    }

    const over = {
      phase: 'concluded',
      verdict: 'pass',
      judgedVerdict: 'fail',
      nextLookAt: null,
      createdAt: epoch,
      start: epoch,
      end: epoch + 1000,
      concludedAt: epoch + 900,
    } as const;

    it('give what the judge said, whether it was a dry run, and the change with why it is what it is', async () => {
      const attribution = { method: 'controller', confidence: 1 } as const;
      await createLedgerStore(test.database).insert({
        ...foldChange(identity, [], policyAt(0)),
        ...{ outcome: 'failed', failureClass: 'escaped', outcomeAt: 7, version: 'v2', attribution },
      });
      await ran({ ...over, dryRun: true });
      await ran({ ...over, createdAt: epoch + 1, changeId: 'gone', judgedVerdict: 'inconclusive' });
      await ran({ ...over, phase: 'cancelled' });
      await ran({ ...over, phase: 'running', concludedAt: null });

      const [gone, judged, ...others] = await store().judged(epoch, epoch + day, {});

      assert.deepEqual(others, []);
      assert.deepEqual(judged, {
        analysisId: 'r1',
        changeId: 'c1',
        service: makeRun().service,
        environment: makeRun().environment,
        judged: 'fail',
        override: null,
        dryRun: true,
        start: epoch,
        end: epoch + 1000,
        concludedAt: epoch + 900,
        change: {
          id: 'c1',
          service: 'checkout',
          environment: 'production',
          version: 'v2',
          commit: null,
          artifact: null,
          outcome: 'failed',
          failureClass: 'escaped',
          finishedAt: null,
          outcomeAt: 7,
          recoveredAt: null,
          method: 'controller',
          hasIncident: false,
        },
      });
      assert.deepEqual([gone?.change, gone?.judged, gone?.dryRun], [null, 'inconclusive', false]);
    });

    it('give those made in the range, of one service and environment when asked', async () => {
      const there = { service: 'search', environment: 'staging' };
      await ran({ ...over, ...there, createdAt: epoch + 5 * day });
      const count = async (from: number, to: number, filter = {}) =>
        (await store().judged(from, to, filter)).length;
      const at = epoch + 5 * day;

      assert.deepEqual([await count(at, at + 1), await count(at + 1, at + 2), await count(0, at)], [1, 0, 2]);
      assert.equal(await count(at, at + 1, there), 1);
      assert.equal(await count(at, at + 1, { service: 'checkout' }), 0);
      assert.equal(await count(at, at + 1, { environment: 'production' }), 0);
    });

    it('tell what a person made of a verdict', async () => {
      const at = epoch + 50 * day;
      await ran({ ...over, createdAt: at });
      const overridden = { verdict: 'pass', by: 'token:ann', reason: 'known', at };
      await test.database.run(async (sql) => {
        const [row] = await sql('runs').where({ created_at: at }).select('id', 'state');
        const state = JSON.stringify({ ...JSON.parse(row.state), override: overridden });
        await sql('runs').where({ id: row.id }).update({ state });
      });

      assert.equal((await store().judged(at, at + 1, {}))[0]?.override, 'pass');
    });

    it('give the settled changes of the same places', async () => {
      const ledger = createLedgerStore(test.database);
      const make = (id: string, changes: object) =>
        ledger.insert({
          ...foldChange({ ...identity, id, externalId: id, service: 'alike' }, [], policyAt(0)),
          ...{ outcome: 'succeeded', finishedAt: epoch, outcomeAt: epoch, version: 'v9' },
          ...changes,
        });
      await make('same', {});
      await make('earlier', { finishedAt: epoch - day });
      await make('pending', { outcome: 'pending' });
      await make('elsewhere', { environment: 'staging' });
      const [change] = await store().judged(epoch, epoch + 1, {});
      assert.ok(change?.change != null);

      const alike = await store().alike([{ ...change.change, service: 'alike', outcomeAt: epoch }]);

      assert.deepEqual(
        alike.map(({ id }) => id),
        ['same'],
      );
      assert.deepEqual(await store().alike([]), []);
    });
  });
}
