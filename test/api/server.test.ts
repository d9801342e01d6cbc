import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import request from 'supertest';
import { parse } from 'yaml';
import { statuses } from '../../src/api/problem.ts';
import { errorCodes } from '../../src/errors.ts';
import { createLogger, type Logger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeApi, makeRuns } from '../support/api.ts';
import { makeRun } from '../support/plans.ts';

function captureLog(): { logger: Logger; text: () => string } {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger('debug', stream), text: () => chunks.join('') };
}

describe('the server', () => {
  it('answers unknown paths with a problem', async () => {
    const answer = await request(makeApi().handler).post('/v1/nothing').send('{broken');

    assert.equal(answer.status, 404);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    assert.equal(answer.body.code, 'not_found');
    assert.match(answer.body.detail, /\/v1\/nothing/);
  });

  it('answers another method with 405 and says which are allowed', async () => {
    const api = makeApi();

    const one = await request(api.handler).delete('/v1/analyses/x');
    const other = await request(api.handler).get('/v1/hooks/argo-rollouts/analysis');

    assert.equal(one.status, 405);
    assert.equal(one.headers['allow'], 'GET, HEAD');
    assert.equal(one.body.code, 'method_not_allowed');
    assert.equal(other.status, 405);
    assert.equal(other.headers['allow'], 'POST');
  });

  it('answers HEAD as GET without the body', async () => {
    const api = makeApi();

    const head = await request(api.handler).head(`/v1/analyses/${makeRun().id}`);
    const get = await request(api.handler).get(`/v1/analyses/${makeRun().id}`);

    assert.equal(head.status, 200);
    assert.equal(head.text ?? '', '');
    assert.equal(head.headers['content-length'], get.headers['content-length']);
  });

  it('echoes a sane request id and replaces any other', async () => {
    const api = makeApi();
    const ask = async (id: string): Promise<string> =>
      (await request(api.handler).get('/healthz').set('X-Request-Id', id)).headers['x-request-id'] ?? '';

    assert.equal(await ask('abc-123'), 'abc-123');
    for (const strange of ['a b', 'x'.repeat(200), '<script>']) {
      assert.notEqual(await ask(strange), strange);
      assert.match(await ask(strange), /^[0-9a-f-]{36}$/);
    }
  });

  it('sets the headers that keep an answer from being taken for a page', async () => {
    const { headers } = await request(makeApi().handler).get('/healthz');

    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['content-security-policy'], "default-src 'none';frame-ancestors 'none'");
    assert.equal(headers['x-powered-by'], undefined);
  });

  it('logs one line a request, without headers, bodies, queries and tokens', async () => {
    const { logger, text } = captureLog();
    const api = makeApi({ logger });

    await request(api.handler)
      .post('/v1/analyses?hush1=hush1')
      .set('Authorization', 'Bearer hush2')
      .set('Cookie', 'session=hush3')
      .set('X-Request-Id', 'req-1')
      .send({ service: 'hush4', environment: 'production', hush5: 'hush5' });
    await request(api.handler).get('/kayenta/t/hush6/canary');

    const lines = text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.equal(lines.length, 2);
    assert.equal(lines[0]?.['requestId'], 'req-1');
    assert.equal(lines[0]?.['path'], '/v1/analyses');
    assert.equal(lines[0]?.['status'], 400);
    assert.equal(lines[0]?.['level'], 'warn');
    assert.doesNotMatch(text(), /hush/);
  });

  it('logs an unforeseen error with its stack under the request id', async () => {
    const { logger, text } = captureLog();
    const runs = makeRuns({ get: () => Promise.reject(new TypeError('x is not a function')) });

    await request(makeApi({ logger, runs }).handler).get('/v1/analyses/x').set('X-Request-Id', 'req-2');

    const line = text()
      .split('\n')
      .filter((one) => one.includes('a request failed'))
      .map((one) => JSON.parse(one) as Record<string, unknown>)[0];
    assert.equal(line?.['requestId'], 'req-2');
    assert.match(JSON.stringify(line?.['err']), /x is not a function.*server\.test/);
  });

  it('gives every code a status of an error, and every status it answers is in the range', () => {
    assert.deepEqual(Object.keys(statuses).sort(), [...errorCodes].sort());
    for (const status of Object.values(statuses)) assert.ok(status >= 400 && status < 600);
  });
});

describe('health and description', () => {
  it('tells whether the process is up', async () => {
    const api = makeApi({ health: { live: () => false, ready: async () => ({ ok: true, checks: {} }) } });

    assert.equal((await request(makeApi().handler).get('/healthz')).status, 200);
    assert.equal((await request(api.handler).get('/healthz')).status, 503);
  });

  it('tells whether requests can be answered, with each check', async () => {
    const checks = { database: 'ok', migrations: 'pending: 0002' };
    const api = makeApi({ health: { live: () => true, ready: async () => ({ ok: false, checks }) } });
    const broken = makeApi({
      health: { live: () => true, ready: () => Promise.reject(new Error('s3cr3t')) },
    });

    assert.equal((await request(makeApi().handler).get('/readyz')).status, 200);
    const answer = await request(api.handler).get('/readyz');
    assert.equal(answer.status, 503);
    assert.deepEqual(answer.body, { ok: false, checks });
    const failed = await request(broken.handler).get('/readyz');
    assert.equal(failed.status, 503);
    assert.doesNotMatch(failed.text, /s3cr3t/);
  });

  it('is not ready once draining, and asks callers to connect anew', async () => {
    const api = makeApi();

    api.drain();

    const answer = await request(api.handler).get('/readyz');
    assert.equal(answer.status, 503);
    assert.equal(answer.headers['connection'], 'close');
  });

  it('exposes metrics by the template of the route, unknown paths as one', async () => {
    const metrics = createMetrics({ process: false });
    const api = makeApi({ metrics });

    await request(api.handler).get(`/v1/analyses/${makeRun().id}`);
    await request(api.handler).get('/v1/analyses/none');
    await request(api.handler).get('/some/scanner');
    const { text, headers } = await request(api.handler).get('/metrics');

    assert.match(String(headers['content-type']), /^text\/plain/);
    assert.match(
      text,
      /serin_http_requests_total\{route="\/v1\/analyses\/\{id\}",method="GET",status="2xx"\} 1/,
    );
    assert.match(
      text,
      /serin_http_requests_total\{route="\/v1\/analyses\/\{id\}",method="GET",status="4xx"\} 1/,
    );
    assert.match(text, /serin_http_requests_total\{route="unknown",method="GET",status="4xx"\} 1/);
  });

  it('serves its own description', async () => {
    const answer = await request(makeApi().handler).get('/openapi.yaml');

    assert.equal(answer.headers['content-type'], 'application/yaml');
    const text = answer.text ?? String(answer.body);
    assert.equal((parse(text) as { openapi: string }).openapi, '3.1.0');
  });
});
