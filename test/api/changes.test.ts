import assert from 'node:assert/strict';
import request from 'supertest';
import { SerinError } from '../../src/errors.ts';
import type { Changes } from '../../src/ledger/changes.ts';
import { makeApi, makeChange } from '../support/api.ts';
import { start } from '../support/plans.ts';

type Call = readonly [name: string, ...given: unknown[]];

/** Changes that answer one change and record what they were asked. */
function recordCalls(changes: Partial<Changes> = {}): { readonly changes: Changes; readonly calls: Call[] } {
  const calls: Call[] = [];
  return {
    calls,
    changes: {
      report: async (reports) => {
        calls.push(['report', reports]);
        return reports.map(({ externalId }) => makeChange({ externalId }));
      },
      get: async (id) => makeChange({ id }),
      list: async (...given) => {
        calls.push(['list', ...given]);
        return { items: [makeChange()], nextCursor: null };
      },
      doubles: async () => ['c7'],
      rule: async (...given) => {
        calls.push(['rule', ...given]);
        return makeChange({ outcome: 'failed', failureClass: 'escaped' });
      },
      ...changes,
    },
  };
}

const report = { source: 'github', externalId: '1', service: 'checkout', environment: 'production' };

describe('POST /v1/changes', () => {
  it('takes one report and answers its change', async () => {
    const { changes, calls } = recordCalls();

    const answer = await request(makeApi({ changes }).handler)
      .post('/v1/changes')
      .send({
        ...report,
        externalId: 1,
        targets: ['eu'],
        version: 'v1.8.0',
        commit: null,
        kind: 'normal',
        startedAt: '2026-01-01T00:00:00Z',
        finishedAt: '2026-01-01T00:20:00Z',
        outcome: 'failed',
        failureClass: 'escaped',
      });

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.externalId, '1');
    const facts = { version: 'v1.8.0', kind: 'normal', startedAt: start };
    const rest = {
      targets: ['eu'],
      facts,
      finishedAt: start + 1_200_000,
      outcome: 'failed',
      failureClass: 'escaped',
    };
    assert.deepEqual(calls, [['report', [{ ...report, ...rest }]]]);
  });

  it('takes a service by any of its names, and finds it by them', async () => {
    const { changes, calls } = recordCalls();
    const findPlace = (name: string) =>
      name === 'checkout-api' ? { service: 'checkout', environment: 'production' } : null;
    const { handler } = makeApi({
      changes,
      incidents: { ...makeApi().deps.incidents, findPlace },
    });

    const reports = [
      { ...report, service: 'checkout-api' },
      { ...report, service: 'unknown' },
    ];
    await request(handler).post('/v1/changes').send(reports).expect(200);
    await request(handler).get('/v1/changes?service=checkout-api').expect(200);

    const [[, reported], [, listed]] = calls as [Call, Call];
    assert.deepEqual(
      (reported as { service: string }[]).map(({ service }) => service),
      ['checkout', 'unknown'],
    );
    assert.equal((listed as { service: string }).service, 'checkout');
  });

  it('takes several and answers a list in their order', async () => {
    const { changes, calls } = recordCalls();

    const answer = await request(makeApi({ changes }).handler)
      .post('/v1/changes')
      .send([report, { ...report, externalId: '2' }]);

    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(
      answer.body.items.map((one: { externalId: string }) => one.externalId),
      ['1', '2'],
    );
    assert.equal(calls.length, 1);
  });

  const bad: readonly (readonly [title: string, body: unknown, path: string, message: RegExp])[] = [
    ['nothing', {}, 'source', /is missing/],
    ['an unknown key', { ...report, sha: 'x' }, 'sha', /unknown key; allowed are source, externalId/],
    ['a bad time in one of several', [report, { ...report, finishedAt: 'x' }], '[1].finishedAt', /RFC 3339/],
    [
      'a day that does not exist in one of several',
      [report, { ...report, finishedAt: '2026-02-30T00:00:00Z' }],
      '[1].finishedAt',
      /RFC 3339/,
    ],
    [
      'an unknown outcome',
      { ...report, outcome: 'great' },
      'outcome',
      /allowed are pending, succeeded, failed, abandoned/,
    ],
  ];
  for (const [title, body, path, message] of bad) {
    it(`refuses ${title}, and stores nothing`, async () => {
      const { changes, calls } = recordCalls();

      const answer = await request(makeApi({ changes }).handler)
        .post('/v1/changes')
        .send(body as object);

      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.body.errors[0].path, path);
      assert.match(answer.body.errors[0].message, message);
      assert.deepEqual(calls, []);
    });
  }
});

describe('GET /v1/changes', () => {
  it('filters and pages', async () => {
    const { changes, calls } = recordCalls();

    const answer = await request(makeApi({ changes }).handler).get(
      '/v1/changes?service=checkout&outcome=failed&source=github&externalId=7%2F1&suspected=true&limit=7&cursor=c',
    );

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.items[0].id, 'c1');
    const filter = {
      service: 'checkout',
      environment: undefined,
      outcome: 'failed',
      source: 'github',
      externalId: '7/1',
      suspected: true,
      from: undefined,
      to: undefined,
    };
    assert.deepEqual(calls, [['list', filter, 7, 'c']]);
  });

  it('refuses an unknown outcome', async () => {
    const answer = await request(makeApi().handler).get('/v1/changes?outcome=great');

    assert.equal(answer.status, 400);
  });
});

describe('GET /v1/changes/{id}', () => {
  it('writes all of a change', async () => {
    const change = makeChange({
      targets: ['eu', 'us'],
      finishedAt: start + 1000,
      outcome: 'failed',
      failureClass: 'caught_in_canary',
      outcomeAt: start + 2000,
      attribution: { method: 'verdict', confidence: 0.9 },
      attempts: [{ startedAt: start, endedAt: null, result: 'open' }],
      analysisIds: ['a1'],
    });
    const { changes } = recordCalls({ get: async () => change });

    const { body } = await request(makeApi({ changes }).handler).get('/v1/changes/c1');

    assert.equal(body.finishedAt, '2026-01-01T00:00:01.000Z');
    assert.equal(body.committedAt, null);
    assert.deepEqual(body.attribution, { method: 'verdict', confidence: 0.9 });
    assert.deepEqual(body.attempts, [
      { startedAt: '2026-01-01T00:00:00.000Z', endedAt: null, endedAtEstimated: false, result: 'open' },
    ]);
    assert.deepEqual(body.analysisIds, ['a1']);
    assert.deepEqual(body.targets, ['eu', 'us']);
    assert.deepEqual(body.suspectedDoubles, ['c7']);
    assert.equal('settlesAt' in body, false);
  });

  it('is 404 when there is none', async () => {
    const { changes } = recordCalls({
      get: () => Promise.reject(new SerinError('not_found', 'there is no change x')),
    });

    assert.equal((await request(makeApi({ changes }).handler).get('/v1/changes/x')).status, 404);
  });
});

describe('POST /v1/changes/{id}/outcome', () => {
  it('rules, now unless it says when', async () => {
    const { changes, calls } = recordCalls();
    const api = makeApi({ changes, now: () => start + 5 });

    const answer = await request(api.handler)
      .post('/v1/changes/c1/outcome')
      .set('X-Request-Id', 'q1')
      .send({ outcome: 'failed', failureClass: 'escaped', reason: 'users met it' });
    await request(api.handler)
      .post('/v1/changes/c1/outcome')
      .set('X-Request-Id', 'q1')
      .send({ outcome: 'succeeded', at: '2026-01-01T00:00:00Z', reason: 'false alarm' });

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.failureClass, 'escaped');
    const by = { name: 'anonymous', isAdmin: true, services: null, requestId: 'q1' };
    assert.deepEqual(calls, [
      [
        'rule',
        'c1',
        { outcome: 'failed', failureClass: 'escaped', at: start + 5, reason: 'users met it' },
        by,
      ],
      ['rule', 'c1', { outcome: 'succeeded', failureClass: null, at: start, reason: 'false alarm' }, by],
    ]);
  });

  for (const [title, body, path] of [
    ['no reason', { outcome: 'failed' }, 'reason'],
    ['an unknown key', { outcome: 'failed', reason: 'x', who: 'me' }, 'who'],
  ] as const) {
    it(`refuses ${title}`, async () => {
      const answer = await request(makeApi().handler).post('/v1/changes/c1/outcome').send(body);

      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.body.errors[0].path, path);
    });
  }
});
