import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import request from 'supertest';
import type { ServerDeps } from '../../src/api/server.ts';
import { parseConfig } from '../../src/config.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeApi, recordStarts } from '../support/api.ts';
import { knowCallers, makeCaller } from '../support/callers.ts';
import { describedOperations, pathOf, takesToken } from '../support/operations.ts';

const body = { service: 'checkout', environment: 'production' };
const open = knowCallers([makeCaller('admin')], ['admin']);

/** An API of which access control is off, and what was started there. */
function makeOpen(changes: Partial<ServerDeps> = {}) {
  const { runs, started } = recordStarts();
  const incidentMapping: ServerDeps['incidentMapping'] = () => ({
    mapping: parseConfig('', { env: {}, readFile: () => '' }).incidents,
    findPlace: () => null,
    webhooks: {},
  });
  return { started, api: makeApi({ authentication: open, runs, incidentMapping, ...changes }) };
}

async function start(headers: Record<string, string>, changes: Partial<ServerDeps> = {}) {
  const { api, started } = makeOpen(changes);
  const answer = await request(api.handler).post('/v1/analyses').set(headers).send(body);
  return { status: answer.status, body: answer.body, started: started.length };
}

describe('a call without a credential', () => {
  const foreign: readonly Record<string, string>[] = [
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: 'nonsense' },
    { Origin: '' },
    { Origin: 'http://127.0.0.1:1' },
    { Origin: 'http://localhost:8080', Host: '127.0.0.1:8080' },
    { Origin: 'http://127.0.0.1.evil.example:8080', Host: '127.0.0.1:8080' },
    { 'Sec-Fetch-Site': 'cross-site' },
    { Origin: 'http://127.0.0.1:8080', Host: '127.0.0.1:8080', 'Sec-Fetch-Site': 'cross-site' },
  ];
  for (const headers of foreign)
    it(`changes nothing when it says ${JSON.stringify(headers)}`, async () => {
      const answer = await start(headers);

      assert.deepEqual([answer.status, answer.body.code, answer.started], [403, 'forbidden', 0]);
      assert.match(answer.body.detail, /^(Origin|Sec-Fetch-Site): found .* only pages of Serin itself/);
    });

  const own: readonly Record<string, string>[] = [
    {},
    { Origin: 'http://127.0.0.1:8080', Host: '127.0.0.1:8080', 'Sec-Fetch-Site': 'same-origin' },
    { Origin: 'http://localhost', Host: 'localhost:80' },
    { Origin: 'http://[::1]:8080', Host: '[::1]:8080' },
    { Origin: 'https://serin.example', 'Sec-Fetch-Site': 'same-origin' },
    { Origin: 'https://serin.example', Host: 'serin.example' },
  ];
  for (const headers of own)
    it(`is answered when it says ${JSON.stringify(headers)}`, async () => {
      const answer = await start(headers);

      assert.deepEqual([answer.status, answer.started], [200, 1]);
    });

  for (const host of ['evil.example', 'evil.example:8080', '127.0.0.1.evil.example', '10.0.0.7', 'a b', '@'])
    it(`is refused under the name ${host}, for reading too`, async () => {
      const { api, started } = makeOpen();
      for (const answer of [
        await request(api.handler).get('/v1/analyses').set('Host', host),
        await request(api.handler).post('/v1/analyses').set('Host', host).send(body),
      ]) {
        assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden']);
        assert.match(answer.body.detail, /^Host: found ".*allowed are localhost/);
      }
      assert.equal(started.length, 0);
    });

  for (const host of [
    'localhost',
    'LOCALHOST:9',
    '127.0.0.1:9',
    '127.8.8.8',
    '[::1]:9',
    'serin.example',
    'box',
  ])
    it(`may read under the name ${host}`, async () => {
      const { api } = makeOpen({ hostNames: ['box'] });
      assert.equal((await request(api.handler).get('/v1/analyses').set('Host', host)).status, 200);
    });

  it('may come under any name where others may call, and still from no other origin', async () => {
    const anyName = { hostNames: null };
    assert.equal((await start({ Host: 'serin.internal' }, anyName)).status, 200);
    assert.equal(
      (await start({ Host: 'serin.internal', Origin: 'http://serin.internal' }, anyName)).status,
      200,
    );
    assert.equal(
      (await start({ Host: 'serin.internal', Origin: 'http://evil.example' }, anyName)).status,
      403,
    );
  });

  it('is refused from elsewhere by every operation that changes something', async () => {
    const { api } = makeOpen();
    const writing = describedOperations.filter(
      (one) => one.writes && one.access !== 'public' && !takesToken(one),
    );
    for (const operation of writing) {
      const answer = await request(api.handler)
        [operation.method.toLowerCase() as 'post' | 'put' | 'delete'](pathOf(operation))
        .set('Origin', 'https://evil.example')
        .send(JSON.stringify(operation.body ?? {}));
      // GitHub always signs, so nobody is let in there without it.
      const status = operation.route === '/v1/hooks/github' ? 401 : 403;
      assert.equal(answer.status, status, `${operation.id}: ${answer.text}`);
      if (status === 403) assert.match(answer.text, /Origin: found/, operation.id);
    }
    assert.ok(writing.length > 25, `${writing.length}`);
  });

  it('is refused by a hook that takes what is not signed, under a bent name too', async () => {
    const { api } = makeOpen();
    const answer = await request(api.handler)
      .post('/v1/hooks/incidents/generic')
      .set('Host', 'evil.example')
      .send({ id: 'x', status: 'triggered', at: '2026-11-01T00:00:00Z' });
    assert.deepEqual([answer.status, answer.body.code], [403, 'forbidden'], answer.text);
  });

  it('may ask for what is public, whoever made it', async () => {
    const { api } = makeOpen();
    const headers = { Host: 'evil.example', Origin: 'https://evil.example' };
    assert.equal((await request(api.handler).get('/healthz').set(headers)).status, 200);
  });

  it('is noted when it is refused', async () => {
    const lines: string[] = [];
    const sink = new Writable({
      write: (chunk, _encoding, done) => {
        lines.push(String(chunk));
        done();
      },
    });
    const metrics = createMetrics({ process: false });
    await start({ Origin: 'https://evil.example' }, { metrics, logger: createLogger('info', sink) });
    await start({ Host: 'evil.example' }, { metrics, logger: createLogger('info', sink) });

    const refused = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'a caller was refused');
    assert.deepEqual(
      refused.map(({ reason }) => reason),
      ['origin', 'host'],
    );
    const { text } = await metrics.expose();
    assert.match(text, /serin_auth_failures_total\{reason="origin"\} 1/);
  });
});

describe('a call with a credential', () => {
  it('is asked neither where it comes from nor under which name, for no browser adds the credential', async () => {
    const headers = { Authorization: 'Bearer admin', Host: 'evil.example', Origin: 'https://evil.example' };
    assert.deepEqual((await start(headers)).status, 200);
    assert.deepEqual((await start({ ...headers, Authorization: 'Bearer nobody' })).status, 401);
  });
});
