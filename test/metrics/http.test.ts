import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { type ErrorCode, SerinError } from '../../src/errors.ts';
import { createHttpClient, type ProviderDeps, type RequestEvent } from '../../src/metrics/http.ts';
import {
  type Backend,
  breakOff,
  dropConnection,
  hang,
  type Reply,
  sendJson,
  sendText,
  startBackend,
} from './backend.ts';

type Options = Partial<Parameters<typeof createHttpClient>[0]>;

const token = 'tok-3nV"e+r/y=secret';
const password = 'p&ss w0rd+secret';

function fixture(name: string): string {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8');
}

function explain(body: unknown): string | null {
  return typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : null;
}

describe('createHttpClient(options, deps)', () => {
  let backend: Backend;
  let events: RequestEvent[];
  let waits: number[];
  const clients: { close(): void }[] = [];

  const deps = (): ProviderDeps => ({
    random: () => 0.5,
    onRequest: (event) => events.push(event),
    sleep: async (milliseconds) => {
      waits.push(milliseconds);
    },
  });
  const create = (options: Options = {}) => {
    const client = createHttpClient(
      { title: 'prometheus "main"', name: 'main', url: backend.url, timeout: 5000, explain, ...options },
      deps(),
    );
    clients.push(client);
    return client;
  };
  const get = (options: Options = {}, signal = new AbortController().signal) =>
    create(options).json({ method: 'GET', path: '/api', params: { q: 'a+b c&d' }, signal });
  const failure = async (promise: Promise<unknown>, code: ErrorCode): Promise<SerinError> => {
    const error = await promise.then(
      (value) => assert.fail(`resolved with ${inspect(value)}`),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof SerinError, inspect(error));
    assert.equal(error.code, code, error.message);
    return error;
  };

  before(async () => {
    backend = await startBackend();
  });
  after(() => backend.close());
  beforeEach(() => {
    events = [];
    waits = [];
    backend.requests.length = 0;
    backend.answer(sendJson(200, { fine: true }));
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });

  describe('asking', () => {
    it('puts params into the address of a GET', async () => {
      assert.deepEqual(await get(), { fine: true });

      assert.equal(backend.requests[0]?.method, 'GET');
      assert.equal(backend.requests[0]?.params.get('q'), 'a+b c&d');
    });

    it('puts params as a form into a POST', async () => {
      const { signal } = new AbortController();

      await create().json({ method: 'POST', path: '/api', params: { q: 'é+"' }, signal });

      assert.equal(backend.requests[0]?.headers['content-type'], 'application/x-www-form-urlencoded');
      assert.equal(backend.requests[0]?.params.get('q'), 'é+"');
    });

    for (const prefix of ['/prometheus', '/prometheus/']) {
      it(`takes the path of the url ${prefix} as a prefix`, async () => {
        await get({ url: `${backend.url}${prefix}` });

        assert.equal(backend.requests[0]?.path, '/prometheus/api');
      });
    }

    it('sends a bearer token', async () => {
      await get({ auth: { bearer: token } });

      assert.equal(backend.requests[0]?.headers.authorization, `Bearer ${token}`);
    });

    it('sends basic credentials', async () => {
      await get({ auth: { basic: { username: 'ü', password } } });

      const encoded = backend.requests[0]?.headers.authorization?.replace('Basic ', '') ?? '';
      assert.equal(Buffer.from(encoded, 'base64').toString(), `ü:${password}`);
    });

    it('sends custom headers, and no credentials when there are none', async () => {
      await get({ headers: { 'X-Scope-OrgID': 'shop' } });

      assert.equal(backend.requests[0]?.headers['x-scope-orgid'], 'shop');
      assert.equal(backend.requests[0]?.headers.authorization, undefined);
    });

    it('asks no proxy that the environment names', async () => {
      const before = process.env['http_proxy'];
      process.env['http_proxy'] = 'http://127.0.0.1:1';
      try {
        assert.deepEqual(await get(), { fine: true });
      } finally {
        if (before === undefined) delete process.env['http_proxy'];
        else process.env['http_proxy'] = before;
      }
    });

    it('keeps the connection for the next request', async () => {
      const ports = new Set<number | undefined>();
      backend.answer((response, request) => {
        ports.add(response.socket?.remotePort);
        sendJson(200, {})(response, request);
      });
      const client = create();
      const { signal } = new AbortController();

      for (let count = 0; count < 3; count += 1)
        await client.json({ method: 'GET', path: '/', params: {}, signal });

      assert.equal(ports.size, 1);
    });

    it('tells the observer of each attempt, its outcome and seconds', async () => {
      backend.answer(sendText(503, ''), sendJson(200, {}));

      await get();

      assert.deepEqual(
        events.map(({ provider, outcome }) => [provider, outcome]),
        [
          ['main', 'provider_failed'],
          ['main', 'ok'],
        ],
      );
      for (const { seconds } of events) assert.ok(seconds > 0 && seconds < 5);
    });
  });

  describe('over TLS', () => {
    let secure: Backend;
    before(async () => {
      secure = await startBackend({
        key: fixture('loopback-key.pem'),
        cert: fixture('loopback-certificate.pem'),
      });
    });
    after(() => secure.close());

    it('trusts a configured authority', async () => {
      assert.deepEqual(await get({ url: secure.url, ca: fixture('loopback-certificate.pem') }), {});
    });

    it('refuses an unknown authority at once and advises `ca`', async () => {
      const error = await failure(get({ url: secure.url }), 'provider_unreachable');

      assert.match(error.message, /\(DEPTH_ZERO_SELF_SIGNED_CERT\).*`ca`/);
      assert.equal(events.length, 1);
    });
  });

  describe('retries', () => {
    for (const status of [500, 502, 503, 504, 429]) {
      it(`asks up to three times after ${status}`, async () => {
        backend.answer(sendText(status, ''), sendText(status, ''), sendJson(200, { third: true }));

        assert.deepEqual(await get(), { third: true });
        assert.equal(backend.requests.length, 3);
      });
    }

    it('gives up after the third', async () => {
      backend.answer(sendText(503, 'overloaded'));

      const error = await failure(get(), 'provider_failed');

      assert.equal(error.message, `prometheus "main" at ${backend.host} answered 503: overloaded`);
      assert.equal(backend.requests.length, 3);
    });

    it('waits a random share of a doubling time', async () => {
      backend.answer(sendText(503, ''));

      await failure(get(), 'provider_failed');

      assert.deepEqual(waits, [125, 250]);
    });

    for (const status of [400, 401, 404, 422, 501, 505]) {
      it(`does not ask again after ${status}`, async () => {
        backend.answer(sendText(status, ''));

        await get().catch(() => {});

        assert.equal(backend.requests.length, 1);
      });
    }

    for (const [name, reply] of [
      ['a dropped connection', dropConnection],
      ['an answer that broke off', breakOff],
    ] as const) {
      it(`asks again after ${name}`, async () => {
        backend.answer(reply, sendJson(200, { second: true }));

        assert.deepEqual(await get(), { second: true });
      });
    }

    it('waits as long as Retry-After asks, in seconds', async () => {
      backend.answer(sendText(429, '', { 'retry-after': '2' }), sendJson(200, {}));

      await get();

      assert.deepEqual(waits, [2000]);
    });

    it('waits until the date of Retry-After, by the backend’s own clock', async () => {
      const headers = {
        date: 'Mon, 01 Jan 2024 00:00:00 GMT',
        'retry-after': 'Mon, 01 Jan 2024 00:00:03 GMT',
      };
      backend.answer(sendText(503, '', headers), sendJson(200, {}));

      await get();

      assert.deepEqual(waits, [3000]);
    });

    it('gives up at once when Retry-After lies beyond the deadline', async () => {
      backend.answer(sendText(429, 'slow down', { 'retry-after': '60' }));

      const error = await failure(get(), 'provider_throttled');

      assert.match(error.message, /answered 429: slow down/);
      assert.deepEqual(waits, []);
    });
  });

  describe('the deadline', () => {
    it('ends a request that is not answered', async () => {
      backend.answer(hang);

      const error = await failure(get({ timeout: 100 }), 'provider_timeout');

      assert.equal(error.message, `prometheus "main" at ${backend.host} did not answer within 100ms`);
      assert.equal(events.at(-1)?.outcome, 'provider_timeout');
    });

    it('ends an answer that never ends', async () => {
      backend.answer((response) => {
        response.writeHead(200);
        response.write('{');
      });

      await failure(get({ timeout: 100 }), 'provider_timeout');

      assert.deepEqual(
        events.map(({ outcome }) => outcome),
        ['provider_timeout'],
      );
    });

    it('covers all attempts and the waits between them', async () => {
      backend.answer(sendText(503, ''));
      const client = createHttpClient(
        { title: 'x', name: 'x', url: backend.url, timeout: 200, explain },
        {
          random: () => 0.5,
          sleep: (_, signal) =>
            new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(new Error('aborted')));
            }),
        },
      );
      clients.push(client);
      const { signal } = new AbortController();

      await failure(client.json({ method: 'GET', path: '/', params: {}, signal }), 'provider_timeout');
    });

    it('waits in real time when no other way is given', async () => {
      backend.answer(sendText(503, ''), sendJson(200, { second: true }));
      const client = createHttpClient(
        { title: 'x', name: 'x', url: backend.url, timeout: 5000, explain },
        { random: () => 0.04 },
      );
      clients.push(client);
      const { signal } = new AbortController();

      assert.deepEqual(await client.json({ method: 'GET', path: '/', params: {}, signal }), { second: true });
    });
  });

  describe('an abort by the caller', () => {
    const abortOnArrival =
      (controller: AbortController, reason?: unknown): Reply =>
      () =>
        controller.abort(reason);

    it('rejects with the caller’s own reason when it is a named error', async () => {
      const controller = new AbortController();
      backend.answer(abortOnArrival(controller, new SerinError('shutting_down', 'Serin stops')));

      await failure(get({}, controller.signal), 'shutting_down');
    });

    it('rejects with provider_timeout otherwise', async () => {
      const controller = new AbortController();
      backend.answer(abortOnArrival(controller));

      const error = await failure(get({}, controller.signal), 'provider_timeout');

      assert.match(error.message, /did not answer before the request was stopped/);
      assert.equal(backend.requests.length, 1);
    });

    it('rejects while the body arrives', async () => {
      const controller = new AbortController();
      backend.answer((response) => {
        response.writeHead(200);
        response.write('{', () => controller.abort());
      });

      await failure(get({}, controller.signal), 'provider_timeout');
    });

    it('asks nothing when it came before', async () => {
      await failure(get({}, AbortSignal.abort()), 'provider_timeout');

      assert.equal(backend.requests.length, 0);
    });

    it('leaves no listener on the signal afterwards', async () => {
      const { signal } = new AbortController();
      let listeners = 0;
      const add = signal.addEventListener.bind(signal);
      const remove = signal.removeEventListener.bind(signal);
      signal.addEventListener = (...args: Parameters<typeof add>) => {
        listeners += 1;
        add(...args);
      };
      signal.removeEventListener = (...args: Parameters<typeof remove>) => {
        listeners -= 1;
        remove(...args);
      };

      await get({}, signal);

      assert.equal(listeners, 0);
    });
  });

  describe('what the backend answers', () => {
    it('names the host of a redirect, not its path, and does not follow it', async () => {
      backend.answer(sendText(302, '', { location: 'https://user:pw@login.example/path?state=secret' }));

      const error = await failure(get(), 'provider_rejected');

      assert.match(
        error.message,
        /302, a redirect to login\.example; redirects are not followed, set .*`url`/,
      );
      assert.equal(backend.requests.length, 1);
    });

    it('says of a redirect to itself that the path is another', async () => {
      backend.answer(sendText(301, '', { location: '/prometheus/api' }));

      assert.match(
        (await failure(get(), 'provider_rejected')).message,
        /301, a redirect to another path of it;/,
      );
    });

    it('passes on the backend’s own message in one line, cut to 200 characters', async () => {
      backend.answer(sendJson(400, { error: `parse error:\n${'x'.repeat(500)}` }));

      const { message } = await failure(get(), 'provider_rejected');

      const words = message.split('answered 400: ')[1] ?? '';
      assert.match(words, /^parse error: x+…$/);
      assert.equal(words.length, 200);
    });

    it('quotes no HTML', async () => {
      backend.answer(sendText(404, '<html>not here</html>'));

      const { message } = await failure(get(), 'provider_rejected');

      assert.ok(message.endsWith('answered 404; check the path in the provider’s `url`'), message);
    });

    for (const [name, body, pattern] of [
      ['an empty body', '', /an empty body/],
      ['an HTML page', '<!doctype html><title>Log in</title>', /an HTML page \(a login page\?/],
      ['truncated JSON', '{"status":"succ', /truncated JSON/],
      ['a text', 'OK', /a text where JSON was expected/],
      ['NaN, which JSON has not', 'NaN', /a text where JSON was expected/],
    ] as const) {
      it(`calls ${name} malformed`, async () => {
        backend.answer(sendText(200, body));

        assert.match((await failure(get(), 'provider_malformed')).message, pattern);
        assert.equal(backend.requests.length, 1);
      });
    }

    it('calls an answer that breaks off each time malformed', async () => {
      backend.answer(breakOff);

      assert.match((await failure(get(), 'provider_malformed')).message, /broke off/);
      assert.equal(backend.requests.length, 3);
    });

    it('calls broken compression malformed', async () => {
      backend.answer(sendText(200, 'not gzip', { 'content-encoding': 'gzip' }));

      await failure(get(), 'provider_malformed');
    });

    it('calls what is not HTTP malformed', async () => {
      const tcp = createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n'));
      await new Promise<void>((resolve) => tcp.listen(0, '127.0.0.1', resolve));
      try {
        const url = `http://127.0.0.1:${(tcp.address() as AddressInfo).port}`;
        assert.match((await failure(get({ url }), 'provider_malformed')).message, /does not speak HTTP/);
      } finally {
        tcp.close();
      }
    });

    it('reads compressed JSON', async () => {
      backend.answer(sendText(200, gzipSync('{"zip":1}'), { 'content-encoding': 'gzip' }));
      assert.deepEqual(await get(), { zip: 1 });

      backend.answer(sendText(200, brotliCompressSync('{"zip":2}'), { 'content-encoding': 'br' }));
      assert.deepEqual(await get(), { zip: 2 });
    });

    it('reads a body of exactly the limit and refuses one byte more', async () => {
      const body = JSON.stringify('x'.repeat(98));
      backend.answer(sendText(200, body));

      assert.equal(await get({ maxBytes: 100 }), 'x'.repeat(98));
      await failure(get({ maxBytes: 99 }), 'provider_too_large');
    });

    it('counts compressed bodies as unpacked', async () => {
      const bomb = gzipSync(Buffer.alloc(20 * 1024 * 1024, 0x20));
      backend.answer(sendText(200, bomb, { 'content-encoding': 'gzip' }));

      const error = await failure(get(), 'provider_too_large');

      assert.ok(bomb.length < 100_000);
      assert.match(error.message, /more than 10240 KiB; does the query aggregate/);
    });

    it('stops reading an endless body at the limit', async () => {
      let written = 0;
      backend.answer((response) => {
        response.writeHead(200);
        const chunk = Buffer.alloc(64 * 1024, 0x20);
        const pump = () => {
          while (!response.destroyed && response.write(chunk)) written += chunk.length;
        };
        response.on('drain', pump);
        pump();
      });

      await failure(get({ maxBytes: 256 * 1024 }), 'provider_too_large');

      assert.ok(written < 64 * 1024 * 1024, `${written} bytes`);
    });

    it('reports an error status whatever its body', async () => {
      backend.answer(sendText(400, 'x'.repeat(1000)));

      await failure(get({ maxBytes: 10 }), 'provider_rejected');
    });

    it('says which host refused the connection', async () => {
      const error = await failure(get({ url: 'http://127.0.0.1:1' }), 'provider_unreachable');

      assert.equal(error.message, 'prometheus "main" at 127.0.0.1:1 cannot be reached (ECONNREFUSED)');
      assert.equal(events.length, 3);
    });
  });

  describe('secrets', () => {
    const encoded = Buffer.from(`bob:${password}`).toString('base64');
    const spellings = [
      ...[token, password, 'h3ader-secret', encoded].flatMap((text) => [
        text,
        encodeURIComponent(text),
        JSON.stringify(text).slice(1, -1),
      ]),
    ];
    const echo = spellings.join(' ');
    const replies: Record<string, Reply> = {
      'an error that echoes the request': sendText(400, echo),
      'an error in JSON that echoes the request': sendJson(400, { error: echo }),
      'a refusal': sendText(401, echo),
      'a failure': sendText(503, echo),
      'a page': sendText(200, `<html>${echo}`),
      'a redirect': sendText(302, '', { location: `/?token=${encodeURIComponent(token)}` }),
      'a text': sendText(200, echo),
      'a dropped connection': dropConnection,
      'an answer that broke off': breakOff,
      silence: hang,
    };
    const auths: Options[] = [
      { auth: { bearer: token } },
      { auth: { basic: { username: 'bob', password } } },
    ];
    const strikes = (text: string, { auth }: Options) => {
      const own = auth?.bearer === undefined ? [password, encoded] : [token];
      for (const secret of [...own, 'h3ader-secret']) {
        for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]) {
          assert.ok(!text.includes(form), `found ${form} in ${text}`);
        }
      }
    };

    for (const [name, reply] of Object.entries(replies)) {
      it(`are not in the error of ${name}`, async () => {
        for (const auth of auths) {
          backend.answer(reply);
          const options = { ...auth, headers: { 'X-Api-Key': 'h3ader-secret' }, timeout: 150 };

          const error = await get(options).catch((reason: unknown) => reason);

          strikes(inspect(error, { depth: 20, showHidden: true }), auth);
          assert.equal((error as Error).cause, undefined);
        }
      });
    }

    it('are struck out before a message is cut', async () => {
      backend.answer(sendText(400, `${'x'.repeat(190)}${token}`));

      const { message } = await failure(get({ auth: { bearer: token } }), 'provider_rejected');

      assert.ok(message.endsWith('xx***'), message);
    });

    it('cannot be read off the client', () => {
      const text = inspect(create({ auth: { bearer: token } }), { depth: 20, showHidden: true });

      assert.ok(!text.includes('tok-3nV'));
    });

    it('do not include short header values, which would mangle numbers', async () => {
      backend.answer(sendText(400, 'limit is 11000'));

      const { message } = await failure(get({ headers: { 'X-Scope-OrgID': '1' } }), 'provider_rejected');

      assert.match(message, /limit is 11000/);
    });
  });
});
