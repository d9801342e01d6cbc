import { createHmac, timingSafeEqual } from 'node:crypto';

export const schemes = [
  'github',
  'pagerduty',
  'standard-webhooks',
  'hex-hmac',
  'timestamped-hex-hmac',
  'plain-token',
  'bearer',
  'basic',
] as const;

/**
 * How a webhook proves who sent it.
 *
 * - `github`: `X-Hub-Signature-256: sha256=<hex>` over the body; the delivery is `X-GitHub-Delivery`.
 * - `pagerduty`: `X-PagerDuty-Signature: v1=<hex>,v1=<hex>`, any of which may match; the delivery is `X-Webhook-Id`.
 * - `standard-webhooks`: `webhook-signature: v1,<base64>` over `<webhook-id>.<webhook-timestamp>.<body>`.
 * - `hex-hmac`: hex over the body in a header, with or without `sha256=` (Grafana, Jira, FireHydrant).
 * - `timestamped-hex-hmac`: hex over `<timestamp>:<body>` and the timestamp, in two headers (Grafana).
 * - `plain-token`: the secret itself in a header (`X-Gitlab-Token`).
 * - `bearer`, `basic`: the secret in `Authorization`; of `basic` the password, or `<user>:<password>` as a whole.
 */
export type Scheme = (typeof schemes)[number];

export type Delivery = {
  /** All that are valid now: several while one takes over from another. None: nothing is ever right. */
  readonly secrets: readonly string[];
  /** As Node gives them: names in small letters. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body's bytes as they came. */
  readonly rawBody: Buffer;
  /** Milliseconds. */
  readonly now: number;
  /** Name of the header with the signature, where the sender lets one choose it. */
  readonly header?: string | undefined;
  /** Name of the header with the time, for `timestamped-hex-hmac`. */
  readonly timestampHeader?: string | undefined;
  /** How far the timestamp may lie off, milliseconds. */
  readonly tolerance?: number | undefined;
};

/** `deliveryId` is what the sender calls this delivery, for it to be taken once; `null` where it has no name. */
export type Verification =
  | { readonly ok: true; readonly deliveryId: string | null }
  | { readonly ok: false; readonly reason: 'missing' | 'malformed' | 'stale' | 'mismatch' };

type Failure = Extract<Verification, { readonly ok: false }>;
type Read = (name: string) => string | null;

const usualTolerance = 300_000;
const hexDigest = /^[0-9a-f]{64}$/i;

function fail(reason: Failure['reason']): Failure {
  return { ok: false, reason };
}

/** Compares digests of both, so that neither contents nor lengths tell by the time it takes. */
function isSame(left: Buffer | string, right: Buffer | string): boolean {
  const digest = (value: Buffer | string): Buffer => createHmac('sha256', 'serin').update(value).digest();
  return timingSafeEqual(digest(left), digest(right));
}

/** Tries every pair, whether an earlier one matched or not. */
function anyPair(
  secrets: readonly string[],
  given: readonly string[],
  matches: (secret: string, one: string) => boolean,
): boolean {
  return secrets.flatMap((secret) => given.map((one) => matches(secret, one))).includes(true);
}

function hmac(secret: string | Buffer, parts: readonly (string | Buffer)[]): Buffer {
  const mac = createHmac('sha256', secret);
  for (const part of parts) mac.update(part);
  return mac.digest();
}

/** Checks hexadecimal signatures of `parts`; `null` when one of `given` is right. */
function checkHex(
  { secrets }: Delivery,
  given: readonly string[],
  parts: readonly (string | Buffer)[],
): Failure | null {
  const digests = given.filter((one) => hexDigest.test(one));
  if (digests.length === 0) return fail('malformed');
  const isRight = anyPair(secrets, digests, (secret, one) =>
    isSame(hmac(secret, parts), Buffer.from(one, 'hex')),
  );
  return isRight ? null : fail('mismatch');
}

/** Seconds or milliseconds since the epoch; `null` when it lies within the tolerance. */
function checkAge(text: string, { now, tolerance = usualTolerance }: Delivery): Failure | null {
  if (!/^\d{1,13}$/.test(text)) return fail('malformed');
  const at = Number(text) * (text.length > 11 ? 1 : 1000);
  return Math.abs(now - at) > tolerance ? fail('stale') : null;
}

function done(failure: Failure | null, deliveryId: string | null): Verification {
  return failure ?? { ok: true, deliveryId };
}

function verifyGithub(delivery: Delivery, read: Read): Verification {
  const signature = read('x-hub-signature-256');
  if (signature === null) return fail('missing');
  if (!signature.startsWith('sha256=')) return fail('malformed');
  return done(checkHex(delivery, [signature.slice(7)], [delivery.rawBody]), read('x-github-delivery'));
}

function verifyPagerduty(delivery: Delivery, read: Read): Verification {
  const signature = read('x-pagerduty-signature');
  if (signature === null) return fail('missing');
  const given = signature.split(',').flatMap((one) => /^v1=(.+)$/.exec(one.trim())?.[1] ?? []);
  return done(checkHex(delivery, given, [delivery.rawBody]), read('x-webhook-id'));
}

/** A secret `whsec_<base64>` stands for its bytes, any other for its characters. */
function standardKey(secret: string): string | Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
}

/** https://www.standardwebhooks.com, "Signature scheme"; several signatures are divided by spaces. */
function verifyStandard(delivery: Delivery, read: Read): Verification {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(read);
  if (!id || !timestamp || !signature) return fail('missing');
  const given = signature.split(' ').flatMap((one) => /^v1,([A-Za-z0-9+/]{43}=)$/.exec(one)?.[1] ?? []);
  if (given.length === 0) return fail('malformed');
  const late = checkAge(timestamp, delivery);
  if (late !== null) return late;
  const isRight = anyPair(delivery.secrets, given, (secret, one) =>
    isSame(hmac(standardKey(secret), [`${id}.${timestamp}.`, delivery.rawBody]), Buffer.from(one, 'base64')),
  );
  return done(isRight ? null : fail('mismatch'), id);
}

function verifyHex(delivery: Delivery, read: Read): Verification {
  const signature = read(delivery.header ?? 'x-hub-signature');
  if (signature === null) return fail('missing');
  return done(
    checkHex(delivery, [signature.replace(/^sha256=/, '')], [delivery.rawBody]),
    read('x-atlassian-webhook-identifier'),
  );
}

/** https://grafana.com/docs/grafana/latest/alerting/, "Webhook notifier", HMAC signature with a timestamp. */
function verifyTimestamped(delivery: Delivery, read: Read): Verification {
  const signature = read(delivery.header ?? 'x-grafana-alerting-signature');
  const timestamp = read(delivery.timestampHeader ?? 'x-grafana-alerting-timestamp');
  if (signature === null || timestamp === null) return fail('missing');
  const late = checkAge(timestamp, delivery);
  if (late !== null) return late;
  return done(checkHex(delivery, [signature], [`${timestamp}:`, delivery.rawBody]), null);
}

function checkSecret({ secrets }: Delivery, given: string): Failure | null {
  return anyPair(secrets, [given], isSame) ? null : fail('mismatch');
}

function verifyPlain(delivery: Delivery, read: Read): Verification {
  const given = read(delivery.header ?? 'x-gitlab-token');
  return given === null ? fail('missing') : done(checkSecret(delivery, given), read('x-gitlab-event-uuid'));
}

function verifyAuthorization(scheme: 'bearer' | 'basic', delivery: Delivery, read: Read): Verification {
  const header = read('authorization');
  if (header === null) return fail('missing');
  const [, found = '', value = ''] = /^(\S+) +(\S+)$/.exec(header) ?? [];
  if (found.toLowerCase() !== scheme) return fail('malformed');
  if (scheme === 'bearer') return done(checkSecret(delivery, value), null);
  const pair = Buffer.from(value, 'base64').toString();
  const colon = pair.indexOf(':');
  if (colon < 0) return fail('malformed');
  const isRight = anyPair(delivery.secrets, [pair, pair.slice(colon + 1)], isSame);
  return done(isRight ? null : fail('mismatch'), null);
}

/**
 * Whether a delivery was sent by somebody who knows one of the secrets. Pure: the time comes as an argument, and
 * whether the delivery came before is for the caller to ask (`deliveries.remember`).
 */
export function verifyWebhook(scheme: Scheme, delivery: Delivery): Verification {
  const read: Read = (name) => {
    const value = delivery.headers[name.toLowerCase()];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  switch (scheme) {
    case 'github':
      return verifyGithub(delivery, read);
    case 'pagerduty':
      return verifyPagerduty(delivery, read);
    case 'standard-webhooks':
      return verifyStandard(delivery, read);
    case 'hex-hmac':
      return verifyHex(delivery, read);
    case 'timestamped-hex-hmac':
      return verifyTimestamped(delivery, read);
    case 'plain-token':
      return verifyPlain(delivery, read);
    case 'bearer':
    case 'basic':
      return verifyAuthorization(scheme, delivery, read);
  }
}
