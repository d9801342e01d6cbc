import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import { assessWeb, shippedConditions, type WebPhase } from '../support/argo-web.ts';
import { goRequest } from '../support/go-client.ts';
import { type DatabaseName, databaseNames, type SerinProcess, startSerin } from '../support/serin-process.ts';
import { sideBySide } from '../support/side-by-side.ts';
import { until } from '../support/until.ts';

type Answer = components['schemas']['ArgoAnswer'];
type Measured = { readonly phase: WebPhase; readonly answer: Answer };

const path = '/v1/hooks/argo-rollouts/analysis';

/** What the shipped AnalysisTemplate makes of a Rollout: every value is a string, and an argument without one is "". */
function bodyOf(scenario: string, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    key: `0b0e1a52/7/${scenario}/first`,
    service: 'checkout',
    environment: 'production',
    target: '',
    template: 'seconds',
    change: { version: `v1-${scenario}` },
    rollout: { uid: `uid-${scenario}`, revision: '7', namespace: 'shop', name: 'checkout' },
    canary: { namespace: 'shop', pod_template_hash: '6d4cf56db6', scenario },
    baseline: { namespace: 'shop', pod_template_hash: '5b8c7d9f4' },
    wait: '0s',
    ...changes,
  });
}

const scenarios = ['harmless', 'errors-x5', 'no-data'] as const;

/** A Serin, and the token that the template takes from a secret. */
type Caller = { readonly serin: SerinProcess; readonly token: string };

/** One measurement, as the provider takes it: a `body` goes without Content-Type. */
async function measure({ serin, token }: Caller, body: string, query = ''): Promise<Measured> {
  const headers = { Authorization: `Bearer ${token}` };
  const reply = await goRequest(`${serin.url}${path}${query}`, { body, headers });
  const released = assessWeb(reply, shippedConditions, true);
  assert.equal(assessWeb(reply, shippedConditions, false), released, 'the versions agree');
  return { phase: released, answer: JSON.parse(reply.text) as Answer };
}

function pollUntilOver(caller: Caller, body: string): Promise<Measured> {
  return until('the analysis is over', 120_000, async () => {
    const measured = await measure(caller, body);
    return measured.answer.verdict === 'running' ? null : measured;
  });
}

/** A Serin that has just been asked for an analysis of each scenario, so that they run side by side. */
type Asked = Caller & { readonly first: ReadonlyMap<string, Measured> };

async function startAsked(database: DatabaseName): Promise<Asked> {
  const serin = await startSerin({ database });
  const token = await serin.createToken('gate', { name: 'argo', services: ['checkout', 'chekcout'] });
  const first = new Map<string, Measured>();
  for (const scenario of scenarios) first.set(scenario, await measure({ serin, token }, bodyOf(scenario)));
  return { serin, token, first };
}

async function playKilled(asked: Asked): Promise<{ before: Measured; last: Measured }> {
  const body = bodyOf('errors-x5', { key: 'killed' });
  const before = await measure(asked, body);
  await asked.serin.kill();
  await asked.serin.restart();
  return { before, last: await pollUntilOver(asked, body) };
}

async function playOutage(asked: Asked): Promise<{ away: Measured; last: Measured }> {
  const body = bodyOf('errors-x5', { key: 'outage' });
  await asked.serin.breakDatabase();
  const away = await measure(asked, body);
  await asked.serin.mendDatabase();
  return { away, last: await pollUntilOver(asked, body) };
}

describe('Argo Rollouts polling Serin', function () {
  this.timeout(180_000);
  const started = new Map<DatabaseName, Asked>();
  const play = <Result>(how: (asked: Asked) => Promise<Result>): ((name: DatabaseName) => Promise<Result>) =>
    sideBySide(databaseNames, (name) => how(started.get(name)!));
  const killed = play(playKilled);
  const outage = play(playOutage);
  /** A test for each database, one after the other, so that what is played side by side disturbs no other test. */
  const onEach = (title: string, test: (asked: Asked, name: DatabaseName) => Promise<void>): void => {
    for (const name of databaseNames) it(`${title}, on ${name}`, () => test(started.get(name)!, name));
  };

  before(async () => {
    const all = await Promise.all(databaseNames.map(startAsked));
    databaseNames.forEach((name, index) => {
      started.set(name, all[index]!);
    });
  });
  after(() => Promise.all([...started.values()].map(({ serin }) => serin.stop())));

  onEach(
    'goes on polling while the analysis runs, and goes on with the rollout after a pass',
    async (asked) => {
      const running = asked.first.get('harmless')!;
      assert.equal(running.answer.verdict, 'running');
      assert.equal(running.phase, 'Inconclusive');

      const last = await pollUntilOver(asked, bodyOf('harmless'));

      assert.equal(last.answer.verdict, 'pass', last.answer.reason);
      assert.equal(last.phase, 'Successful');
      assert.equal(last.answer.analysisId, running.answer.analysisId);
    },
  );

  onEach('aborts after a fail, and reads the same verdict when it asks again', async (asked) => {
    const failed = await pollUntilOver(asked, bodyOf('errors-x5'));

    assert.equal(failed.phase, 'Failed');
    assert.match(failed.answer.reason, /errors: .* % in the canary against .* %/);
    assert.deepEqual((await measure(asked, bodyOf('errors-x5'))).answer, failed.answer);
  });

  onEach('pauses after an inconclusive end', async (asked) => {
    const { phase, answer } = await pollUntilOver(asked, bodyOf('no-data'));

    assert.equal(answer.verdict, 'inconclusive');
    assert.equal(phase, 'Inconclusive');
    assert.match(answer.reason, /silent/);
  });

  onEach(
    'measures Error for a service nobody configured, or pauses with the advice where the template asks for it',
    async (asked) => {
      const unknown = bodyOf('harmless', { service: 'chekcout', template: '', key: 'typo' });

      const reply = await goRequest(asked.serin.url + path, {
        body: unknown,
        headers: { Authorization: `Bearer ${asked.token}` },
      });
      const { phase, answer } = await measure(asked, unknown, '?onBadInput=inconclusive');

      assert.equal(reply.status, 400);
      assert.equal(assessWeb(reply, shippedConditions, true), 'Error');
      assert.equal(phase, 'Inconclusive');
      assert.match(answer.reason, /service: found "chekcout"; configured are checkout/);
    },
  );

  onEach('measures Error with a wrong token, and tells no log of a token', async (asked) => {
    const wrong = 'serin-wrong-0123456789abcdef0123456789abcdef';
    const headers = { Authorization: `Bearer ${wrong}` };

    const reply = await goRequest(`${asked.serin.url}${path}?onBadInput=inconclusive`, {
      body: bodyOf('harmless'),
      headers,
    });

    assert.equal(reply.status, 401);
    assert.equal(assessWeb(reply, shippedConditions, true), 'Error');
    for (const secret of [asked.token, wrong]) assert.ok(!asked.serin.log().includes(secret));
  });

  onEach('takes up an analysis where Serin left it when it was killed', async (_asked, database) => {
    const { before, last } = await killed(database);

    assert.equal(last.answer.analysisId, before.answer.analysisId);
    assert.equal(last.phase, 'Failed');
  });

  onEach(
    'goes on polling while the database is away, and gets its verdict when it is back',
    async (_asked, database) => {
      const { away, last } = await outage(database);

      assert.equal(away.answer.verdict, 'running');
      assert.equal(away.phase, 'Inconclusive');
      assert.match(away.answer.reason, /Serin cannot judge at the moment and will try again/);
      assert.equal(last.answer.verdict, 'fail');
    },
  );
});
