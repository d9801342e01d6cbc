import assert from 'node:assert/strict';
import { type App, createApp } from '../src/app.ts';
import { type Config, parseConfig } from '../src/config.ts';
import { readSettings } from '../src/settings.ts';
import { createUnitOfWork } from '../src/store/unit-of-work.ts';
import { createLogger } from '../src/telemetry/logger.ts';
import { databases, type TestDatabase } from './support/databases.ts';

const minute = 60_000;
const sources = { env: {}, readFile: () => '' };
const config: Config = parseConfig(
  `
providers: { synthetic: { type: synthetic } }
templates:
  - name: http
    duration: 30m
    metrics: [{ name: errors, kind: ratio, provider: synthetic, events: errors, total: requests }]
services: [{ name: checkout, team: shop, template: http }]
reports: { schedules: [{ name: weekly, cron: "@weekly", covers: week }] }
`,
  sources,
);
const body = {
  service: 'checkout',
  environment: 'production',
  key: 'k',
  canary: { scenario: 'errors-x5' },
  baseline: { role: 'stable' },
};

type Reply = { status: number; body: Record<string, unknown> };

async function call(address: string, path: string, json?: unknown): Promise<Reply> {
  const response = await fetch(
    `${address}${path}`,
    json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) },
  );
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function makeApp(databaseUrl: string, now: () => number): App {
  const settings = { ...readSettings({}), port: 0, databaseUrl };
  return createApp({ settings, config, version: '0.0.0', now, logger: createLogger('silent') });
}

for (const { name, open } of databases) {
  describe(`the service on ${name}`, () => {
    let opened: TestDatabase;
    let app: App;
    let address: string;
    let now = Date.now();
    beforeEach(async () => {
      now = Date.now();
      opened = await open();
      app = makeApp(opened.url, () => now);
      address = await app.listen();
    });
    afterEach(async () => {
      await app.stop(100);
      await opened.close();
    });

    it('judges what was asked for in the past at once and answers the poll with it', async () => {
      const past = {
        start: new Date(now - 60 * minute).toISOString(),
        end: new Date(now - 30 * minute).toISOString(),
      };
      const started = await call(address, '/v1/analyses', { ...body, ...past });
      assert.equal(started.body['verdict'], 'running');
      await app.scheduler.tick();
      await app.scheduler.idle();
      const polled = await call(address, '/v1/hooks/argo-rollouts/analysis', { ...body, ...past });
      assert.deepEqual(
        [polled.status, polled.body['verdict'], polled.body['analysisId']],
        [200, 'fail', started.body['id']],
      );
      now += minute;
      const report = await call(address, '/v1/reports/change-failure?groupBy=team');
      assert.equal((report.body['totals'] as Record<string, unknown>)['caughtInCanary'], 1);
      const quality = await call(address, '/v1/reports/judge-quality');
      assert.deepEqual(quality.body['failed'], { harmful: 0, fine: 0, unknown: 1 });
    });

    it('builds roll-ups that are lacking, and makes the reports that are due', async () => {
      const change = { source: 'ci', externalId: '1', service: 'checkout', environment: 'production' };
      await call(address, '/v1/changes', { ...change, finishedAt: new Date(now - minute).toISOString() });
      await opened.database.run((sql) => sql('rollup_state').update({ live: null }));
      await app.scheduler.tick();
      now = Date.parse('2100-01-01T00:00:00Z');
      await app.scheduler.tick();

      const [state] = await opened.database.run((sql) => sql('rollup_state').select('live'));
      assert.notEqual(state.live, null);
      const stored = await call(address, '/v1/reports/stored?schedule=weekly&limit=100');
      assert.equal((stored.body['items'] as unknown[]).length, 50);
    });

    it('forgets after a week which deliveries came', async () => {
      const { deliveries } = createUnitOfWork(opened.database).stores;
      await deliveries.remember('github', 'd1', now);
      const week = 7 * 24 * 60 * minute;
      for (const [later, isNew] of [
        [0, false],
        [week, false],
        [minute, true],
      ] as const) {
        now += later;
        await app.scheduler.tick();
        assert.equal(await deliveries.remember('github', 'd1', now), isNew, `after ${later} ms`);
      }
    });

    it('is ready', async () => {
      assert.deepEqual(await call(address, '/readyz'), {
        status: 200,
        body: { ok: true, checks: { database: 'ok', migrations: 'ok' } },
      });
    });

    it('takes a new configuration while it runs; runs keep the plan they began with', async () => {
      const { body: started } = await call(address, '/v1/analyses', body);
      app.reload(parseConfig('providers: { synthetic: { type: synthetic } }', sources));
      assert.equal((await call(address, '/v1/analyses', { ...body, key: 'other' })).status, 400);
      assert.equal((await call(address, `/v1/analyses/${started['id']}`)).body['verdict'], 'running');
      assert.throws(() => app.reload(parseConfig('providers: { p: { type: nope } }', sources)), /nope/);
    });

    it('answers who waits when it stops', async () => {
      const { body: started } = await call(address, '/v1/analyses', body);
      const waiting = call(address, `/v1/analyses/${started['id']}?wait=60s`);
      while ((await call(address, '/v1/analyses')).status !== 200);
      await app.stop(10_000);
      assert.equal((await waiting).body['verdict'], 'running');
      app = makeApp(opened.url, () => now);
    });
  });
}

describe('the service without its database', () => {
  let app: App;
  let address: string;
  let now = Date.now();
  beforeEach(async () => {
    // Port 9 of this machine: nobody listens there.
    app = makeApp('postgres://serin:s3cret@127.0.0.1:9/serin', () => now);
    address = await app.listen();
  });
  afterEach(() => app.stop(100));

  it('tells a rollout controller to keep polling, and after the grace that it is inconclusive', async () => {
    const poll = () => call(address, '/v1/hooks/argo-rollouts/analysis', body);
    const first = await poll();
    assert.deepEqual([first.status, first.body['verdict']], [200, 'running']);
    assert.match(String(first.body['reason']), /database/);
    now += 14 * minute;
    assert.equal((await poll()).body['verdict'], 'running');
    now += 2 * minute;
    const last = await poll();
    assert.deepEqual([last.status, last.body['verdict']], [200, 'inconclusive']);
    assert.doesNotMatch(JSON.stringify(last.body), /s3cret/);
  });

  it('is alive but not ready, and answers others that it is unavailable', async () => {
    assert.equal((await call(address, '/healthz')).status, 200);
    assert.equal((await call(address, '/readyz')).status, 503);
    const refused = await call(address, '/v1/analyses', body);
    assert.deepEqual([refused.status, refused.body['code']], [503, 'store_unavailable']);
  });
});
