import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import express from 'express';
import request from 'supertest';
import { guardAccess } from '../../src/api/access.ts';
import { readBody } from '../../src/api/body.ts';
import { contextOf, openContext } from '../../src/api/context.ts';
import { findOperation } from '../../src/api/operations.ts';
import { toProblem } from '../../src/api/problem.ts';
import { parseSpec, readSpecText, type Spec } from '../../src/api/spec.ts';
import { createValidation } from '../../src/api/validation.ts';
import { makeToken } from '../../src/auth/token.ts';
import { SerinError } from '../../src/errors.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { makeApi, recordStarts } from '../support/api.ts';
import { knowCallers, makeCaller } from '../support/callers.ts';
import { describedOperations, pathOf } from '../support/operations.ts';
import { start } from '../support/plans.ts';

const callers = (['read', 'record', 'gate', 'admin'] as const).map((role) => makeCaller(role));
const known = knowCallers(callers);
const body = { service: 'checkout', environment: 'production' };

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/** An operation with each access there is, which answers who asked and what it sent. */
function makeProbe(authentication = known) {
  const operation = (access: unknown) => ({
    operationId: `probe-${String(access)}`,
    requestBody: { content: { 'application/json': { schema: {} } } },
    ...(access === undefined ? {} : { 'x-serin-access': access }),
  });
  const spec = {
    paths: {
      '/gate': { post: operation('gate') },
      '/public': { post: operation('public') },
      '/signed': { post: operation('signed') },
      '/hook/{token}/x': { post: operation('gate') },
    },
    components: { schemas: {}, parameters: {} },
  } as unknown as Spec;
  const app = express();
  app.use(
    openContext(() => start),
    findOperation(spec),
  );
  app.use(
    guardAccess(spec, {
      authentication,
      ...{ publicUrl: null, hostNames: [] },
      logger: createLogger('silent'),
      metrics: createMetrics({ process: false }),
    }),
  );
  app.use([...readBody()]);
  app.use((_request, response) => {
    const { caller, rawBody } = contextOf(response);
    response.json({ caller: caller?.name, roles: caller?.roles, rawBody: rawBody?.toString() });
  });
  app.use(((error, _request, response, _next) => {
    const { status, body: problem } = toProblem(error, 'q');
    response.status(status).json(problem);
  }) satisfies express.ErrorRequestHandler);
  return { app, spec, operation };
}

describe('x-serin-access', () => {
  it('is said by every operation, or the server does not start', () => {
    const text = readSpecText();
    for (const wrong of ['', '      x-serin-access: everybody\n']) {
      const changed = text.replace(/ {6}x-serin-access: gate\n/, wrong);
      assert.notEqual(changed, text);
      assert.throws(
        () => makeApi({ validation: createValidation(changed) }),
        /x-serin-access.*allowed are public, signed, read, record, gate, admin/,
      );
    }
  });

  it('is public for nothing but health, metrics and the description', () => {
    const open = Object.entries(parseSpec(readSpecText()).paths).flatMap(([path, item]) =>
      Object.values(item).some((one) => one?.['x-serin-access'] === 'public') ? [path] : [],
    );
    assert.deepEqual(open, ['/healthz', '/readyz', '/metrics', '/openapi.yaml']);
  });
});

describe('who may call', () => {
  for (const header of [
    'Bearer gate',
    'bearer gate',
    'BEARER   gate',
    basic('x', 'gate'),
    basic('', 'gate').replace('Basic', 'bAsIc'),
  ])
    it(`is told by ${header}`, async () => {
      const { app } = makeProbe();
      const answer = await request(app).post('/gate').set('Authorization', header).send('{"a":1}');
      assert.deepEqual(answer.body, { caller: 'token:gate', roles: ['gate'], rawBody: '{"a":1}' });
    });

  for (const header of [
    'Bearer',
    'Bearer ',
    'gate',
    'Digest gate',
    'Bearer gate gate',
    'Basic Z2F0ZQ==',
    basic('gate', ''),
  ])
    it(`is 401 for "${header}", also where nobody needs to say who it is`, async () => {
      const { app } = makeProbe(knowCallers(callers, ['admin']));
      const answer = await request(app).post('/gate').set('Authorization', header);
      assert.deepEqual([answer.status, answer.body.code], [401, 'unauthenticated']);
    });

  it('is 401 for an unknown credential also where anonymous would do, and says how to show who one is', async () => {
    const { runs, started } = recordStarts();
    for (const authentication of [known, knowCallers(callers, ['admin'])]) {
      const api = makeApi({ authentication, runs });
      const answer = await request(api.handler)
        .post('/v1/analyses')
        .set('Authorization', 'Bearer nobody')
        .send(body);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['www-authenticate'], 'Bearer');
      assert.equal(answer.body.code, 'unauthenticated');
      assert.doesNotMatch(answer.text, /nobody/);
    }
    assert.deepEqual(started, []);
  });

  it('is 403 for a token of a CI system that no rule lets in, with the sentence that says why', async () => {
    const authentication = {
      identify: async () => ({ refused: 'rule', message: 'no rule allows it' }) as const,
    };
    const { app } = makeProbe(authentication);
    const answer = await request(app).post('/gate').set('Authorization', 'Bearer a.b.c');
    assert.deepEqual(
      [answer.status, answer.body.code, answer.body.detail],
      [403, 'forbidden', 'no rule allows it'],
    );
  });

  it('is 403 for a caller whose role does not do, and names the role that is needed', async () => {
    const { runs, started } = recordStarts();
    const api = makeApi({ authentication: known, runs });
    for (const role of ['read', 'record']) {
      const answer = await request(api.handler)
        .post('/v1/analyses')
        .set('Authorization', `Bearer ${role}`)
        .send(body);
      assert.equal(answer.status, 403);
      assert.match(answer.body.detail, new RegExp(`needs the role gate; token:${role} has ${role}`));
    }
    assert.equal(started.length, 0);
    for (const role of ['gate', 'admin'])
      assert.equal(
        (await request(api.handler).post('/v1/analyses').set('Authorization', `Bearer ${role}`).send(body))
          .status,
        200,
      );
    assert.deepEqual(
      started.map(({ by }) => [by.name, by.isAdmin]),
      [
        ['token:gate', false],
        ['token:admin', true],
      ],
    );
  });

  it('is decided before a byte of the body is understood', async () => {
    const api = makeApi({ authentication: known });
    const answer = await request(api.handler).post('/v1/analyses').send('{broken');
    assert.equal(answer.status, 401);
  });

  it('is told by the token in the path, where there is one, and by nothing else', async () => {
    const { app } = makeProbe(knowCallers(callers, ['admin']));
    const post = (path: string) => request(app).post(path);
    assert.equal((await post('/hook/gate/x')).body.caller, 'token:gate');
    assert.equal((await post('/hook/%67ate/x')).body.caller, 'token:gate');
    assert.equal((await post('/hook/read/x')).status, 403);
    for (const wrong of ['/hook/nobody/x', '/hook/%ff/x'])
      assert.equal((await post(wrong).set('Authorization', 'Bearer gate')).status, 401, wrong);
  });

  it('is left to the route where requests are signed, but for tokens of our own', async () => {
    const { app } = makeProbe();
    const post = (header: string) => request(app).post('/signed').set('Authorization', header).send('{}');
    const nobody = { caller: 'anonymous', roles: [], rawBody: '{}' };
    assert.deepEqual((await post('')).body, nobody);
    assert.deepEqual((await post('Bearer a-webhook-secret')).body, nobody);
    assert.equal((await post('Bearer serin_nobody')).status, 401);
  });

  it('is nobody for what is public, whatever it shows', async () => {
    const { app } = makeProbe();
    const answer = await request(app).post('/public').set('Authorization', 'Bearer nobody').send('');
    assert.deepEqual(answer.body, { caller: 'anonymous', roles: [], rawBody: '' });
  });

  it('is logged and counted when refused, without the credential', async () => {
    const lines: string[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(String(chunk));
        done();
      },
    });
    const metrics = createMetrics({ process: false });
    const api = makeApi({ authentication: known, logger: createLogger('info', stream), metrics });
    const ask = (header: string) =>
      request(api.handler).post('/v1/analyses').set('Authorization', header).send(body);

    await ask('Bearer hush');
    await ask('hush');
    await ask('');
    await ask('Bearer read');

    const refused = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'a caller was refused');
    assert.deepEqual(
      refused.map(({ reason, operation }) => [reason, operation]),
      ['unknown', 'malformed', 'missing', 'role'].map((reason) => [reason, 'startAnalysis']),
    );
    assert.doesNotMatch(lines.join(''), /hush/);
    const { text } = await metrics.expose();
    for (const reason of ['unknown', 'malformed', 'missing', 'role'])
      assert.match(text, new RegExp(`serin_auth_failures_total\\{reason="${reason}"\\} 1`));
  });
});

describe('who may call while the store is away', () => {
  const away = new SerinError('store_unavailable', 'the database is away');
  const path = '/v1/hooks/argo-rollouts/analysis';
  const argo = (authentication: ReturnType<typeof knowCallers>, query = '') => {
    const api = makeApi({ authentication, runs: recordStarts().runs });
    return request(api.handler).post(`${path}${query}`);
  };

  const token = makeToken(randomBytes);
  const unchecked = { identify: () => Promise.reject(away) };

  it('is a running verdict for a token of ours that cannot be checked, whose holder learns nothing else', async () => {
    for (const authentication of [unchecked, { identify: () => Promise.reject(new TypeError('s3cr3t')) }]) {
      const { runs, started } = recordStarts();
      const api = makeApi({ authentication, runs });
      const answer = await request(api.handler)
        .post(`${path}?onBadInput=inconclusive`)
        .set('Authorization', `Bearer ${token}`)
        .send(body);
      assert.deepEqual(
        [answer.status, answer.body.verdict, answer.body.analysisId],
        [200, 'running', null],
        answer.text,
      );
      assert.doesNotMatch(answer.text, /s3cr3t|serin_/);
      assert.deepEqual(started, []);
    }
  });

  it('is 503 for such a token everywhere but where a controller polls', async () => {
    const api = makeApi({ authentication: unchecked });
    const held =
      /^(argoRolloutsAnalysis|ecsAnalysis|kayentaGetCanary(ByToken)?|flagger(Rollout|Advance|Rollback))$/;
    const others = describedOperations.filter(({ id, access }) => access !== 'public' && !held.test(id));
    for (const operation of others) {
      const answer = await request(api.handler)
        [operation.method.toLowerCase() as 'get' | 'post' | 'put' | 'delete'](pathOf(operation, token))
        .set('Authorization', `Bearer ${token}`);
      assert.equal(answer.status, 503, `${operation.id}: ${answer.text}`);
    }
    assert.ok(others.length > 40, `${others.length}`);
  });

  it('holds a canary of Flagger for such a token, as for one that was let in', async () => {
    const api = makeApi({ authentication: unchecked });
    const statuses = [];
    for (const kind of ['rollout', 'advance', 'rollback', 'outcome'])
      statuses.push((await request(api.handler).post(`/v1/hooks/flagger/${kind}/${token}`)).status);
    assert.deepEqual(statuses, [200, 412, 412, 503]);
  });

  it('is no running verdict for a credential that is none of our tokens', async () => {
    const mistyped = `${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`;
    for (const credential of ['gate', 'a.b.c', mistyped]) {
      const answer = await argo(unchecked).set('Authorization', `Bearer ${credential}`).send(body);
      assert.deepEqual([answer.status, answer.body.code], [503, 'store_unavailable'], credential);
      const api = makeApi({ authentication: unchecked });
      const flagger = await request(api.handler).post(`/v1/hooks/flagger/rollout/${credential}`);
      assert.equal(flagger.status, 503);
    }
  });

  it('is a running verdict for who claims nothing while it is not known that a credential is needed', async () => {
    const answer = await argo({ identify: () => Promise.reject(away) }).send(body);
    assert.deepEqual([answer.status, answer.body.verdict], [200, 'running']);
    const api = makeApi({ authentication: { identify: () => Promise.reject(away) } });
    assert.equal((await request(api.handler).post('/v1/analyses').send(body)).status, 503);
  });

  it('gives no verdict to who is refused, whatever it wants for bad input', async () => {
    for (const [header, status] of [
      ['', 401],
      ['Bearer nobody', 401],
      ['Bearer read', 403],
    ] as const) {
      const answer = await argo(known, '?onBadInput=inconclusive').set('Authorization', header).send(body);
      assert.equal(answer.status, status);
    }
  });
});
