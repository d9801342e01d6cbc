import assert from 'node:assert/strict';
import { create, monitor, runStage, type Stage } from '../support/orca-stage.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { fillExpressions, readPreconfigured } from '../support/spinnaker-example.ts';
import { until } from '../support/until.ts';

const token = 'serin-spinnaker-0123456789abcdef0123456789abc';
const config = {
  ...secondsConfig,
  auth: { tokens: [{ name: 'spinnaker', roles: ['gate'], token }] },
};
const shipped = readPreconfigured();

/** The shipped stage against that Serin; the scenario takes the place of what selects the canary. */
function stageOf(
  serin: SerinProcess,
  scenario: string,
  changes: Readonly<Record<string, unknown>> = {},
  secret = token,
): Stage {
  const values = {
    'execution.id': `01JD-${scenario}`,
    ...{ stage: 'canary', service: 'checkout', environment: 'production', version: `v-${scenario}` },
    ...{ canary: 'checkout-v002', baseline: 'checkout-v001' },
  };
  const body = JSON.parse(fillExpressions(shipped.payload, values));
  return {
    ...shipped,
    url: serin.url + new URL(shipped.url).pathname,
    payload: JSON.stringify({ ...body, canary: { ...body.canary, scenario }, ...changes }),
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
  };
}

describe('a Spinnaker webhook stage calling Serin', function () {
  this.timeout(180_000);
  const started = new Map<DatabaseName, SerinProcess>();
  const play = <Result>(how: (serin: SerinProcess) => Promise<Result>) =>
    sideBySide(databaseNames, (name) => how(started.get(name)!));
  const harmless = play((serin) => runStage(stageOf(serin, 'harmless')));
  const harmful = play((serin) => runStage(stageOf(serin, 'errors-x5')));
  const silent = play((serin) => runStage(stageOf(serin, 'no-data')));
  const outage = play(async (serin) => {
    const stage = stageOf(serin, 'errors-x5', { key: 'outage' });
    const created = await create(stage);
    assert.ok(created !== null && 'statusUrl' in created);
    await serin.breakDatabase();
    const away = await Promise.all([
      monitor(stage, created.statusUrl),
      create(stageOf(serin, 'harmless', { key: 'x' })),
    ]);
    await serin.mendDatabase();
    return { away, last: (await runStage(stage)).last };
  });
  const onEach = (title: string, test: (name: DatabaseName, serin: SerinProcess) => Promise<void>): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, () => test(name, started.get(name)!));
  };

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
    for (const begin of [harmless, harmful, silent]) begin('sqlite').catch(() => undefined);
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  onEach('is running until the analysis passed, and then succeeds', async (name) => {
    const { last, seen } = await harmless(name);

    assert.equal(last.status, 'SUCCEEDED');
    assert.deepEqual(seen, ['running', 'pass']);
    assert.match(last.progress ?? '', /^5 looks, pass: /);
  });

  onEach('ends terminal after a fail', async (name) => {
    const { last } = await harmful(name);

    assert.deepEqual([last.status, last.why], ['TERMINAL', 'fail']);
    assert.match(last.progress ?? '', /errors: .* in the canary/);
  });

  onEach('ends terminal without a verdict', async (name) => {
    const { last } = await silent(name);

    assert.deepEqual([last.status, last.why], ['TERMINAL', 'inconclusive']);
  });

  onEach('ends terminal with a wrong token and for a service nobody configured', async (_name, serin) => {
    const wrong = await runStage(
      stageOf(serin, 'harmless', {}, 'serin-wrong-0123456789abcdef0123456789abcdef'),
    );
    const unknown = await runStage(stageOf(serin, 'harmless', { service: 'cart', key: 'cart' }));

    assert.equal(wrong.last.status, 'TERMINAL');
    assert.match(wrong.last.why, /^401: /);
    assert.equal(unknown.last.status, 'TERMINAL');
    assert.match(unknown.last.why, /^400: .*configured are checkout/);
    assert.ok(!serin.log().includes(token));
  });

  onEach('cancels its analysis by the key', async (_name, serin) => {
    const stage = stageOf(serin, 'harmless', { key: 'cancelled', template: 'minutes' });
    const created = await create(stage);
    assert.ok(created !== null && 'statusUrl' in created);
    assert.equal((await monitor(stage, created.statusUrl)).status, 'RUNNING');

    const cancelled = await fetch(`${serin.url}${new URL(shipped.cancelEndpoint).pathname}`, {
      method: shipped.cancelMethod,
      headers: stage.headers,
      body: JSON.stringify({ key: 'cancelled', service: 'checkout', environment: 'production' }),
    });

    assert.equal(cancelled.status, 202);
    const last = await until('the end', 10_000, async () => {
      const now = await monitor(stage, created.statusUrl);
      return now.status === 'RUNNING' ? null : now;
    });
    assert.equal(last.why, 'inconclusive');
  });

  onEach('goes on asking while the database is away', async (name) => {
    const { away, last } = await outage(name);

    const [monitored, created] = away;
    assert.equal(monitored.status, 'RUNNING');
    assert.equal(created, null, 'to be tried again');
    assert.equal(last.why, 'fail');
  });
});
