import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type Delivery, type Scheme, schemes, verifyWebhook } from '../../src/auth/webhook.ts';

const now = Date.UTC(2026, 0, 1);
const seconds = String(now / 1000);
const rawBody = Buffer.from('{"a":"ü"}');
const secrets = ['the new secret', 'the old secret'];

type Headers = Delivery['headers'];

function verify(scheme: Scheme, headers: Headers, changes: Partial<Delivery> = {}) {
  return verifyWebhook(scheme, { secrets, headers, rawBody, now, ...changes });
}

function hex(secret: string, ...parts: readonly (string | Buffer)[]): string {
  const mac = createHmac('sha256', secret);
  for (const part of parts) mac.update(part);
  return mac.digest('hex');
}

function base64(key: string | Buffer, text: string): string {
  return createHmac('sha256', key).update(text).update(rawBody).digest('base64');
}

type Case = {
  /** What a sender with this secret sends. */
  readonly sign: (secret: string) => Headers;
  readonly deliveryId: string | null;
  /** The header that holds the proof, and something there that is no proof of this scheme. */
  readonly header: string;
  readonly malformed: string | null;
};

const cases: Readonly<Record<Scheme, Case>> = {
  github: {
    sign: (secret) => ({
      'x-hub-signature-256': `sha256=${hex(secret, rawBody)}`,
      'x-github-delivery': 'd-1',
    }),
    deliveryId: 'd-1',
    header: 'x-hub-signature-256',
    malformed: `sha1=${'0'.repeat(40)}`,
  },
  pagerduty: {
    sign: (secret) => ({
      'x-pagerduty-signature': `v1=${'0'.repeat(64)},v1=${hex(secret, rawBody)}`,
      'x-webhook-id': 'w-1',
    }),
    deliveryId: 'w-1',
    header: 'x-pagerduty-signature',
    malformed: 'v2=abc',
  },
  'standard-webhooks': {
    sign: (secret) => ({
      'webhook-id': 'msg_1',
      'webhook-timestamp': seconds,
      'webhook-signature': `v1a,xyz v1,${base64(secret, `msg_1.${seconds}.`)}`,
    }),
    deliveryId: 'msg_1',
    header: 'webhook-signature',
    malformed: 'v2,abc',
  },
  'hex-hmac': {
    sign: (secret) => ({ 'x-hub-signature': `sha256=${hex(secret, rawBody)}` }),
    deliveryId: null,
    header: 'x-hub-signature',
    malformed: 'sha256=xyz',
  },
  'timestamped-hex-hmac': {
    sign: (secret) => ({
      'x-grafana-alerting-signature': hex(secret, `${seconds}:`, rawBody),
      'x-grafana-alerting-timestamp': seconds,
    }),
    deliveryId: null,
    header: 'x-grafana-alerting-signature',
    malformed: 'xyz',
  },
  'plain-token': {
    sign: (secret) => ({ 'x-gitlab-token': secret, 'x-gitlab-event-uuid': 'e-1' }),
    deliveryId: 'e-1',
    header: 'x-gitlab-token',
    malformed: null,
  },
  bearer: {
    sign: (secret) => ({ authorization: `bearer ${secret.replaceAll(' ', '-')}` }),
    deliveryId: null,
    header: 'authorization',
    malformed: 'Digest abc',
  },
  basic: {
    sign: (secret) => ({ authorization: `Basic ${Buffer.from(`hook:${secret}`).toString('base64')}` }),
    deliveryId: null,
    header: 'authorization',
    malformed: `Basic ${Buffer.from('nocolon').toString('base64')}`,
  },
};

for (const scheme of schemes) {
  describe(`verifyWebhook of ${scheme}`, () => {
    const { sign, deliveryId, header, malformed } = cases[scheme];
    const known = { secrets: scheme === 'bearer' ? secrets.map((one) => one.replaceAll(' ', '-')) : secrets };

    it('takes what is signed with either secret of a rotation, and names the delivery', () => {
      for (const secret of secrets)
        assert.deepEqual(verify(scheme, sign(secret), known), { ok: true, deliveryId });
    });

    it('refuses another secret, no secret at all, and an empty one that was never configured', () => {
      for (const secret of ['another secret', 'the new secre', 'the new secret!'])
        assert.deepEqual(verify(scheme, sign(secret), known), { ok: false, reason: 'mismatch' });
      const right = sign(secrets[0] ?? '');
      assert.deepEqual(verify(scheme, right, { secrets: [] }), { ok: false, reason: 'mismatch' });
    });

    it('refuses what lacks the header, has it empty or several times', () => {
      const right = sign(secrets[0] ?? '');
      for (const value of [undefined, '', [String(right[header])]])
        assert.deepEqual(verify(scheme, { ...right, [header]: value }, known), {
          ok: false,
          reason: 'missing',
        });
    });

    if (malformed !== null)
      it('refuses what is no proof of this kind', () => {
        const headers = { ...sign(secrets[0] ?? ''), [header]: malformed };
        assert.deepEqual(verify(scheme, headers, known), { ok: false, reason: 'malformed' });
      });

    if (!['plain-token', 'bearer', 'basic'].includes(scheme))
      it('refuses a body of which a byte was changed', () => {
        const changed = { ...known, rawBody: Buffer.from('{"a":"u"}') };
        assert.deepEqual(verify(scheme, sign(secrets[0] ?? ''), changed), { ok: false, reason: 'mismatch' });
      });

    if (scheme === 'standard-webhooks' || scheme === 'timestamped-hex-hmac')
      it('refuses what is older than 5 minutes or as far in the future, and a time that is none', () => {
        const right = sign(secrets[0] ?? '');
        for (const off of [-300_000, 300_000])
          assert.equal(verify(scheme, right, { now: now + off }).ok, true);
        for (const off of [-300_001, 300_001])
          assert.deepEqual(verify(scheme, right, { now: now + off }), { ok: false, reason: 'stale' });
        assert.deepEqual(verify(scheme, right, { now: now + 61_000, tolerance: 60_000 }), {
          ok: false,
          reason: 'stale',
        });
        const time = Object.keys(right).find((name) => name.endsWith('timestamp')) ?? '';
        for (const wrong of ['yesterday', '-1', '1e9', '99999999999999'])
          assert.deepEqual(verify(scheme, { ...right, [time]: wrong }), { ok: false, reason: 'malformed' });
      });
  });
}

describe('verifyWebhook and what senders document', () => {
  it("agrees with GitHub's own example", () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const delivery = { secrets: ["It's a Secret to Everybody"], rawBody: Buffer.from('Hello, World!'), now };
    const headers = { 'x-hub-signature-256': signature };
    assert.deepEqual(verifyWebhook('github', { ...delivery, headers }), { ok: true, deliveryId: null });
  });

  it('reads a Standard Webhooks secret whsec_… as the bytes it stands for', () => {
    const key = Buffer.alloc(24, 7);
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${base64(key, `msg_1.${seconds}.`)}`,
    };
    const whsec = { secrets: [`whsec_${key.toString('base64')}`] };
    assert.deepEqual(verify('standard-webhooks', headers, whsec), { ok: true, deliveryId: 'msg_1' });
    assert.equal(verify('standard-webhooks', { ...headers, 'webhook-id': 'msg_2' }, whsec).ok, false);
  });

  it('reads signatures from the header that the sender was told to use', () => {
    const signed = { 'x-my-signature': hex('the old secret', rawBody) };
    assert.equal(verify('hex-hmac', signed, { header: 'X-My-Signature' }).ok, true);
    const milliseconds = { 'x-sig': hex('the old secret', `${now}:`, rawBody), 'x-time': String(now) };
    const named = { header: 'X-Sig', timestampHeader: 'X-Time' };
    assert.equal(verify('timestamped-hex-hmac', milliseconds, named).ok, true);
  });

  it('takes user and password of basic as one secret, too', () => {
    const authorization = `Basic ${Buffer.from('hook:pass:word').toString('base64')}`;
    for (const secret of ['hook:pass:word', 'pass:word'])
      assert.equal(verify('basic', { authorization }, { secrets: [secret] }).ok, true);
  });
});
