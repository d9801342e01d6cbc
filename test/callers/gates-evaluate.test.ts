import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import { callJson } from '../support/json-api.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { until } from '../support/until.ts';

type Answer = components['schemas']['GateAnswer'];
type Analysis = components['schemas']['Analysis'];

const token = 'serin-gates-0123456789abcdef0123456789abcdef';
const config = {
  ...secondsConfig,
  services: secondsConfig.services.map((service) => ({
    ...service,
    gates: [{ environment: 'production', judges: 'staging' }],
  })),
  auth: { tokens: [{ name: 'ci', roles: ['gate'], token }] },
};

/** The versions that are judged in staging: how each behaves, and under which template. */
const judged = [
  ['harmless', 'seconds'],
  ['errors-x5', 'seconds'],
  ['no-data', 'seconds'],
  ['late-errors', 'minutes'],
] as const;

describe('a deploy job asking POST /v1/gates/evaluate', function () {
  this.timeout(120_000);
  const started = new Map<DatabaseName, SerinProcess>();
  const post = (serin: SerinProcess, path: string, body: object, secret = token) =>
    callJson(`${serin.url}${path}`, { token: secret, body });
  const evaluate = async (serin: SerinProcess, version: string): Promise<Answer> => {
    const question = { service: 'checkout', environment: 'production', change: { version } };
    const { status, body } = await post(serin, '/v1/gates/evaluate', question);
    assert.equal(status, 200, JSON.stringify(body));
    return body as Answer;
  };
  const judgeAll = async (serin: SerinProcess): Promise<void> => {
    // Two minutes of the past are judged at once, from more data than five seconds have.
    const [start, end] = [121_000, 1_000].map((ago) => new Date(Date.now() - ago).toISOString());
    for (const [version, template] of judged)
      await post(serin, '/v1/analyses', {
        ...{ service: 'checkout', environment: 'staging', template, key: version },
        ...{ change: { version }, canary: { scenario: version } },
        ...(template === 'minutes' ? {} : { start, end }),
      });
    await until('the verdicts', 60_000, async () => {
      const { body } = await callJson(`${serin.url}/v1/analyses`, { token });
      return (
        (body as { items: Analysis[] }).items.filter(({ verdict }) => verdict !== 'running').length === 3
      );
    });
  };
  const onEach = (title: string, test: (serin: SerinProcess, name: DatabaseName) => Promise<void>): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, () => test(started.get(name)!, name));
  };

  before(async () => {
    const all = await Promise.all(databaseNames.map((database) => startSerin({ database, config })));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
    await Promise.all(all.map(judgeAll));
  });
  after(() => Promise.all([...started.values()].map((serin) => serin.stop())));

  onEach('is allowed after a pass', async (serin) => {
    const { allowed, decision, verdict } = await evaluate(serin, 'harmless');
    assert.deepEqual([allowed, decision, verdict], [true, 'allow', 'pass']);
  });

  onEach('is refused after a fail, with the reason', async (serin) => {
    const { allowed, decision, verdict, reasons } = await evaluate(serin, 'errors-x5');
    assert.deepEqual([allowed, decision, verdict], [false, 'restrict', 'fail']);
    assert.match(reasons.join(), /errors: /);
  });

  onEach('is refused without a verdict', async (serin) => {
    const { allowed, verdict } = await evaluate(serin, 'no-data');
    assert.deepEqual([allowed, verdict], [false, 'inconclusive']);
  });

  onEach('is refused while the analysis runs, and where there is none', async (serin) => {
    const { allowed, verdict } = await evaluate(serin, 'late-errors');
    assert.deepEqual([allowed, verdict], [false, 'running']);
    const none = await evaluate(serin, 'never-judged');
    assert.deepEqual([none.allowed, none.verdict, none.analysisId], [false, null, null]);
    assert.match(none.reasons.join(), /there is no analysis of never-judged of checkout in staging/);
  });

  onEach('is told nothing with a wrong token, and refused for a service nobody configured', async (serin) => {
    const question = { service: 'cart', environment: 'production', change: { version: 'harmless' } };
    const wrong = await post(serin, '/v1/gates/evaluate', question, 'serin-wrong-0123456789');
    assert.equal(wrong.status, 401);
    const unknown = await post(serin, '/v1/gates/evaluate', question);
    assert.equal(unknown.status, 200);
    assert.equal((unknown.body as Answer).allowed, false);
    assert.match(JSON.stringify(unknown.body), /there is no analysis of harmless of cart/);
    assert.ok(!serin.log().includes(token));
  });

  onEach('is allowed nothing that failed while the database is away', async (serin, name) => {
    await serin.breakDatabase();
    const question = { service: 'checkout', environment: 'production', change: { version: 'errors-x5' } };
    const { status, body } = await post(serin, '/v1/gates/evaluate', question);
    await serin.mendDatabase();
    // A locked file can still be read; a server that is away cannot.
    assert.equal(status, name === 'sqlite' ? 200 : 503);
    assert.notEqual((body as Partial<Answer>).allowed, true);
    await until('an answer', 20_000, async () => (await evaluate(serin, 'errors-x5')).verdict === 'fail');
  });
});
