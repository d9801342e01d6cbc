import assert from 'node:assert/strict';
import request from 'supertest';
import { invalidInput, SerinError } from '../../src/errors.ts';
import type { Finding } from '../../src/judge/types.ts';
import { makeApi, makeRuns, recordStarts } from '../support/api.ts';
import { makeJudgement } from '../support/judgements.ts';
import { makeRun, start } from '../support/plans.ts';

const minimal = { service: 'checkout', environment: 'production' };

describe('POST /v1/analyses', () => {
  it('starts what is asked for and answers the analysis', async () => {
    const { runs, started } = recordStarts();
    const api = makeApi({ runs });

    const answer = await request(api.handler)
      .post('/v1/analyses')
      .set('X-Request-Id', 'q1')
      .send({
        ...minimal,
        key: 'uid/7/hash/first',
        target: 'eu-west-1',
        change: {
          version: 'v1.8.0',
          kind: 'hotfix',
          url: 'https://ci.example/1',
          committedAt: '2026-01-01T01:00:00+01:00',
        },
        rollout: { uid: 'u', revision: '7', namespace: 'shop', name: 'checkout' },
        template: 'http-service',
        canary: { pod_template_hash: 'abc' },
        baseline: { pod_template_hash: 'def' },
        duration: '30m',
        interval: '90s',
        dryRun: false,
      });

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.body.id, makeRun().id);
    assert.deepEqual(started, [
      {
        key: 'uid/7/hash/first',
        service: 'checkout',
        environment: 'production',
        target: 'eu-west-1',
        change: { version: 'v1.8.0', kind: 'hotfix', url: 'https://ci.example/1', committedAt: start },
        rollout: { uid: 'u', revision: '7', namespace: 'shop', name: 'checkout' },
        template: 'http-service',
        plan: null,
        canary: { pod_template_hash: 'abc' },
        baseline: { pod_template_hash: 'def' },
        start: null,
        end: null,
        duration: 1_800_000,
        interval: 90_000,
        dryRun: false,
        polled: false,
        by: { name: 'anonymous', isAdmin: true, services: null, requestId: 'q1' },
      },
    ]);
  });

  it('takes numbers and booleans as strings, numbers where strings are wanted, and "" and null as absent', async () => {
    const { runs, started } = recordStarts();
    const api = makeApi({ runs });

    const answer = await request(api.handler)
      .post('/v1/analyses')
      .send({
        ...minimal,
        key: '',
        target: null,
        template: '',
        dryRun: 'true',
        wait: '',
        rollout: { uid: 'u', revision: 7, namespace: '', name: null },
        canary: { pod_template_hash: 6789 },
        change: { version: 1.8, commit: '' },
      });

    assert.equal(answer.status, 200, answer.text);
    const [first] = started;
    assert.equal(first?.dryRun, true);
    assert.equal(first?.key, null);
    assert.equal(first?.template, null);
    assert.deepEqual(first?.rollout, { uid: 'u', revision: '7', namespace: null, name: null });
    assert.deepEqual(first?.canary, { pod_template_hash: '6789' });
    assert.deepEqual(first?.change, { version: '1.8' });
  });

  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=latin1',
    'nonsense',
  ]) {
    it(`reads the body as JSON though its Content-Type says ${type}`, async () => {
      const { runs, started } = recordStarts();
      const api = makeApi({ runs });

      const answer = await request(api.handler)
        .post('/v1/analyses')
        .set('Content-Type', type)
        .send(JSON.stringify(minimal));

      assert.equal(answer.status, 200, answer.text);
      assert.equal(started[0]?.service, 'checkout');
    });
  }

  it('hands a plan in place on as it came', async () => {
    const { runs, started } = recordStarts();
    const plan = { duration: '30m', metrics: [{ name: 'errors', weight: '2', nested: { deep: [1, null] } }] };

    await request(makeApi({ runs }).handler)
      .post('/v1/analyses')
      .send({ ...minimal, plan });

    assert.deepEqual(started[0]?.plan, plan);
  });

  it('holds the answer until the conclusion when it may wait', async () => {
    const waits: number[] = [];
    const done = makeRun({ phase: 'concluded', verdict: 'pass' });
    const runs = makeRuns({
      waitFor: async (_id, waitMs) => {
        waits.push(waitMs);
        return done;
      },
    });
    const api = makeApi({ runs });

    const answer = await request(api.handler)
      .post('/v1/analyses')
      .send({ ...minimal, wait: '20s' });

    assert.equal(answer.body.verdict, 'pass');
    assert.deepEqual(waits, [20_000]);
  });

  const bad: readonly (readonly [title: string, body: unknown, path: string, message: RegExp])[] = [
    [
      'an unknown key',
      { ...minimal, servise: 'x' },
      'servise',
      /unknown key; allowed are key, service, environment/,
    ],
    [
      'an unknown key within',
      { ...minimal, change: { tag: 'x' } },
      'change.tag',
      /allowed are version, commit, artifact/,
    ],
    ['no service', { environment: 'production' }, 'service', /is missing/],
    ['a wrong type', { ...minimal, canary: 'abc' }, 'canary', /found "abc"; must be object/],
    [
      'a wrong type within',
      { ...minimal, canary: { hash: {} } },
      'canary.hash',
      /found \{\}; must be string/,
    ],
    [
      'an unknown kind',
      { ...minimal, change: { kind: 'fix' } },
      'change.kind',
      /found "fix"; allowed are normal, rollback, hotfix/,
    ],
    [
      'a bad duration',
      { ...minimal, duration: '30 minutes' },
      'duration',
      /found "30 minutes"; allowed are durations such as 30s/,
    ],
    ['a bad time', { ...minimal, start: 'yesterday' }, 'start', /found "yesterday"; allowed are RFC 3339/],
    ['a day that does not exist', { ...minimal, start: '2026-02-30T00:00:00Z' }, 'start', /2026-02-30/],
    [
      'an end before the start',
      { ...minimal, start: '2026-01-02T00:00:00Z', end: '2026-01-01T00:00:00Z' },
      'end',
      /must be after start/,
    ],
    ['too long a wait', { ...minimal, wait: '61s' }, 'wait', /found "61s"; at most 60s/],
    [
      'half a rollout',
      { ...minimal, rollout: { uid: 'u' } },
      'rollout.revision',
      /uid and revision go together/,
    ],
    [
      'an address that runs script',
      { ...minimal, change: { url: 'javascript:alert(1)' } },
      'change.url',
      /http and https/,
    ],
    ['an array', [minimal], '', /must be object/],
    ['null', null, '', /the body is null; an object is needed/],
    [
      'too much nesting',
      { ...minimal, plan: JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`) },
      '',
      /./,
    ],
  ];
  for (const [title, body, path, message] of bad) {
    it(`refuses ${title} with its path and what is allowed, and starts nothing`, async () => {
      const { runs, started } = recordStarts();
      const api = makeApi({ runs });

      const answer = await request(api.handler)
        .post('/v1/analyses')
        .set('Content-Type', 'application/json')
        .send(JSON.stringify(body));

      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.equal(answer.body.code, 'invalid_input');
      const [issue] = answer.body.errors;
      if (path !== '') assert.equal(issue.path, path);
      assert.match(issue.message, message);
      assert.deepEqual(started, []);
    });
  }

  it('names every issue, not only the first', async () => {
    const answer = await request(makeApi().handler)
      .post('/v1/analyses')
      .send({ environment: 5, wrong: 1, interval: {} });

    assert.deepEqual(answer.body.errors.map((issue: { path: string }) => issue.path).sort(), [
      'interval',
      'service',
      'wrong',
    ]);
  });

  it('says where a body stops being JSON', async () => {
    const api = makeApi();

    const answer = await request(api.handler)
      .post('/v1/analyses')
      .send('{"service": "checkout",\n "environment": oops}')
      .set('Content-Type', 'application/json');

    assert.equal(answer.status, 400);
    assert.match(answer.body.detail, /not JSON: found "oops}" at line 2, column 17/);
  });

  it('answers an empty body with what is missing', async () => {
    const answer = await request(makeApi().handler).post('/v1/analyses');

    assert.equal(answer.status, 400);
    assert.deepEqual(
      answer.body.errors.map((issue: { path: string }) => issue.path),
      ['service', 'environment'],
    );
  });

  it('refuses a body of 1 MB with 413', async () => {
    const { runs, started } = recordStarts();
    const api = makeApi({ runs });

    const answer = await request(api.handler)
      .post('/v1/analyses')
      .send({ ...minimal, key: 'k'.repeat(1_048_576) });

    assert.equal(answer.status, 413);
    assert.equal(answer.body.code, 'payload_too_large');
    assert.match(answer.body.detail, /256 KiB/);
    assert.deepEqual(started, []);
  });

  it('refuses the name __proto__ and leaves prototypes alone', async () => {
    const answer = await request(makeApi().handler)
      .post('/v1/analyses')
      .set('Content-Type', 'application/json')
      .send('{"service":"checkout","environment":"production","canary":{"__proto__":{"polluted":"yes"}}}');

    assert.equal(answer.status, 400);
    assert.equal(answer.body.errors[0].path, 'canary.__proto__');
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('passes on the path of an issue that the use case found', async () => {
    const runs = makeRuns({
      start: async () => {
        throw invalidInput([
          { path: 'plan.metrics[0].knd', message: 'unknown key "knd"; allowed are name, kind' },
        ]);
      },
    });
    const api = makeApi({ runs });

    const answer = await request(api.handler)
      .post('/v1/analyses')
      .send({ ...minimal, plan: { metrics: [] } });

    assert.equal(answer.status, 400);
    assert.equal(answer.body.errors[0].path, 'plan.metrics[0].knd');
  });

  for (const [code, status] of [
    ['unknown_template', 400],
    ['key_conflict', 409],
    ['forbidden', 403],
    ['store_unavailable', 503],
  ] as const) {
    it(`answers ${code} with ${status}`, async () => {
      const runs = makeRuns({
        start: async () => {
          throw new SerinError(code, 'a sentence about it');
        },
      });
      const api = makeApi({ runs });

      const answer = await request(api.handler).post('/v1/analyses').send(minimal);

      assert.equal(answer.status, status);
      assert.equal(answer.body.code, code);
      assert.equal(answer.body.detail, 'a sentence about it');
    });
  }

  it('keeps the message of an unforeseen error inside', async () => {
    const runs = makeRuns({
      start: async () => {
        throw new TypeError('secret s3cr3t in a message');
      },
    });

    const answer = await request(makeApi({ runs }).handler).post('/v1/analyses').send(minimal);

    assert.equal(answer.status, 500);
    assert.equal(answer.body.code, 'internal');
    assert.doesNotMatch(answer.text, /s3cr3t/);
    assert.equal(answer.body.requestId, answer.headers['x-request-id']);
  });
});

describe('GET /v1/analyses/{id}', () => {
  it('writes durations as text, times in RFC 3339, and what is not a number as null', async () => {
    const finding = {
      interval: [-0.1, Number.POSITIVE_INFINITY] as const,
      effect: Number.NaN,
      remainingSeconds: 359.6,
    };
    const run = makeRun({
      target: 'eu',
      version: '',
      rollout: { uid: 'u', revision: '7', namespace: null, name: null },
      judgement: makeJudgement('running', finding),
      looks: 3,
    });
    const api = makeApi({ runs: makeRuns({}, [run]) });

    const answer = await request(api.handler).get(`/v1/analyses/${run.id}`);

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.startedAt, '2026-01-01T00:00:00.000Z');
    assert.equal(answer.body.endsAt, '2026-01-01T00:10:30.000Z');
    assert.equal(answer.body.version, null);
    assert.equal(answer.body.concludedAt, null);
    assert.deepEqual(answer.body.evidence, { logE: -0.4, pValue: 1, alpha: 0.05, analysesOfChange: 1 });
    assert.equal(answer.body.findings[0].remaining, '6m');
    assert.deepEqual(answer.body.findings[0].interval, [-0.1, null]);
    assert.equal(answer.body.findings[0].effect, null);
    assert.deepEqual(answer.body.links, {
      self: `/v1/analyses/${run.id}`,
      page: `https://serin.example/analyses/${run.id}`,
    });
  });

  const findingOf = async (finding: Partial<Finding>): Promise<Record<string, unknown>> => {
    const run = makeRun({ judgement: makeJudgement('running', finding) });
    const answer = await request(makeApi({ runs: makeRuns({}, [run]) }).handler).get(
      `/v1/analyses/${run.id}`,
    );
    assert.equal(answer.status, 200, answer.text);
    return answer.body.findings[0];
  };

  it('tells the effect in its own units and at every look at once, and how the ranks compare', async () => {
    const written = await findingOf({
      effectAbsolute: 3,
      intervalAbsolute: [1, Number.POSITIVE_INFINITY],
      anytimeInterval: [null, 0.4],
      cliffsDelta: 0.5,
      shift: 2.5,
      mannWhitneyP: 0.01,
    });

    assert.deepEqual(
      ['effectAbsolute', 'intervalAbsolute', 'anytimeInterval', 'cliffsDelta', 'shift', 'mannWhitneyP'].map(
        (field) => written[field],
      ),
      [3, [1, null], [null, 0.4], 0.5, 2.5, 0.01],
    );
    assert.deepEqual([written['noise'], written['edges'], written['limit']], [null, null, null]);
  });

  it('tells where a gauge’s noise is from, which edges a histogram has, and what a limit is', async () => {
    const noise = {
      historySteps: 60,
      earlierRuns: 2,
      pods: { canary: 3, baseline: 9 },
      podOffset: 0.01,
      autocorrelation: null,
    };
    const edges = [{ le: 0.25, canary: 0.1, baseline: 0.05, effect: 1, logE: 4.5 }];

    assert.deepEqual((await findingOf({ kind: 'gauge', noise }))['noise'], noise);
    assert.deepEqual((await findingOf({ kind: 'gauge', noise: { ...noise, pods: null } }))['noise'], {
      ...noise,
      pods: null,
    });
    assert.deepEqual((await findingOf({ kind: 'histogram', edges }))['edges'], edges);
    assert.deepEqual((await findingOf({ kind: 'limit', limit: { max: 5, min: null } }))['limit'], {
      max: 5,
      min: null,
    });
  });

  it('takes a finding that was kept before there were explanations', async () => {
    const judgement = makeJudgement('running');
    const explanations =
      /effectAbsolute|intervalAbsolute|anytimeInterval|cliffsDelta|shift|mannWhitneyP|noise|edges|limit/;
    const kept = JSON.stringify(judgement, (key, value) => (explanations.test(key) ? undefined : value));
    const run = makeRun({ judgement: JSON.parse(kept) });

    const answer = await request(makeApi({ runs: makeRuns({}, [run]) }).handler).get(
      `/v1/analyses/${run.id}`,
    );

    assert.equal(answer.status, 200, answer.text);
    const [written] = answer.body.findings;
    assert.deepEqual([written.shift, written.anytimeInterval, written.noise], [null, null, null]);
  });

  it('names the page by its path where the public address is not known', async () => {
    const answer = await request(makeApi({ publicUrl: null }).handler).get(`/v1/analyses/${makeRun().id}`);

    assert.equal(answer.body.links.page, `/analyses/${makeRun().id}`);
  });

  it('is 404 for an analysis that does not exist, and 400 for an id that cannot be read', async () => {
    const api = makeApi();

    assert.equal((await request(api.handler).get('/v1/analyses/none')).status, 404);
    assert.equal((await request(api.handler).get('/v1/analyses/%E0%A4%A')).status, 400);
  });

  it('does not hold the answer of an analysis that is over', async () => {
    const run = makeRun({ phase: 'concluded', verdict: 'fail' });
    const runs = makeRuns({ waitFor: () => Promise.reject(new Error('not to be called')) }, [run]);

    const answer = await request(makeApi({ runs }).handler).get(`/v1/analyses/${run.id}?wait=30s`);

    assert.equal(answer.body.verdict, 'fail');
  });

  for (const wait of ['2m', 'soon']) {
    it(`refuses to wait ${wait}`, async () => {
      const api = makeApi();

      const answer = await request(api.handler).get(`/v1/analyses/${makeRun().id}?wait=${wait}`);

      assert.equal(answer.status, 400);
      assert.equal(answer.body.errors[0].path, 'wait');
    });
  }
});

describe('GET /v1/analyses', () => {
  it('filters, pages and leaves out parameters without a value', async () => {
    const asked: unknown[] = [];
    const runs = makeRuns({
      list: async (...args) => {
        asked.push(args);
        return { items: [makeRun()], nextCursor: 'next/+=' };
      },
    });
    const api = makeApi({ runs });

    const answer = await request(api.handler).get(
      '/v1/analyses?service=checkout&environment=&verdict=fail&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00%2B00:00&limit=5&cursor=abc/%3D',
    );

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.items.length, 1);
    assert.equal(answer.body.nextCursor, 'next/+=');
    const filter = {
      service: 'checkout',
      environment: undefined,
      verdict: 'fail',
      from: start,
      to: start + 86_400_000,
    };
    assert.deepEqual(asked, [[filter, 5, 'abc/=']]);
  });

  const bad: readonly (readonly [query: string, path: string, message: RegExp])[] = [
    ['limit=0', 'limit', /found 0; must be >= 1/],
    ['limit=many', 'limit', /found "many"; must be integer/],
    ['verdict=maybe', 'verdict', /found "maybe"; allowed are running, pass, fail, inconclusive/],
    ['from=monday', 'from', /found "monday"; allowed are RFC 3339/],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to', /must be after from/],
    ['servise=x', 'servise', /unknown parameter; allowed are service, environment, verdict/],
  ];
  for (const [query, path, message] of bad) {
    it(`refuses ${query}`, async () => {
      const api = makeApi();

      const answer = await request(api.handler).get(`/v1/analyses?${query}`);

      assert.equal(answer.status, 400, answer.text);
      assert.equal(answer.body.errors[0].path, path);
      assert.match(answer.body.errors[0].message, message);
    });
  }
});

describe('POST /v1/analyses/{id}/cancel', () => {
  it('answers the cancelled analysis and reads no body', async () => {
    const api = makeApi();

    const answer = await request(api.handler)
      .post(`/v1/analyses/${makeRun().id}/cancel`)
      .set('Content-Type', 'text/plain')
      .send('{broken');

    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.body.phase, 'cancelled');
    assert.equal(answer.body.verdict, 'inconclusive');
    assert.equal((await request(api.handler).post('/v1/analyses/none/cancel')).status, 404);
  });
});

describe('GET /v1/analyses/{id}/series', () => {
  it('gives each series with its grid', async () => {
    const series = { start, step: 60_000, values: [1, null, 3] };
    const runs = makeRuns({
      series: async () => [
        { metric: 'latency', arm: 'canary', field: 'value', member: '', series },
        { metric: 'latency', arm: 'canary', field: 'value', member: 'pod-1', series },
      ],
    });
    const api = makeApi({ runs });

    const answer = await request(api.handler).get(`/v1/analyses/${makeRun().id}/series`);

    const written = {
      metric: 'latency',
      arm: 'canary',
      field: 'value',
      start: '2026-01-01T00:00:00.000Z',
      step: '1m',
      values: [1, null, 3],
    };
    assert.deepEqual(answer.body, {
      items: [
        { ...written, member: '' },
        { ...written, member: 'pod-1' },
      ],
    });
  });
});
