import assert from 'node:assert/strict';
import {
  type CanaryConfigs,
  type ConfigsDeps,
  createCanaryConfigs,
} from '../../../src/analysis/kayenta/configs.ts';
import { templateId } from '../../../src/analysis/kayenta/templates.ts';
import { SerinError } from '../../../src/errors.ts';
import type { Actor } from '../../../src/ledger/actor.ts';
import { createUnitOfWork } from '../../../src/store/unit-of-work.ts';
import { admin } from '../../support/analysis-house.ts';
import { makeCanaryConfig } from '../../support/canary-configs.ts';
import { databases, type TestDatabase } from '../../support/databases.ts';
import { makePlan, start } from '../../support/plans.ts';

const service = {
  name: 'checkout',
  aliases: ['shop/checkout'],
  team: null,
  tier: null,
  environment: 'production',
  template: 'http',
  scopes: { canary: null, baseline: null },
  inlinePlans: false,
  callerMayLoosen: false,
};
const settings = { accounts: [], providers: [], judge: 'kayenta' as const, since: start };

for (const { name, open } of databases)
  describe(`canary configs on ${name}`, () => {
    let test: TestDatabase;
    let deps: ConfigsDeps;
    let configs: CanaryConfigs;
    beforeEach(async () => {
      test = await open();
      deps = {
        unitOfWork: createUnitOfWork(test.database),
        catalog: () => ({
          services: [service],
          templates: new Map([['http', makePlan({ name: 'http' })]]),
          rejoinAfter: 1,
        }),
        settings: () => settings,
        now: () => start + 5,
      };
      configs = createCanaryConfigs(deps);
    });
    afterEach(() => test.close());

    const idsOf = async (applications: readonly string[], by = admin) =>
      (await configs.list(applications, by)).map(({ id }) => id);

    it('are templates first, for every application, and stored ones for their own', async () => {
      const id = await configs.create(makeCanaryConfig(), admin);

      assert.deepEqual(await idsOf([]), ['template-http', id]);
      assert.deepEqual(await idsOf(['checkout']), ['template-http', id]);
      assert.deepEqual(await idsOf(['pay']), ['template-http']);
      const [template] = await configs.list(['pay'], admin);
      assert.deepEqual(template?.applications, ['checkout', 'shop/checkout', 'pay']);
      assert.equal(template?.updatedAt, start);
    });

    it('come back as they were stored, without what the caller cannot say', async () => {
      const body = makeCanaryConfig({ id: 'mine', createdTimestamp: 1, updatedTimestampIso: 'x' });
      const id = await configs.create(body, admin);

      const found = await configs.get(id, admin);

      assert.equal(id, 'mine');
      assert.deepEqual(found.body, makeCanaryConfig());
      assert.deepEqual([found.createdAt, found.updatedAt], [start + 5, start + 5]);
      assert.equal((await configs.get('template-http', admin)).name, 'http');
      await assert.rejects(configs.get('x', admin), { code: 'not_found' });
    });

    it('are audited with who wrote them, and all of what was there before and after', async () => {
      const id = await configs.create(makeCanaryConfig(), admin);
      await configs.replace(id, makeCanaryConfig({ description: 'new' }), admin);
      await configs.remove(id, admin);

      const { items } = await deps.unitOfWork.stores.audit.list({ subject: `canary-config/${id}` }, 10, null);
      const [first, second] = [makeCanaryConfig(), makeCanaryConfig({ description: 'new' })];
      assert.deepEqual(
        items.map(({ action, actor, before, after }) => [`${actor} ${action}`, before, after]),
        [
          ['token:admin canary-config.remove', second, null],
          ['token:admin canary-config.replace', first, second],
          ['token:admin canary-config.create', null, first],
        ],
      );
      assert.deepEqual(await idsOf([]), ['template-http']);
    });

    it('are refused with an id or a name that is taken, and nothing is stored', async () => {
      const id = await configs.create(makeCanaryConfig(), admin);
      const other = await configs.create(makeCanaryConfig({ name: 'other' }), admin);

      await assert.rejects(configs.create(makeCanaryConfig({ id, name: 'x' }), admin), { code: 'conflict' });
      await assert.rejects(configs.create(makeCanaryConfig(), admin), {
        message: /found "latency", which another config of application checkout has/,
      });
      await assert.rejects(configs.create(makeCanaryConfig({ name: 'http' }), admin), {
        message: /which is a configured template/,
      });
      await assert.rejects(configs.replace(other, makeCanaryConfig(), admin), { code: 'conflict' });
      await configs.replace(other, makeCanaryConfig({ name: 'other' }), admin);
      assert.equal((await idsOf([])).length, 3);
    });

    it('are refused when anything in them is wrong, and when they are templates or not there', async () => {
      const wrong = makeCanaryConfig({ judge: { name: 'Serin-v1.0', judgeConfigurations: { alpha: 7 } } });

      await assert.rejects(configs.create(wrong, admin), { message: /judge\.judgeConfigurations\.alpha/ });
      await assert.rejects(configs.create(makeCanaryConfig({ id: 'template-x' }), admin), {
        message: /id: found "template-x"/,
      });
      await assert.rejects(configs.replace('x', makeCanaryConfig(), admin), { code: 'not_found' });
      await assert.rejects(configs.replace('x', makeCanaryConfig({ id: 'y' }), admin), {
        message: /the address says x/,
      });
      await assert.rejects(configs.replace('template-http', makeCanaryConfig(), admin), { code: 'conflict' });
      await assert.rejects(configs.remove('template-http', admin), { code: 'conflict' });
      await assert.rejects(configs.remove('x', admin), { code: 'not_found' });
    });

    it('are seen and written within the scope of who asks', async () => {
      const by: Actor = { name: 'token:pay', isAdmin: true, services: ['pay'] };
      const id = await configs.create(makeCanaryConfig(), admin);
      const own = await configs.create(makeCanaryConfig({ applications: ['pay'] }), by);

      assert.deepEqual(await idsOf([], by), ['template-http', own]);
      await assert.rejects(configs.list(['checkout'], by), { code: 'forbidden' });
      await assert.rejects(configs.get(id, by), { code: 'not_found' });
      await assert.rejects(configs.create(makeCanaryConfig({ name: 'x' }), by), { code: 'forbidden' });
      await assert.rejects(configs.replace(id, makeCanaryConfig({ applications: ['pay'] }), by), {
        code: 'forbidden',
      });
      await assert.rejects(configs.remove(id, by), { code: 'forbidden' });
    });

    it('are listed as they were last seen while the database is away, templates in any case', async () => {
      let isAway = true;
      const away = (): Promise<never> => Promise.reject(new SerinError('store_unavailable', 'away'));
      const { stores } = deps.unitOfWork;
      const listConfigs = () => (isAway ? away() : stores.kayenta.listConfigs());
      const unitOfWork = {
        ...deps.unitOfWork,
        stores: { ...stores, kayenta: { ...stores.kayenta, listConfigs } },
      };
      const id = await configs.create(makeCanaryConfig(), admin);
      const outage = createCanaryConfigs({ ...deps, unitOfWork });
      const ids = async () => (await outage.list(['checkout'], admin)).map((one) => one.id);

      assert.deepEqual(await ids(), ['template-http']);
      isAway = false;
      assert.deepEqual(await ids(), ['template-http', id]);
      isAway = true;
      assert.deepEqual(await ids(), ['template-http', id]);
    });
  });

describe('the id of a template', () => {
  it('is its name where an address can hold it, and always the same', () => {
    assert.equal(templateId('http-service'), 'template-http-service');
    assert.match(templateId('my plan/é'), /^template-~[0-9a-f]{16}$/);
    assert.equal(templateId('my plan/é'), templateId('my plan/é'));
    assert.notEqual(templateId('my plan'), templateId('my plan/é'));
  });
});
