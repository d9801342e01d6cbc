import assert from 'node:assert/strict';
import type { Execution, KayentaStore, StoredConfig } from '../../src/analysis/kayenta/kayenta-store.ts';
import type { UnitOfWork } from '../../src/analysis/run-store.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { makeChange } from '../support/api.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun, start } from '../support/plans.ts';

function makeConfig(changes: Partial<StoredConfig> = {}): StoredConfig {
  return {
    id: 'c1',
    name: 'latency',
    applications: ['checkout', 'search'],
    createdAt: start,
    updatedAt: start + 1,
    body: { name: 'latency', metrics: [{ name: 'p99', note: 'é 漢' }] },
    ...changes,
  };
}

function makeExecution(changes: Partial<Execution> = {}): Execution {
  return {
    id: 'e1',
    kind: 'canary',
    runId: makeRun().id,
    application: 'checkout',
    createdAt: start,
    start,
    end: start + 600_000,
    thresholds: { pass: 90, marginal: 75.5 },
    configId: null,
    configName: 'latency',
    judgeName: 'Serin-v1.0',
    metrics: [{ name: 'p99 latency', planName: 'p99-latency', groups: ['latency'] }],
    accounts: { metrics: 'm', configuration: null, storage: null },
    parentPipelineExecutionId: 'p',
    request: { scopes: { default: {} } },
    concluded: null,
    ...changes,
  };
}

for (const { name, open } of databases)
  describe(`the store of what clients of Kayenta keep on ${name}`, () => {
    let test: TestDatabase;
    let unitOfWork: UnitOfWork;
    let store: KayentaStore;
    beforeEach(async () => {
      test = await open();
      unitOfWork = createUnitOfWork(test.database);
      store = unitOfWork.stores.kayenta;
    });
    afterEach(() => test.close());

    describe('canary configs', () => {
      it('come back as they were written, by id and listed by name', async () => {
        const [config, other] = [makeConfig(), makeConfig({ id: 'c2', name: 'errors' })];
        assert.equal(await store.insertConfig(config), true);
        assert.equal(await store.insertConfig(other), true);

        assert.deepEqual(await store.findConfig('c1'), config);
        assert.equal(await store.findConfig('c3'), null);
        assert.deepEqual(await store.listConfigs(), [other, config]);
      });

      it('have an id of their own', async () => {
        await store.insertConfig(makeConfig());

        assert.equal(await store.insertConfig(makeConfig({ name: 'other' })), false);
        assert.deepEqual(await store.findConfig('c1'), makeConfig());
      });

      it('have a name of their own in each of their applications', async () => {
        await store.insertConfig(makeConfig());

        assert.equal(await store.nameTaken('latency', ['pay', 'search'], null), 'search');
        assert.equal(await store.nameTaken('latency', ['search'], 'c1'), null);
        assert.equal(await store.nameTaken('latency', ['pay'], null), null);
        assert.equal(await store.nameTaken('errors', ['search'], null), null);
        const second = makeConfig({ id: 'c2', applications: ['pay', 'search'] });
        await assert.rejects(
          unitOfWork.transaction(({ kayenta }) => kayenta.insertConfig(second)),
          { code: 'conflict' },
        );
        assert.equal(await store.findConfig('c2'), null);
      });

      it('are replaced with their names, and removed', async () => {
        await store.insertConfig(makeConfig());
        const changed = makeConfig({ name: 'errors', applications: ['pay'], updatedAt: start + 9, body: {} });

        assert.equal(await store.replaceConfig(changed), true);
        assert.deepEqual(await store.findConfig('c1'), changed);
        assert.equal(await store.nameTaken('latency', ['checkout'], null), null);
        assert.equal(await store.nameTaken('errors', ['pay'], null), 'pay');
        assert.equal(await store.replaceConfig(makeConfig({ id: 'c9' })), false);
        await store.removeConfig('c1');
        await store.removeConfig('c1');
        assert.deepEqual(await store.listConfigs(), []);
        assert.equal(await store.nameTaken('errors', ['pay'], null), null);
      });
    });

    describe('executions', () => {
      const [open1, done, gone] = [
        makeRun({ id: 'r1', key: 'k1' }),
        makeRun({ id: 'r2', key: 'k2', phase: 'concluded', verdict: 'pass' }),
        makeRun({ id: 'r3', key: 'k3', phase: 'cancelled' }),
      ];

      beforeEach(async () => {
        await unitOfWork.stores.ledger.insert(makeChange());
        for (const run of [open1, done, gone]) await unitOfWork.stores.runs.insert(run);
      });

      it('come back as they were written, once each', async () => {
        const execution = makeExecution({ runId: 'r1' });
        assert.equal(await store.insertExecution(execution), true);
        assert.equal(await store.insertExecution({ ...execution, application: 'x' }), false);

        assert.deepEqual(await store.findExecution('e1'), execution);
        assert.equal(await store.findExecution('e2'), null);
      });

      it('keep how their run stood when it went on', async () => {
        await store.insertExecution(makeExecution({ runId: 'r2' }));
        await store.insertExecution(makeExecution({ id: 'e2', runId: 'r1' }));
        await store.settleExecutions(done);
        await store.settleExecutions({ ...done, verdict: 'fail' });

        assert.deepEqual((await store.findExecution('e1'))?.concluded, done);
        assert.equal((await store.findExecution('e2'))?.concluded, null);
      });

      it('are listed newest first by application, state and kind', async () => {
        const rows = [
          makeExecution({ id: 'a', runId: 'r1', createdAt: start }),
          makeExecution({ id: 'b', runId: 'r2', createdAt: start + 1 }),
          makeExecution({ id: 'c', runId: 'r3', createdAt: start + 2, application: 'search' }),
          makeExecution({ id: 'd', runId: 'r1', createdAt: start + 2, kind: 'standalone' }),
          makeExecution({ id: 'e', runId: 'r1', createdAt: start + 3, concluded: done }),
        ];
        for (const row of rows) await store.insertExecution(row);
        const all = { application: null, states: null, kind: null };
        const list = async (changes: object, limit = 10, offset = 0) =>
          (await store.listExecutions({ ...all, ...changes }, limit, offset)).map(({ id }) => id).join('');

        assert.equal(await list({}), 'edcba');
        assert.equal(await list({}, 2, 1), 'dc');
        assert.equal(await list({ application: 'search' }), 'c');
        assert.equal(await list({ kind: 'canary' }), 'ecba');
        assert.equal(await list({ states: ['running'] }), 'da');
        assert.equal(await list({ states: ['succeeded'] }), 'eb');
        assert.equal(await list({ states: ['succeeded', 'canceled'], application: 'checkout' }), 'eb');
      });

      it('go with their run', async () => {
        await store.insertExecution(makeExecution({ runId: 'r1' }));
        await test.database.run((sql) => sql('runs').where({ id: 'r1' }).del());

        assert.equal(await store.findExecution('e1'), null);
      });
    });
  });
