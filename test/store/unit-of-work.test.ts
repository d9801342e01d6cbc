import assert from 'node:assert/strict';
import type { UnitOfWork } from '../../src/analysis/run-store.ts';
import { hasCode } from '../../src/errors.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun, start } from '../support/plans.ts';

for (const { name, open } of databases) {
  describe(`a unit of work on ${name}`, () => {
    let test: TestDatabase;
    let unit: UnitOfWork;
    beforeEach(async () => {
      test = await open();
      unit = createUnitOfWork(test.database);
    });
    afterEach(() => test.close());

    const run = makeRun();
    const series = [
      {
        metric: 'errors',
        arm: 'canary',
        field: 'events',
        member: '',
        series: { start, step: 60_000, values: [1] },
      },
    ] as const;

    it('writes all of it', async () => {
      const given = await unit.transaction(async ({ runs }) => {
        await runs.insert(run);
        await runs.saveSeries(run.id, series);
        return 'done';
      });

      assert.equal(given, 'done');
      assert.equal((await unit.stores.runs.find(run.id))?.id, run.id);
      assert.deepEqual(await unit.stores.runs.loadSeries(run.id), series);
    });

    it('or nothing', async () => {
      const working = unit.transaction(async ({ runs }) => {
        await runs.insert(run);
        await runs.saveSeries(run.id, series);
        throw new Error('no');
      });

      await assert.rejects(working, /^Error: no$/);
      assert.equal(await unit.stores.runs.find(run.id), null);
    });

    it('sees in the transaction what it wrote there, also what it wrote by force', async () => {
      await unit.stores.runs.insert(run);

      await unit.transaction(async ({ runs }) => {
        assert.equal(await runs.saveForced({ ...run, phase: 'cancelled', nextLookAt: null }, run), true);
        assert.equal((await runs.find(run.id))?.phase, 'cancelled');
        assert.equal(await runs.saveForced({ ...run, reason: 'late' }, run), false);
      });
    });

    it('has both stores, in and out of transactions', async () => {
      assert.equal(await unit.stores.ledger.find('nobody'), null);
      assert.equal(await unit.transaction(({ ledger }) => ledger.find('nobody')), null);
    });

    it('refuses the outer stores within a transaction, and transactions within transactions', async () => {
      for (const ask of [() => unit.stores.runs.find('x'), () => unit.transaction(async () => null)])
        await assert.rejects(unit.transaction(ask), (error) => hasCode(error, 'internal'));
    });
  });
}
