import assert from 'node:assert/strict';
import request from 'supertest';
import type { StoredAuditEntry } from '../../src/ledger/audit-store.ts';
import { makeApi, makeRuns } from '../support/api.ts';
import { makeRun, start } from '../support/plans.ts';

const token = {
  id: 't1',
  name: 'ci',
  hash: 'hush',
  roles: ['gate'],
  services: null,
  createdAt: start,
  createdBy: 'token:boss',
  expiresAt: start + 1000,
  revokedAt: null,
  lastUsedAt: null,
} as const;
const shown = {
  id: 't1',
  name: 'ci',
  roles: ['gate'],
  services: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'token:boss',
  expiresAt: '2026-01-01T00:00:01.000Z',
  revokedAt: null,
  lastUsedAt: null,
};

describe('/v1/tokens', () => {
  const calls: unknown[] = [];
  const tokens = {
    create: async (...given: unknown[]) => {
      calls.push(given);
      return { token, secret: 'serin_secret' };
    },
    list: async () => [token],
    revoke: async (nameOrId: string) => ({ ...token, name: nameOrId, revokedAt: start }),
  };
  const api = makeApi({ tokens });

  it('hands out a token and tells it once, not to be kept by anybody in between', async () => {
    const answer = await request(api.handler)
      .post('/v1/tokens')
      .set('X-Request-Id', 'q1')
      .send({ name: 'ci', roles: ['gate'], services: ['checkout'], expires: '90d' });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(answer.body, { ...shown, token: 'serin_secret' });
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.deepEqual(calls, [
      [
        { name: 'ci', roles: ['gate'], services: ['checkout'], expiresIn: 90 * 86_400_000 },
        { name: 'anonymous', isAdmin: true, services: null, requestId: 'q1' },
      ],
    ]);
  });

  it('lists tokens without what opens anything, and takes one back by name', async () => {
    const list = await request(api.handler).get('/v1/tokens');
    assert.deepEqual(list.body, { items: [shown] });
    assert.doesNotMatch(list.text, /hush/);
    const revoked = await request(api.handler).post('/v1/tokens/team%2Fci/revoke');
    assert.deepEqual([revoked.body.name, revoked.body.revokedAt], ['team/ci', '2026-01-01T00:00:00.000Z']);
  });

  for (const [what, body, path] of [
    ['no role', { name: 'ci' }, 'roles'],
    ['a role that does not exist', { name: 'ci', roles: ['boss'] }, 'roles[0]'],
    ['an expiry that is none', { name: 'ci', roles: ['gate'], expires: 'soon' }, 'expires'],
  ] as const)
    it(`refuses an order with ${what}`, async () => {
      const answer = await request(api.handler).post('/v1/tokens').send(body);
      assert.equal(answer.status, 400);
      assert.equal(answer.body.errors[0].path, path);
    });
});

describe('POST /v1/analyses/{id}/override', () => {
  const path = `/v1/analyses/${makeRun().id}/override`;

  it('passes on verdict and reason with who says so, and answers the analysis', async () => {
    const calls: unknown[] = [];
    const said = { verdict: 'pass', reason: 'a load test', by: 'token:ann', at: start } as const;
    const runs = makeRuns({
      override: async (...given) => {
        calls.push(given);
        return makeRun({ verdict: 'pass', judgedVerdict: 'fail', override: said, requestedBy: 'token:argo' });
      },
    });
    const answer = await request(makeApi({ runs }).handler)
      .post(path)
      .set('X-Request-Id', 'q1')
      .send({ verdict: 'pass', reason: 'a load test' });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.body.override, { ...said, at: '2026-01-01T00:00:00.000Z' });
    assert.deepEqual([answer.body.judgedVerdict, answer.body.requestedBy], ['fail', 'token:argo']);
    const by = { name: 'anonymous', isAdmin: true, services: null, requestId: 'q1' };
    assert.deepEqual(calls, [[makeRun().id, { verdict: 'pass', reason: 'a load test' }, by]]);
  });

  for (const body of [
    { verdict: 'pass' },
    { reason: 'x' },
    { verdict: 'running', reason: 'x' },
    { verdict: 'pass', reason: '' },
  ])
    it(`refuses ${JSON.stringify(body)}`, async () => {
      assert.equal((await request(makeApi().handler).post(path).send(body)).status, 400);
    });
});

describe('GET /v1/audit', () => {
  const entries: readonly StoredAuditEntry[] = Array.from({ length: 450 }, (_, index) => ({
    id: `a${index}`,
    at: start + index,
    actor: 'token:ci',
    action: 'analysis.start',
    subject: { type: 'analysis', id: 'r1' },
    before: null,
    after: { service: 'checkout' },
    reason: null,
    requestId: 'q1',
  }));
  const asked: unknown[] = [];
  const audit = {
    list: async (filter: unknown, limit: number, cursor: string | null) => {
      asked.push([filter, limit, cursor]);
      const from = Number(cursor ?? 0);
      const to = from + limit;
      return { items: entries.slice(from, to), nextCursor: to < entries.length ? String(to) : null };
    },
  };
  const api = makeApi({ audit });
  beforeEach(() => asked.splice(0));

  it('answers a page of what matches', async () => {
    const query =
      'subject=analysis/r1&actor=token:ci&action=analysis.start&from=2026-01-01T00:00:00Z&limit=2';
    const answer = await request(api.handler).get(`/v1/audit?${query}`);
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.body.items[1], { ...entries[1], at: '2026-01-01T00:00:00.001Z' });
    assert.deepEqual([answer.body.items.length, answer.body.nextCursor], [2, '2']);
    const filter = {
      subject: 'analysis/r1',
      actor: 'token:ci',
      action: 'analysis.start',
      from: start,
      to: undefined,
    };
    assert.deepEqual(asked, [[filter, 2, null]]);
  });

  for (const [title, path, accept] of [
    ['its format', '/v1/audit?format=ndjson', '*/*'],
    ['Accept', '/v1/audit', 'application/x-ndjson'],
  ] as const)
    it(`exports everything as lines when ${title} asks for it`, async () => {
      const answer = await request(api.handler)
        .get(path)
        .set('Accept', accept)
        .buffer(true)
        .parse((response, done) => {
          let text = '';
          response.on('data', (chunk: Buffer) => {
            text += chunk.toString();
          });
          response.on('end', () => done(null, text));
        });
      assert.equal(answer.headers['content-type'], 'application/x-ndjson');
      const lines = String(answer.body).trim().split('\n');
      assert.equal(lines.length, 450);
      assert.deepEqual(
        lines.map((line) => (JSON.parse(line) as { id: string }).id),
        entries.map(({ id }) => id),
      );
    });

  it('exports no more than limit says, and answers JSON to who takes anything', async () => {
    const few = await request(api.handler).get('/v1/audit?format=ndjson&limit=3').buffer(true);
    assert.equal((few.text ?? String(few.body)).trim().split('\n').length, 3);
    const any = await request(api.handler).get('/v1/audit').set('Accept', '*/*');
    assert.equal(any.headers['content-type'], 'application/json');
  });
});
