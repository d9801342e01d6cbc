import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { type ErrorCode, SerinError } from '../../src/errors.ts';
import type { Provider, QueryRequest } from '../../src/metrics/provider.ts';
import { type Backend, breakOff, dropConnection, hang, type Reply, sendText } from './backend.ts';

/** What the tests of a contract share. */
type Means = {
  readonly create: (timeoutMs?: number) => Provider;
  readonly request: (over?: Partial<QueryRequest>) => QueryRequest;
  readonly failure: (promise: Promise<unknown>) => Promise<SerinError>;
  readonly server: () => Backend;
};

type Replies = { readonly full: Reply; readonly malformed: Readonly<Record<string, Reply>> };

/** Which code each status other than 2xx has. */
function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return 'provider_unauthorized';
  if (status === 429) return 'provider_throttled';
  return status >= 500 ? 'provider_failed' : 'provider_rejected';
}

function codeOf(error: unknown): string {
  return error instanceof SerinError ? error.code : inspect(error);
}

/** The same answer with another status. */
function withStatus(status: number, reply: Reply): Reply {
  return (response, received) => {
    response.writeHead = new Proxy(response.writeHead, {
      apply: (write, self, [, headers]) => Reflect.apply(write, self, [status, headers]),
    });
    reply(response, received);
  };
}

/** What a provider must make of the answers of its backend, whichever way it is asked. */
export function testBackendContract(
  method: 'fetch' | 'fetchMembers',
  { full, malformed }: Replies,
  secrets: readonly string[],
  { create, request, failure, server }: Means,
): void {
  for (const hundred of [300, 400, 500]) {
    it(`gives each status from ${hundred} to ${hundred + 99} its code`, async () => {
      const provider = create();
      for (let status = hundred; status < hundred + 100; status += 1) {
        server().answer(sendText(status, 'no'));

        assert.equal((await failure(provider[method](request()))).code, codeOfStatus(status), String(status));
      }
    });
  }

  it('reads the body whatever 2xx status it came with, but for those that have none', async () => {
    const provider = create();
    for (let status = 200; status < 300; status += 1) {
      server().answer(withStatus(status, full));
      const outcome = await provider[method](request()).then(() => 'an answer', codeOf);

      assert.equal(outcome, status === 204 ? 'provider_malformed' : 'an answer', String(status));
    }
  });

  for (const [name, reply] of Object.entries({
    ...malformed,
    'an empty body': sendText(200, ''),
    'no content': sendText(204, ''),
    'an HTML page': sendText(200, '<!doctype html><title>Log in</title>'),
    'truncated JSON': sendText(200, '{"status":"success","data":{"resu'),
    'JSON of another kind': sendText(200, '[1,2,3]'),
    'JSON null': sendText(200, 'null'),
    'an answer that breaks off': breakOff,
  })) {
    it(`calls ${name} provider_malformed`, async () => {
      server().answer(reply);

      assert.equal((await failure(create()[method](request()))).code, 'provider_malformed');
    });
  }

  it('rejects promptly when it is stopped on the way', async () => {
    const controller = new AbortController();
    server().answer(() => controller.abort());

    const error = await failure(create()[method](request({ signal: controller.signal })));

    assert.equal(error.code, 'provider_timeout');
  });

  it('gives up at its timeout', async () => {
    server().answer(hang);

    assert.equal((await failure(create(100)[method](request()))).code, 'provider_timeout');
  });

  it('calls a backend that is away provider_unreachable', async () => {
    server().answer(dropConnection);

    assert.equal((await failure(create()[method](request()))).code, 'provider_unreachable');
  });

  it('tells no secret in any error', async () => {
    const echo = secrets.join(' ');
    const bodies = [
      echo,
      `<html>${echo}`,
      JSON.stringify({ status: 'error', errorType: 'internal', error: echo }),
    ];
    const bad = [hang, breakOff, dropConnection, ...Object.values(malformed)];
    for (const status of [200, 302, 400, 401, 403, 404, 429, 500, 503]) {
      const location = `http://login.example/${encodeURIComponent(echo)}`;
      bad.push(...bodies.map((body) => sendText(status, body, { location, 'x-echo': 'a' })));
    }
    for (const reply of bad) {
      server().answer(reply);

      const error = await failure(create(150)[method](request()));

      assertNoSecret(inspect(error, { depth: 20, showHidden: true }), secrets);
      assert.equal(error.cause, undefined);
    }
  });
}

/** Fails where a text holds one of the secrets, in whatever spelling. */
export function assertNoSecret(text: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
      assert.ok(!text.includes(form), `found ${form} in ${text}`);
    }
  }
}
