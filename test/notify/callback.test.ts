import assert from 'node:assert/strict';
import type { lookup as resolve } from 'node:dns';
import { verifyWebhook } from '../../src/auth/webhook.ts';
import { createCallbackChannel } from '../../src/notify/callback/index.ts';
import { guardLookup } from '../../src/notify/callback/post.ts';
import { callbacksSchema } from '../../src/notify/callback-config.ts';
import { callbackFaults, createReach } from '../../src/notify/callback-reach.ts';
import { parseWith } from '../../src/parse.ts';
import { makeTaken } from '../support/outbox.ts';
import { type Receiver, startReceiver } from '../support/receiver.ts';

const secret = 'a-secret-of-the-house';
const now = Date.parse('2026-11-23T10:30:00Z');
const analysis = {
  id: 'a-1',
  key: 'k',
  service: 'checkout',
  environment: 'production',
  target: null,
  version: 'v2',
  changeId: 'c-1',
  dryRun: false,
  verdict: 'fail',
  judgedVerdict: 'fail',
  score: 0,
  reason: 'errors rose',
  findings: [{ metric: 'errors', verdict: 'fail' }],
};
const { signal } = new AbortController();

describe('the channel of callbacks', () => {
  let receiver: Receiver | null = null;
  afterEach(async () => {
    await receiver?.close();
    receiver = null;
  });

  const listen = async (
    statuses: readonly number[],
    headers: Record<string, string> = {},
  ): Promise<Receiver> => {
    receiver = await startReceiver(statuses, headers);
    return receiver;
  };
  const make = (allow: readonly string[], secrets: readonly string[] = [secret]) =>
    createCallbackChannel({
      config: () => ({ allow: [...allow], secrets: [...secrets] }),
      now: () => now,
      publicUrl: 'https://serin.example',
    });
  const message = (url: string, changes: object = {}, headers: Record<string, string> = {}) =>
    makeTaken({ id: 'm-1', payload: { data: { url, headers }, analysis: { ...analysis, ...changes } } });

  it('posts the verdict, signed by the rules of Standard Webhooks', async () => {
    const { url, received } = await listen([200]);
    const found = await make([new URL(url).host]).send(message(`${url}/hook?x=1`), signal);

    assert.deepEqual(found, { outcome: 'delivered' });
    assert.equal(received.length, 1);
    const { headers, body } = received[0]!;
    const delivery = { secrets: [secret], headers, rawBody: Buffer.from(body), now };
    assert.deepEqual(verifyWebhook('standard-webhooks', delivery), { ok: true, deliveryId: 'm-1' });
    assert.deepEqual(JSON.parse(body), {
      type: 'analysis.concluded',
      verdict: 'fail',
      judgedVerdict: 'fail',
      dryRun: false,
      score: 0,
      reason: 'errors rose',
      analysisId: 'a-1',
      changeId: 'c-1',
      service: 'checkout',
      environment: 'production',
      target: null,
      version: 'v2',
      reportUrl: 'https://serin.example/analyses/a-1',
      findings: [{ metric: 'errors', verdict: 'fail' }],
    });
  });

  it('sends the literal Authorization of the webhook-step plugin, and lets no header of a caller replace its own', async () => {
    const { url, received } = await listen([202]);
    const headers = { Authorization: 'a literal token', 'X-Build': '7' };
    await make([new URL(url).host]).send(message(url, {}, headers), signal);

    assert.equal(received[0]?.headers.authorization, 'a literal token');
    assert.equal(received[0]?.headers['x-build'], '7');
    assert.equal(received[0]?.headers['content-type'], 'application/json');
  });

  it('tells that a dry run passes, and beside it what the judge said', async () => {
    const { url, received } = await listen([200]);
    await make([new URL(url).host]).send(message(url, { dryRun: true }), signal);
    const { verdict, judgedVerdict } = JSON.parse(received[0]?.body ?? '') as Record<string, string>;
    assert.deepEqual([verdict, judgedVerdict], ['pass', 'fail']);
  });

  it('tries again what may work later, under the same name', async () => {
    const { url, received } = await listen([503, 429, 0, 200], { 'retry-after': '7' });
    const channel = make([new URL(url).host]);
    const outcomes = [];
    for (let attempt = 0; attempt < 4; attempt += 1) outcomes.push(await channel.send(message(url), signal));

    assert.deepEqual(outcomes.slice(0, 2), [
      { outcome: 'retry', reason: 'the receiver answered 503', retryAfter: 7_000 },
      { outcome: 'retry', reason: 'the receiver answered 429', retryAfter: 7_000 },
    ]);
    assert.equal(outcomes[2]?.outcome, 'retry');
    assert.deepEqual(outcomes[3], { outcome: 'delivered' });
    assert.deepEqual([...new Set(received.map(({ headers }) => headers['webhook-id']))], ['m-1']);
  });

  it('gives up what is refused for good, and follows nobody elsewhere', async () => {
    for (const status of [302, 400, 403, 404, 410]) {
      const { url, received } = await listen([status], { location: 'http://127.0.0.1:1/' });
      const found = await make([new URL(url).host]).send(message(url), signal);
      assert.deepEqual(found, { outcome: 'refused', reason: `the receiver answered ${status}` });
      assert.equal(received.length, 1);
      await receiver?.close();
    }
  });

  it('sends nothing to a host that is not allowed any more, nor without a secret', async () => {
    const { url, received } = await listen([200]);
    const gone = await make(['ci.example.com']).send(message(url), signal);
    assert.equal(gone.outcome, 'refused');
    const unsigned = await make([new URL(url).host], []).send(message(url), signal);
    assert.equal(unsigned.outcome, 'refused');
    assert.equal(received.length, 0);
  });

  it('sends nothing to a name that stands for this machine', async () => {
    const { url, received } = await listen([200]);
    const { port } = new URL(url);
    const found = await make([`localhost:${port}`]).send(message(`http://localhost:${port}/`), signal);
    assert.ok(found.outcome === 'refused');
    assert.match(found.reason, /localhost stands for an address that is not public/);
    const meant = await make([`localhost:${port}`, '127.0.0.0/8']).send(
      message(`http://localhost:${port}/`),
      signal,
    );
    assert.equal(meant.outcome, 'delivered');
    assert.equal(received.length, 1);
  });

  it('stops when the time is over', async () => {
    const stopped = AbortSignal.abort();
    const { url } = await listen([200]);
    const found = await make([new URL(url).host]).send(message(url), stopped);
    assert.equal(found.outcome, 'retry');
  });

  it('says no secret and no header in its reasons', async () => {
    const { url } = await listen([500]);
    const found = await make([new URL(url).host]).send(
      message(url, {}, { Authorization: 'top-secret' }),
      signal,
    );
    assert.doesNotMatch(JSON.stringify(found), /top-secret|a-secret-of-the-house/);
  });

  it('gives up a message that is none of a callback', async () => {
    const found = await make([]).send(makeTaken({ payload: { nothing: true } }), signal);
    assert.equal(found.outcome, 'refused');
  });
});

describe('the reach of callbacks', () => {
  const answer = (addresses: readonly string[]): typeof resolve =>
    ((_name: string, _options: object, callback: (error: null, found: object[]) => void) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )) as unknown as typeof resolve;
  const look = (addresses: readonly string[], allow: readonly string[], all: boolean): Promise<unknown> =>
    new Promise((settle, reject) => {
      guardLookup(createReach(allow), answer(addresses))('ci.example.com', { all }, (error, found) =>
        error === null ? settle(found) : reject(error),
      );
    });

  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::ffff:7f00:1',
    '64:ff9b::7f00:1',
  ])
    it(`does not hold ${address}, whatever name stands for it`, async () => {
      assert.equal(createReach(['ci.example.com']).admits(address), false);
      await assert.rejects(look([address], ['ci.example.com'], true), /stands for an address/);
    });

  it('holds public addresses, and private ones of a network that is allowed', async () => {
    assert.equal(createReach([]).admits('93.184.216.34'), true);
    assert.equal(createReach([]).admits('2606:4700::1111'), true);
    assert.equal(createReach(['10.20.0.0/16']).admits('10.20.9.9'), true);
    assert.equal(createReach(['10.20.0.0/16']).admits('10.21.0.1'), false);
    assert.equal(createReach([]).admits('nonsense'), false);
  });

  it('connects to the very addresses that were looked at', async () => {
    assert.deepEqual(await look(['10.0.0.1', '93.184.216.34'], [], true), [
      { address: '93.184.216.34', family: 4 },
    ]);
    assert.equal(await look(['10.0.0.1', '93.184.216.34'], [], false), '93.184.216.34');
  });

  const faults = (
    url: string,
    headers: Record<string, string> = {},
    allow: readonly string[] = ['ci.example.com'],
  ) => callbackFaults({ url, headers }, allow).map(({ path, message }) => `${path}: ${message}`);

  it('is empty by default, and says where it is told', () => {
    const [fault = ''] = faults('https://ci.example.com/', {}, []);
    assert.match(fault, /^callbackUrl: .*ci\.example\.com.*of which there are none.*callbacks\.allow/);
  });

  it('holds https alone, on the port that is listed, without a user', () => {
    assert.deepEqual(faults('https://ci.example.com/x'), []);
    for (const url of [
      'http://ci.example.com/',
      'https://ci.example.com:8443/',
      'https://u:p@ci.example.com/',
      'https://ci.example.com.evil.example/',
      'https://127.0.0.1/',
      'file:///etc/passwd',
      'nonsense',
    ])
      assert.equal(faults(url).length, 1, url);
  });

  it('lets callers send Authorization and headers of their own, and none that steers the request', () => {
    assert.deepEqual(faults('https://ci.example.com/', { Authorization: 'x', 'X-A': 'y' }), []);
    for (const name of [
      'Host',
      'Content-Length',
      'Transfer-Encoding',
      'webhook-signature',
      'Cookie',
      'x-\r\nHost',
    ])
      assert.equal(faults('https://ci.example.com/', { [name]: 'x' }).length, 1, name);
    assert.equal(faults('https://ci.example.com/', { Authorization: 'a\r\nHost: b' }).length, 1);
  });

  it('is refused in the configuration without a secret, and with what is no host', () => {
    const read = (section: object) => parseWith(callbacksSchema, section, ['callbacks']);
    assert.throws(() => read({ allow: ['ci.example.com'] }), /callbacks\.secrets: is empty/);
    assert.throws(() => read({ allow: ['https://ci.example.com'], secrets: [secret] }), /callbacks\.allow/);
    assert.throws(() => read({ allow: ['10.0.0.0/33'], secrets: [secret] }), /callbacks\.allow/);
    assert.deepEqual(
      read({ allow: ['*.ci.example.com', 'fd00::/8', '127.0.0.1:80'], secrets: [secret] }).allow.length,
      3,
    );
    assert.deepEqual(read({}), { allow: [], secrets: [] });
  });
});
