import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

type Status = components['schemas']['KayentaCanaryStatus'];

const token = 'serin-orca-0123456789abcdef0123456789abcdef';
const config = {
  ...secondsConfig,
  kayenta: { accounts: { metrics: { provider: 'synthetic', environment: 'production' } } },
  auth: { tokens: [{ name: 'orca', roles: ['admin'], token }] },
};
const thresholds = { pass: 95, marginal: 75 };
const intervalMs = 120_000;
const scenarios = ['harmless', 'errors-x5', 'no-data'] as const;

type Interval = 'SUCCEEDED' | 'TERMINAL' | 'RUNNING';
type Monitored = { readonly interval: Interval; readonly last: Interval; readonly why: string };

/** What a score makes of an interval, and of the last one. */
function readScore(score: number): Pick<Monitored, 'interval' | 'last'> {
  if (score <= thresholds.marginal) return { interval: 'TERMINAL', last: 'TERMINAL' };
  return { interval: 'SUCCEEDED', last: score < thresholds.pass ? 'TERMINAL' : 'SUCCEEDED' };
}

/**
 * One interval of orca's canary stage, from reading its tasks (RunCanaryTask, MonitorCanaryTask,
 * AggregateCanaryResultsTask): a score up to `marginal` ends the stage, and the last one must reach `pass`. What is no
 * 200 is asked again, a 4xx ends the stage.
 */
function makeOrca(serin: SerinProcess, secret = token) {
  const call = async (path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${serin.url}/kayenta${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { Authorization: `Bearer ${secret}`, 'Content-Type': 'application/json; charset=UTF-8' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  const scope = (scenario: string, start: number) => ({
    ...{ scope: 'checkout', location: 'eu', step: 1, extendedScopeParams: { scenario } },
    start: new Date(start).toISOString(),
    end: new Date(start + intervalMs).toISOString(),
  });
  return {
    run: (
      scenario: string,
      { template = 'seconds', application = 'checkout', start = Date.now() - intervalMs } = {},
    ) =>
      call(`/canary/template-${template}?application=${application}&metricsAccountName=metrics`, {
        scopes: {
          default: { controlScope: scope('harmless', start), experimentScope: scope(scenario, start) },
        },
        thresholds,
      }),
    monitor: async (id: string): Promise<Monitored> => {
      const { status, body } = await call(`/canary/${id}?storageAccountName=serin`);
      const why = JSON.stringify(body);
      if (status !== 200) {
        const ended: Interval = status < 500 ? 'TERMINAL' : 'RUNNING';
        return { interval: ended, last: ended, why };
      }
      const { complete, result } = body as Status;
      if (!complete || result === undefined) return { interval: 'RUNNING', last: 'RUNNING', why };
      return { ...readScore(result.judgeResult.score.score), why };
    },
  };
}

function idOf({ status, body }: { readonly status: number; readonly body: unknown }): string {
  assert.equal(status, 200, JSON.stringify(body));
  return (body as { canaryExecutionId: string }).canaryExecutionId;
}

describe("Spinnaker's canary stage calling Serin as its Kayenta", function () {
  this.timeout(180_000);
  const started = new Map<DatabaseName, SerinProcess>();
  const end = (serin: SerinProcess, id: string) =>
    until('the end of an interval', 60_000, async () => {
      const now = await makeOrca(serin).monitor(id);
      return now.interval === 'RUNNING' ? null : now;
    });
  const judged = sideBySide(databaseNames, async (name) => {
    const serin = started.get(name)!;
    const orca = makeOrca(serin);
    return Promise.all(scenarios.map(async (scenario) => end(serin, idOf(await orca.run(scenario)))));
  });
  const onEach = (title: string, test: (name: DatabaseName, serin: SerinProcess) => Promise<void>): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, () => test(name, started.get(name)!));
  };

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  onEach('goes on and succeeds after a pass', async (name) => {
    const [pass] = await judged(name);
    assert.deepEqual([pass?.interval, pass?.last], ['SUCCEEDED', 'SUCCEEDED'], pass?.why);
  });

  onEach('stops at once after a fail', async (name) => {
    const [, fail] = await judged(name);
    assert.equal(fail?.interval, 'TERMINAL', fail?.why);
  });

  onEach('goes on after an inconclusive interval, and fails when it was the last', async (name) => {
    const [, , inconclusive] = await judged(name);
    assert.deepEqual(
      [inconclusive?.interval, inconclusive?.last],
      ['SUCCEEDED', 'TERMINAL'],
      inconclusive?.why,
    );
  });

  onEach('polls on while the analysis runs, and while the database is away', async (_name, serin) => {
    const orca = makeOrca(serin);
    const id = idOf(await orca.run('harmless', { template: 'minutes', start: Date.now() }));
    assert.equal((await orca.monitor(id)).interval, 'RUNNING');
    await serin.breakDatabase();
    const away = await orca.monitor(id);
    await serin.mendDatabase();
    assert.equal(away.interval, 'RUNNING', away.why);
  });

  onEach('ends with a wrong token', async (_name, serin) => {
    const wrong = await makeOrca(serin, 'serin-wrong-0123456789abcdef').run('harmless');
    assert.equal(wrong.status, 401);
    assert.ok(!serin.log().includes(token));
  });

  onEach('is judged by what it sends for a service nobody configured', async (_name, serin) => {
    const { interval, why } = await end(
      serin,
      idOf(await makeOrca(serin).run('errors-x5', { application: 'cart' })),
    );
    assert.equal(interval, 'TERMINAL', why);
  });
});
