import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import {
  assessPoll,
  assessStart,
  findConfig,
  type KayentaMetric,
  lookupPath,
  type Measurement,
  startBody,
  startPath,
} from '../support/argo-kayenta.ts';
import { makeSequentialConfig } from '../support/canary-configs.ts';
import { goRequest } from '../support/go-client.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  secondsTemplate,
  startSerin,
} from '../support/serin-process.ts';
import { until } from '../support/until.ts';

type Status = components['schemas']['KayentaCanaryStatus'];

const token = `s3cr3t-${'x'.repeat(32)}`;
const kayentaTemplate = {
  ...secondsTemplate,
  name: 'kayenta',
  duration: '6s',
  judge: 'kayenta',
  metrics: secondsTemplate.metrics.map((metric) => ({ ...metric, direction: 'increase' })),
};
const config = {
  ...secondsConfig,
  templates: [...secondsConfig.templates, kayentaTemplate],
  kayenta: { accounts: { metrics: { provider: 'synthetic', environment: 'production' } } },
  auth: { tokens: [{ name: 'argo', roles: ['admin'], token }] },
};

/** `provider.kayenta` as in examples/argo-rollouts/kayenta-analysis-template.yaml, arguments filled in. */
function makeMetric(scenario: string, changes: Partial<KayentaMetric> = {}): KayentaMetric {
  return {
    application: 'checkout',
    canaryConfigName: 'seconds',
    metricsAccountName: 'metrics',
    configurationAccountName: 'serin',
    storageAccountName: 'serin',
    threshold: { pass: 90, marginal: 75 },
    scopes: [
      {
        name: 'default',
        controlScope: { scope: 'app=checkout and rollouts-pod-template-hash=old', region: 'eu', step: 1 },
        experimentScope: {
          scope: `app=checkout and rollouts-pod-template-hash=new and scenario=${scenario}`,
          region: 'eu',
          step: 1,
        },
      },
    ],
    ...changes,
  };
}

/** One AnalysisRun that asks Serin under an address with the token in it, as the controller's provider does. */
function makeArgo({ url }: SerinProcess, metric: KayentaMetric, secret = token) {
  const address = `${url}/kayenta/t/${secret}`;
  const startedAt = Date.now();
  const failed: Measurement = { phase: 'Error', value: '', executionId: '' };
  const begin = async (): Promise<Measurement> => {
    const id = findConfig(
      await goRequest(address + lookupPath(metric), { method: 'GET' }),
      metric.canaryConfigName,
    );
    if (id === null) return failed;
    const body = startBody(metric, { now: Date.now(), interval: 5_000, startedAt, lookback: true });
    const headers = { 'Content-Type': 'application/json' };
    return assessStart(await goRequest(address + startPath(metric, id), { body, headers }));
  };
  const poll = async (executionId: string): Promise<Measurement> =>
    assessPoll(await goRequest(`${address}/canary/${executionId}`, { method: 'GET' }), metric.threshold);
  return {
    startedAt,
    begin,
    poll,
    measure: async (): Promise<Measurement> => {
      const started = await begin();
      if (started.phase !== 'Running') return started;
      return until(`a measurement of ${metric.canaryConfigName}`, 40_000, async () => {
        const measured = await poll(started.executionId);
        return measured.phase === 'Running' ? null : { ...measured, executionId: started.executionId };
      });
    },
    status: async (executionId: string): Promise<Status> =>
      JSON.parse((await goRequest(`${address}/canary/${executionId}`, { method: 'GET' })).text) as Status,
  };
}

describe('Argo Rollouts measuring with its kayenta metric', function () {
  this.timeout(180_000);
  const started = new Map<DatabaseName, SerinProcess>();

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  for (const database of databaseNames)
    describe(`on ${database}`, () => {
      const serin = (): SerinProcess => started.get(database)!;

      it('goes on after a pass, aborts after a fail and pauses after an inconclusive end, under either judge', async () => {
        const cases = [
          ['seconds', 'harmless', 'Successful'],
          ['seconds', 'errors-x5', 'Failed'],
          ['seconds', 'no-data', 'Inconclusive'],
          ['kayenta', 'errors-x5', 'Failed'],
        ] as const;
        const measured = await Promise.all(
          cases.map(async ([canaryConfigName, scenario]) =>
            makeArgo(serin(), makeMetric(scenario, { canaryConfigName })).measure(),
          ),
        );

        assert.deepEqual(
          measured.map(({ phase }) => phase),
          cases.map(([, , phase]) => phase),
        );
      });

      it('asks again and again about a window that grows, and is answered by one run', async () => {
        const argo = makeArgo(serin(), makeMetric('harmless'));
        const first = await argo.measure();
        await until('time has gone on', 10_000, () => Date.now() - argo.startedAt > 7_000);
        const second = await argo.measure();

        assert.deepEqual([first.phase, second.phase], ['Successful', 'Successful']);
        const [one, other] = await Promise.all(
          [first, second].map((measured) => argo.status(measured.executionId)),
        );
        assert.equal(one?.analysisId, other?.analysisId);
        assert.equal(one?.result?.canaryDuration, 'PT5S');
        assert.notEqual(other?.result?.canaryDuration, 'PT5S');
      });

      it('measures Error for a config that is not there, a wrong token and thresholds upside down', async () => {
        const unknown = makeMetric('harmless', { canaryConfigName: 'secodns' });
        const upside = makeMetric('harmless', { threshold: { pass: 10, marginal: 20 } });

        assert.equal((await makeArgo(serin(), unknown).measure()).phase, 'Error');
        assert.equal((await makeArgo(serin(), makeMetric('harmless'), 'wrong').measure()).phase, 'Error');
        assert.equal((await makeArgo(serin(), upside).measure()).phase, 'Error');
      });

      it('is judged by what it sends for a service nobody configured', async () => {
        const unknown = makeArgo(serin(), makeMetric('errors-x5', { application: 'cart' }));
        assert.equal((await unknown.measure()).phase, 'Failed');
      });

      it('is Running until the verdict', async () => {
        const argo = makeArgo(serin(), makeMetric('harmless', { canaryConfigName: 'minutes' }));
        const { executionId } = await argo.begin();
        assert.equal((await argo.poll(executionId)).phase, 'Running');
      });

      // What a restart finds is on the disk on either database; starting takes long enough once.
      if (database === 'sqlite')
        it('takes up a measurement where Serin left it when it was killed', async () => {
          const argo = makeArgo(serin(), makeMetric('errors-x5'));
          const { executionId } = await argo.begin();

          await serin().kill();
          await serin().restart();

          // A look under way when it was killed holds its lease for a minute and a half.
          const phase = await until('a verdict after the restart', 150_000, async () => {
            const measured = await argo.poll(executionId);
            return measured.phase === 'Running' ? null : measured.phase;
          });
          assert.equal(phase, 'Failed');
        });

      it('waits while the database is away, for a measurement begun before and for one begun meanwhile', async () => {
        const before = makeArgo(serin(), makeMetric('errors-x5'));
        const { executionId } = await before.begin();
        await serin().breakDatabase();

        const meanwhile = makeArgo(serin(), makeMetric('errors-x5'));
        const begun = await meanwhile.begin();
        const phases = [
          (await before.poll(executionId)).phase,
          begun.phase,
          (await meanwhile.poll(begun.executionId)).phase,
        ];
        await serin().mendDatabase();

        assert.deepEqual(phases, ['Running', 'Running', 'Running']);
        const phase = await until('the verdict of what was begun meanwhile', 40_000, async () => {
          const measured = await meanwhile.poll(begun.executionId);
          return measured.phase === 'Running' ? null : measured.phase;
        });
        assert.equal(phase, 'Failed');
      });

      it('writes the token of an address nowhere', () => {
        assert.doesNotMatch(serin().log(), new RegExp(token));
      });

      it('judges by a canary config that Spinnaker stored, and tells orca how it ended', async () => {
        const headers = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
        const ask = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown) => {
          const options =
            body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
          const reply = await goRequest(`${serin().url}/kayenta${path}`, options);
          assert.equal(reply.status, 200, reply.text);
          return JSON.parse(reply.text);
        };
        const { canaryConfigId } = await ask('POST', '/canaryConfig', makeSequentialConfig());
        const start = new Date(Date.now() - 60_000).toISOString();
        const end = new Date().toISOString();
        const scope = (name: string) => ({ scope: name, location: 'eu', start, end, step: 2 });
        const { canaryExecutionId } = await ask(
          'POST',
          `/canary/${canaryConfigId}?application=checkout&metricsAccountName=metrics`,
          {
            scopes: { default: { controlScope: scope('stable'), experimentScope: scope('canary') } },
            thresholds: { pass: 90, marginal: 75 },
          },
        );
        await ask('PUT', `/pipelines/${canaryExecutionId}/cancel`);

        const status = await ask('GET', `/canary/${canaryExecutionId}?storageAccountName=serin`);

        assert.equal(status.complete, true);
        assert.ok(['canceled', 'succeeded'].includes(status.status));
        assert.equal(status.application, 'checkout');
        assert.ok(Number.isInteger(status.result.judgeResult.score.score));
        assert.ok(
          (await ask('GET', '/credentials')).some(({ name }: { name: string }) => name === 'metrics'),
        );
      });
    });
});
