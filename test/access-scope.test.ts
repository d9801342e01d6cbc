import assert from 'node:assert/strict';
import { type AccessHouse, openAccessHouse } from './support/access-house.ts';
import { databases, type TestDatabase } from './support/databases.ts';

const services = {
  checkout: ['shop/checkout'],
  search: ['search'],
} as const;
type Team = keyof typeof services;

/** What starts an analysis of a service. */
function start(service: string) {
  const arms = { canary: { a: '1' }, baseline: { a: '2' } };
  return { service, environment: 'production', key: 'k', ...arms };
}

for (const { name, open } of databases)
  describe(`a token that is bound to services on ${name}`, () => {
    let opened: TestDatabase;
    let house: AccessHouse;
    const secrets = new Map<Team, string>();
    const call = (path: string, team: Team, body?: unknown): Promise<Response> =>
      house.call(path, secrets.get(team) ?? '', body);
    const statusOf = async (path: string, team: Team, body?: unknown): Promise<number> => {
      const answer = await call(path, team, body);
      await answer.body?.cancel();
      return answer.status;
    };
    const idOf = async (answer: Response): Promise<string> => ((await answer.json()) as { id: string }).id;

    before(async () => {
      opened = await open();
      house = await openAccessHouse(opened);
      for (const team of ['checkout', 'search'] as const)
        secrets.set(
          team,
          await house.makeToken(team, 'gate', { roles: ['gate', 'record'], services: services[team] }),
        );
    });
    after(async () => {
      await house.app.stop(100);
      await opened.close();
    });

    it('starts, joins, reads and cancels analyses of its services alone, by whatever of their names', async () => {
      const id = await idOf(await call('/v1/analyses', 'checkout', start('checkout')));
      assert.equal(await idOf(await call('/v1/analyses', 'checkout', start('shop/checkout'))), id);
      const hook = '/v1/hooks/argo-rollouts/analysis';
      for (const service of ['checkout', 'shop/checkout'])
        for (const path of ['/v1/analyses', hook])
          assert.equal(await statusOf(path, 'search', start(service)), 403, `${path} ${service}`);
      assert.equal(await statusOf(`/v1/analyses/${id}/cancel`, 'search', {}), 403);
      assert.equal(await statusOf(`/v1/analyses/${id}/cancel`, 'checkout', {}), 200);
      for (const path of ['', '/series', '/events']) {
        assert.equal(await statusOf(`/v1/analyses/${id}${path}`, 'search'), 403, path);
        assert.equal(await statusOf(`/v1/analyses/${id}${path}`, 'checkout'), 200, path);
      }
    });

    it('reports and reads changes of its services alone, of several all or none', async () => {
      const report = { source: 's', externalId: '1', service: 'checkout', environment: 'production' };
      assert.equal(await statusOf('/v1/changes', 'search', report), 403);
      const both = [
        { ...report, service: 'search' },
        { ...report, externalId: '2' },
      ];
      assert.equal(await statusOf('/v1/changes', 'search', both), 403);
      const list = (await (await call('/v1/changes?service=search', 'search')).json()) as {
        items: unknown[];
      };
      assert.deepEqual(list.items, []);
      const id = await idOf(await call('/v1/changes', 'checkout', report));
      assert.equal(await statusOf(`/v1/changes/${id}`, 'search'), 403);
      assert.equal(await statusOf(`/v1/changes/${id}`, 'checkout'), 200);
    });

    it('lists and reports only of a service it names, and hears which those are', async () => {
      for (const path of ['/v1/analyses', '/v1/changes', '/v1/reports/change-failure']) {
        for (const query of ['', '?service=checkout']) {
          const answer = await call(`${path}${query}`, 'search');
          assert.equal(answer.status, 403, `${path}${query}`);
          assert.match(((await answer.json()) as { detail: string }).detail, /search/);
        }
        assert.equal(await statusOf(`${path}?service=search`, 'search'), 200, path);
      }
    });

    it('tells of rollouts of its services alone', async () => {
      const event = (service: string) => ({
        event: 'rollout-updated',
        sentAt: new Date(house.now()).toISOString(),
        service,
        rollout: { uid: `u-${service}`, revision: '1' },
      });
      const path = '/v1/hooks/argo-rollouts/events';
      assert.equal(await statusOf(path, 'search', event('checkout')), 403);
      assert.equal(await statusOf(path, 'search', event('search')), 202);
    });
  });
