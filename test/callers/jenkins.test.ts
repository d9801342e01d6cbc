import assert from 'node:assert/strict';
import type { components } from '../../src/api/schema.gen.ts';
import { verifyWebhook } from '../../src/auth/webhook.ts';
import { callJson, type JsonReply } from '../support/json-api.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';
import {
  type DatabaseName,
  databaseNames,
  type SerinProcess,
  secondsConfig,
  startSerin,
} from '../support/serin-process.ts';
import { until } from '../support/until.ts';

type Analysis = components['schemas']['Analysis'];

const secret = 'the-secret-that-signs-verdicts';
const admin = 'serin_admin-token-of-the-tests-0123456789';

/** A Jenkins that is restarting when the verdict falls: its webhook-step answers a while later. */
type Place = { readonly serin: SerinProcess; readonly jenkins: Receiver };

async function startPlace(database: DatabaseName): Promise<Place> {
  const jenkins = await startReceiver([503, 200]);
  const config = {
    ...secondsConfig,
    callbacks: { allow: [new URL(jenkins.url).host, 'ci.example.com'], secrets: [secret] },
    auth: { tokens: [{ name: 'tests', roles: ['admin'], token: admin }] },
  };
  return { jenkins, serin: await startSerin({ database, config }) };
}

/** Two minutes of the past are judged at once, from more data than five seconds have. */
function pastOf(scenario: string): object {
  const [start, end] = [121_000, 1_000].map((ago) => new Date(Date.now() - ago).toISOString());
  return { key: scenario, change: { version: scenario }, canary: { scenario }, start, end };
}

/** The verdicts on a version that were told, each once. */
function verdictsOf({ received }: Receiver, version: string): readonly unknown[] {
  const told = received.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
  return [...new Set(told.filter((one) => one['version'] === version).map(({ verdict }) => verdict))];
}

describe('Jenkins waiting for the verdict at a webhook of its own', function () {
  this.timeout(180_000);
  const places = new Map<DatabaseName, Place>();

  before(async () => {
    const all = await Promise.all(databaseNames.map(startPlace));
    databaseNames.forEach((name, index) => {
      places.set(name, all[index]!);
    });
  });
  after(() =>
    Promise.all([...places.values()].flatMap(({ serin, jenkins }) => [serin.stop(), jenkins.close()])),
  );

  for (const database of databaseNames)
    describe(`on ${database}`, () => {
      const place = (): Place => places.get(database)!;
      const start = (changes: object): Promise<JsonReply> =>
        callJson(`${place().serin.url}/v1/analyses`, {
          token: admin,
          body: { service: 'checkout', environment: 'production', change: { version: 'v1' }, ...changes },
        });

      it('is told a verdict once it has fallen, signed, and again after a failure and a kill -9', async () => {
        const { serin, jenkins } = place();
        const request = {
          key: 'build-7',
          canary: { arm: 'canary', scenario: 'errors-x5' },
          callbackUrl: `${jenkins.url}/webhook-step/4f6d`,
          callbackHeaders: { Authorization: 'literal-token' },
        };
        const analysis = (await start(request)).body as Analysis;
        assert.equal(analysis.verdict, 'running');
        assert.doesNotMatch(JSON.stringify(analysis), /literal-token|webhook-step/);
        assert.equal(((await start(request)).body as Analysis).id, analysis.id, 'asking again joins');

        await until('the first attempt', 40_000, () => jenkins.received.length >= 1);
        await serin.kill();
        await serin.restart();
        await until('the second attempt', 40_000, () => jenkins.received.length >= 2);

        const [first, second] = jenkins.received;
        assert.equal(second?.headers['webhook-id'], first?.headers['webhook-id']);
        assert.equal(second?.headers.authorization, 'literal-token');
        const { headers, body } = second!;
        const delivery = { secrets: [secret], headers, rawBody: Buffer.from(body), now: Date.now() };
        assert.equal(verifyWebhook('standard-webhooks', delivery).ok, true);
        const told = JSON.parse(body) as Record<string, unknown>;
        assert.deepEqual(
          [told['type'], told['verdict'], told['analysisId']],
          ['analysis.concluded', 'fail', analysis.id],
        );
        assert.match(String(told['reason']), /errors: /);
        assert.doesNotMatch(serin.log(), /literal-token/);
      });

      it('is told a verdict that had fallen before it asked', async () => {
        const { jenkins } = place();
        const before = jenkins.received.length;
        const other = { key: 'build-7', canary: { arm: 'canary', scenario: 'errors-x5' } };
        const again = (await start({ ...other, callbackUrl: `${jenkins.url}/late` })).body as Analysis;
        assert.equal(again.verdict, 'fail');
        await until('the callback', 20_000, () => jenkins.received.length > before);
      });

      it('is told pass and inconclusive as it is told fail, and nothing while the analysis runs', async () => {
        const { jenkins } = place();
        const callbackUrl = `${jenkins.url}/webhook-step/x`;
        await start({ ...pastOf('harmless'), callbackUrl });
        await start({ ...pastOf('no-data'), callbackUrl });
        await start({ key: 'slow', template: 'minutes', change: { version: 'slow' }, callbackUrl });
        await until('both verdicts', 60_000, () =>
          ['harmless', 'no-data'].every((version) => verdictsOf(jenkins, version).length > 0),
        );
        assert.deepEqual(
          ['harmless', 'no-data', 'slow'].map((version) => verdictsOf(jenkins, version)),
          [['pass'], ['inconclusive'], []],
        );
      });

      it('is told a verdict that was late because the database was away', async () => {
        const { serin, jenkins } = place();
        const asked = { key: 'outage', change: { version: 'outage' }, canary: { scenario: 'errors-x5' } };
        await start({ ...asked, callbackUrl: `${jenkins.url}/outage` });
        await serin.breakDatabase();
        const { status } = await start({
          ...asked,
          key: 'meanwhile',
          callbackUrl: `${jenkins.url}/meanwhile`,
        });
        await serin.mendDatabase();
        assert.equal(status, 503, 'whoever asks meanwhile asks again');
        // A look under way when the database went holds its lease for a minute and a half.
        await until('the verdict', 150_000, () =>
          jenkins.received.some(
            ({ body }) => /"version":"outage"/.test(body) && /"verdict":"fail"/.test(body),
          ),
        );
      });

      it('is refused with a wrong token and for a service nobody configured, and told nothing later', async () => {
        const { serin, jenkins } = place();
        const callbackUrl = `${jenkins.url}/refused`;
        const body = { service: 'checkout', environment: 'production', key: 'refused', callbackUrl };
        const wrong = await callJson(`${serin.url}/v1/analyses`, { token: 'serin-wrong-0123456789', body });
        assert.equal(wrong.status, 401);
        const unknown = await start({ service: 'cart', key: 'refused', callbackUrl });
        assert.equal(unknown.status, 400);
        assert.match(JSON.stringify(unknown.body), /configured are checkout/);
      });

      it('is refused addresses that the configuration does not allow, and nothing is started', async () => {
        for (const callbackUrl of [
          'https://evil.example/x',
          'http://127.0.0.1:1/x',
          'http://ci.example.com/x',
          'https://169.254.169.254/latest/meta-data',
          'nonsense',
        ]) {
          const { status, body } = await start({ key: 'refused', callbackUrl });
          const { code, errors } = body as { code: string; errors: { path: string }[] };
          assert.deepEqual(
            [status, code, errors[0]?.path],
            [400, 'invalid_input', 'callbackUrl'],
            callbackUrl,
          );
        }
        const headers = await start({
          key: 'refused',
          callbackUrl: 'https://ci.example.com/x',
          callbackHeaders: { Host: 'x' },
        });
        assert.equal(headers.status, 400);
        const alone = await start({ key: 'refused', callbackHeaders: { 'X-A': 'b' } });
        assert.equal(alone.status, 400);
        const { body } = await callJson(`${place().serin.url}/v1/analyses?limit=50`, { token: admin });
        assert.ok((body as { items: Analysis[] }).items.every(({ key }) => key !== 'refused'));
      });
    });
});
