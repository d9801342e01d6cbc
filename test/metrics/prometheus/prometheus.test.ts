import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { type ErrorCode, SerinError } from '../../../src/errors.ts';
import type { Provider, QueryAnswer, QueryRequest } from '../../../src/metrics/provider.ts';
import { createProvider } from '../../../src/metrics/registry.ts';
import { type Backend, dropConnection, type Reply, sendJson, sendText, startBackend } from '../backend.ts';
import { testProviderContract } from '../provider-contract.ts';

const second = 1000;
const minute = 60 * second;
const origin = 1_700_000_040_000;
const secrets = ['tok-3nV"e+r/y=secret', 'h3ader-secret'];

type Value = [number, string | number];

function matrix(...series: { metric?: object; values?: Value[]; histograms?: unknown[] }[]): object {
  const result = series.map((one) => ({ metric: {}, ...one }));
  return { status: 'success', data: { resultType: 'matrix', result } };
}

function oneSeries(...values: [number, string | number][]): object {
  return matrix({ metric: { app: 'x' }, values: values.map(([ms, value]) => [ms / 1000, value]) });
}

/** Answers each point asked for with the minutes since the origin, as text. */
const full: Reply = (response, request) => {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(request.params.get(name)) * 1000);
  const values: [number, string][] = [];
  for (let at = start!; at <= end! + 0.5; at += step!) values.push([at, String((at - origin) / minute)]);
  sendJson(200, oneSeries(...values))(response, request);
};

/** The same for several pods, each with its number added. */
function several(count: number): Reply {
  return (response, request) => {
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(request.params.get(name)));
    const length = Math.round((end! - start!) / step!) + 1;
    const series = Array.from({ length: count }, (_, pod) => ({
      metric: { app: 'x', pod: `p${pod}` },
      values: Array.from({ length }, (_, index): Value => {
        const at = start! + index * step!;
        return [at, String((at * 1000 - origin) / minute + pod)];
      }),
    }));
    sendJson(200, matrix(...series))(response, request);
  };
}

function fixture(name: string): { data: { result: { values: [number, string][] }[] } } {
  return JSON.parse(readFileSync(new URL(`fixtures/${name}.json`, import.meta.url), 'utf8'));
}

let backend: Backend;
before(async () => {
  backend = await startBackend();
});
after(() => backend.close());

testProviderContract(
  {
    type: 'prometheus',
    create: (url, timeout) =>
      createProvider(
        'main',
        {
          type: 'prometheus',
          url,
          timeout: `${timeout}ms`,
          auth: { bearer: secrets[0] },
          headers: { 'X-Api-Key': secrets[1] },
        },
        { random: () => 0.5, sleep: async () => {} },
      ),
    query: 'sum(rate(http_requests_total{app="{{service}}"}[{{step}}]))',
    variables: { service: 'checkout', step: '1m' },
    membersQuery: 'avg by (pod) (x{app="{{service}}"})',
    badQuery: 'sum(rate(x[1m])',
    secrets,
    replies: {
      full,
      several,
      empty: sendJson(200, matrix()),
      malformed: {
        'another result type': sendJson(200, {
          status: 'success',
          data: { resultType: 'vector', result: [] },
        }),
        'no data': sendJson(200, { status: 'success' }),
        'a value that is no number': sendJson(200, oneSeries([origin, 'many'])),
        'an empty value': sendJson(200, oneSeries([origin, ''])),
        'a sample without value': sendJson(200, matrix({ values: [[1] as unknown as Value] })),
        'a status of its own': sendJson(200, { ...matrix(), status: 'fine' }),
        'two values for one point': sendJson(200, oneSeries([origin, '1'], [origin, '2'])),
      },
    },
  },
  () => backend,
);

describe('the Prometheus provider', () => {
  const made: Provider[] = [];
  const create = (config: object = {}) => {
    const provider = createProvider(
      'main',
      { type: 'prometheus', url: backend.url, ...config },
      { random: () => 0.5, sleep: async () => {} },
    );
    made.push(provider);
    return provider;
  };
  const ask = (over: Partial<QueryRequest> = {}, config: object = {}): Promise<QueryAnswer> =>
    create(config).fetch({
      query: 'up',
      variables: {},
      arm: 'canary',
      from: origin,
      to: origin + 4 * minute,
      step: minute,
      signal: new AbortController().signal,
      ...over,
    });
  const answerWith = (body: object, over: Partial<QueryRequest> = {}) => {
    backend.answer(sendJson(200, body));
    return ask(over);
  };
  const refusal = async (code: ErrorCode, promise: Promise<unknown>): Promise<string> => {
    const error = await promise.then(
      () => assert.fail('resolved'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof SerinError, String(error));
    assert.equal(error.code, code, error.message);
    return error.message;
  };

  beforeEach(() => {
    backend.requests.length = 0;
    backend.answer(full);
  });
  afterEach(() => {
    for (const provider of made.splice(0)) provider.close();
  });

  describe('asks', () => {
    it('for the grid in seconds, by POST, with its own deadline', async () => {
      await ask({ query: ' up ' }, { timeout: '5s' });

      const [request] = backend.requests;
      assert.equal(request?.method, 'POST');
      assert.equal(request?.path, '/api/v1/query_range');
      assert.deepEqual(Object.fromEntries(request?.params ?? []), {
        query: ' up ',
        start: '1700000040',
        end: '1700000280',
        step: '60',
        timeout: '5000ms',
      });
    });

    it('by GET where told so, below a path', async () => {
      await ask({}, { method: 'GET', url: `${backend.url}/prometheus/` });

      assert.equal(backend.requests[0]?.method, 'GET');
      assert.equal(backend.requests[0]?.path, '/prometheus/api/v1/query_range');
      assert.equal(backend.requests[0]?.params.get('query'), 'up');
    });

    it('for steps below a second', async () => {
      const answer = await ask({ from: origin + 500, to: origin + 1500, step: 250 });

      assert.equal(backend.requests[0]?.params.get('step'), '0.25');
      assert.equal(backend.requests[0]?.params.get('start'), '1700000040.5');
      assert.equal(answer.series.values.filter((value) => value !== null).length, 5);
    });

    it('with variables escaped by the place where they land', async () => {
      await ask({
        query: 'up{a="{{service}}",b=~"{{service}}"}[{{step}}]',
        variables: { service: 'a"b.c', step: '1m' },
      });

      assert.equal(backend.requests[0]?.params.get('query'), 'up{a="a\\"b.c",b=~"a\\"b\\\\.c"}[1m]');
    });

    it('nothing when a value cannot be written where it should', async () => {
      const message = await refusal(
        'invalid_input',
        ask({ query: 'up[{{step}}]', variables: { step: '1m] or x[1m' } }),
      );

      assert.match(message, /^\{\{step\}\}: found "1m\] or x\[1m" outside a string/);
      assert.equal(backend.requests.length, 0);
    });

    it('with the credentials and headers of the configuration', async () => {
      await ask(
        {},
        { auth: { basic: { username: 'a', password: 'b' } }, headers: { 'X-Scope-OrgID': 'shop' } },
      );

      assert.equal(backend.requests[0]?.headers.authorization, 'Basic YTpi');
      assert.equal(backend.requests[0]?.headers['x-scope-orgid'], 'shop');
    });
  });

  describe('splits a window of more points than may be asked for at once', () => {
    it('into requests that follow each other without gap or overlap', async () => {
      let open = 0;
      backend.answer((response, request) => {
        open += 1;
        assert.equal(open, 1, 'asked before the last answer came');
        response.on('finish', () => {
          open -= 1;
        });
        full(response, request);
      });

      const answer = await ask({ to: origin + 6 * minute }, { maxPoints: 3 });

      assert.deepEqual(answer.series.values, [0, 1, 2, 3, 4, 5, 6]);
      assert.deepEqual(
        backend.requests.map(({ params }) => [
          (Number(params.get('start')) * 1000 - origin) / minute,
          (Number(params.get('end')) * 1000 - origin) / minute,
        ]),
        [
          [0, 2],
          [3, 5],
          [6, 6],
        ],
      );
    });

    it('at 11 000 points by default', async () => {
      for (const [points, requests] of [
        [11_000, 1],
        [11_001, 2],
      ] as const) {
        backend.requests.length = 0;

        const answer = await ask({ step: second, to: origin + (points - 1) * second });

        assert.equal(backend.requests.length, requests);
        assert.equal(answer.series.values.length, points);
        assert.ok(answer.series.values.every((value) => value !== null));
      }
    });

    it('and gives what one request would have given', async () => {
      const plain = await ask({ to: origin + 20 * minute });

      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 2, max: 30 }), async (maxPoints) => {
          assert.deepEqual(await ask({ to: origin + 20 * minute }, { maxPoints }), plain);
        }),
        { numRuns: 15 },
      );
    });

    it('and refuses a series that is another in each part', async () => {
      let part = 0;
      backend.answer((response, request) => {
        part += 1;
        const values: Value[] = [[Number(request.params.get('start')), '1']];
        sendJson(200, matrix({ metric: { pod: `p${part}` }, values }))(response, request);
      });

      const message = await refusal('provider_ambiguous', ask({}, { maxPoints: 3 }));

      assert.match(message, /gave 2 series, such as \{pod="p1"\}, \{pod="p2"\};/);
    });
  });

  describe('puts values on the grid', () => {
    it('from an answer of a real Prometheus 2.42', async () => {
      const real = fixture('matrix');
      const from = real.data.result[0]!.values[0]![0] * 1000;

      const { series, warnings } = await answerWith(real, { from: from - 2000, to: from + 5000, step: 1000 });

      assert.deepEqual(series, {
        start: from - 2000,
        step: 1000,
        values: [null, null, 774, 775, 776, 777, 778, null],
      });
      assert.deepEqual(warnings, []);
    });

    it('with null for what a real Prometheus calls infinite, and says how many', async () => {
      const real = fixture('infinite');
      const from = real.data.result[0]!.values[0]![0] * 1000;

      const { series, warnings } = await answerWith(real, { from, to: from + 4000, step: 1000 });

      assert.deepEqual(series.values, [from / 1000, null, from / 1000 + 2, null, from / 1000 + 4]);
      assert.deepEqual(warnings, ['2 values were NaN or infinite and count as missing']);
    });

    it('with null for nothing, from a real empty answer', async () => {
      assert.deepEqual((await answerWith(fixture('empty'))).series.values, [null, null, null, null, null]);
    });

    it('with null for NaN and both infinities, in any spelling', async () => {
      const words = ['NaN', '+Inf', '-Inf', 'Inf', 'nan'];
      const values = words.map((word, index): Value => [origin + index * minute, word]);

      const { series, warnings } = await answerWith(oneSeries(...values));

      assert.deepEqual(series.values, [null, null, null, null, null]);
      assert.deepEqual(warnings, ['5 values were NaN or infinite and count as missing']);
    });

    it('from numbers as well as from text, also small and negative ones', async () => {
      const { series } = await answerWith(
        oneSeries(
          [origin, 1.5],
          [origin + minute, '-2e-7'],
          [origin + 2 * minute, '0'],
          [origin + 4 * minute, '1e+21'],
        ),
      );

      assert.deepEqual(series.values, [1.5, -2e-7, 0, null, 1e21]);
    });

    it('in any order, and the same one twice', async () => {
      const { series, warnings } = await answerWith(
        oneSeries(
          [origin + 4 * minute, '4'],
          [origin, '0'],
          [origin + 4 * minute, '4'],
          [origin + minute, '1'],
        ),
      );

      assert.deepEqual(series.values, [0, 1, null, null, 4]);
      assert.deepEqual(warnings, []);
    });

    it('and refuses two values for one point', async () => {
      const body = oneSeries([origin, '1'], [origin + 2000, '2']);

      const message = await refusal('provider_malformed', answerWith(body));

      assert.match(message, /two different values for 2023-11-14T22:14:00\.000Z; does it honour the step/);
    });

    it('on the nearest point when the backend answers between them, and says so', async () => {
      const { series, warnings } = await answerWith(
        oneSeries([origin + 20 * second, '0'], [origin + 50 * second, '1'], [origin + 2 * minute + 0.4, '2']),
      );

      assert.deepEqual(series.values, [0, 1, 2, null, null]);
      assert.deepEqual(warnings, ['2 values were between the points asked for and put on the nearest']);
    });

    it('and leaves out what nobody asked for', async () => {
      const { series, warnings } = await answerWith(
        oneSeries([origin - minute, '9'], [origin + 5 * minute, '9']),
      );

      assert.deepEqual(series.values, [null, null, null, null, null]);
      assert.deepEqual(warnings, ['2 values were outside the window asked for and left out']);
    });

    it('whatever the values are', async () => {
      const values = fc.array(fc.option(fc.double({ noNaN: true, noDefaultInfinity: true })), {
        minLength: 1,
        maxLength: 30,
      });
      await fc.assert(
        fc.asyncProperty(values, async (wanted) => {
          const samples = wanted.flatMap((value, index): Value[] =>
            value === null ? [] : [[origin + index * minute, String(value)]],
          );

          const { series } = await answerWith(oneSeries(...samples), {
            to: origin + (wanted.length - 1) * minute,
          });

          // Text knows no −0.
          assert.deepEqual(
            series.values,
            wanted.map((value) => (value === null ? null : value + 0)),
          );
        }),
        { numRuns: 40 },
      );
    });
  });

  describe('refuses several series', () => {
    it('of a real answer, naming three by the labels in which they differ', async () => {
      const real = fixture('several');
      const from = real.data.result[0]!.values[0]![0] * 1000;

      const message = await refusal(
        'provider_ambiguous',
        answerWith(real, { from, to: from + second, step: second }),
      );

      assert.match(
        message,
        /gave \d+ series, such as \{.*handler="\/api\/v1\/query"\}, .*, …; aggregate them into one, with sum/,
      );
      assert.doesNotMatch(message, /instance|__name__|self/);
    });

    it('naming no more labels and text than fit', async () => {
      const series = Array.from({ length: 500 }, (_, index) => ({
        metric: Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, `${index}`.repeat(90)])),
        values: [[origin / 1000, '1'] as Value],
      }));

      const message = await refusal('provider_ambiguous', answerWith(matrix(...series)));

      assert.match(message, /gave 500 series/);
      assert.ok(message.length < 700, message);
    });

    it('also those that are never there at the same time', async () => {
      const body = matrix(
        { metric: { pod: 'a' }, values: [[origin / 1000, '1']] },
        { metric: { pod: 'b' }, values: [[origin / 1000 + 60, '1']] },
      );

      await refusal('provider_ambiguous', answerWith(body));
    });

    it('but takes one without labels', async () => {
      const body = matrix({ metric: {}, values: [[origin / 1000, '7']] });

      assert.deepEqual((await answerWith(body)).series.values, [7, null, null, null, null]);
    });

    it('and says of native histograms how to get numbers', async () => {
      const body = matrix({ histograms: [[origin / 1000, { count: '1' }]] });

      assert.match(
        await refusal('provider_rejected', answerWith(body)),
        /native histograms; .*histogram_quantile/,
      );
    });
  });

  describe('gives several series', () => {
    const askMembers = (over: Partial<QueryRequest> = {}, config: object = {}) =>
      create(config).fetchMembers({
        query: 'up',
        variables: {},
        arm: 'canary',
        from: origin,
        to: origin + 4 * minute,
        step: minute,
        signal: new AbortController().signal,
        ...over,
      });
    const answerMembersWith = (...series: Parameters<typeof matrix>) => {
      backend.answer(sendJson(200, matrix(...series)));
      return askMembers();
    };
    const at = (index: number, value: string): Value => [(origin + index * minute) / 1000, value];

    it('of a real answer, by all their labels, with one request', async () => {
      const real = fixture('several');
      const from = real.data.result[0]!.values[0]![0] * 1000;
      backend.answer(sendJson(200, real));

      const { members } = await askMembers({ from, to: from + second, step: second });

      assert.equal(members.length, real.data.result.length);
      assert.ok(members.length > 1);
      assert.ok(members.some(({ labels }) => labels['handler'] === '/api/v1/query'));
      assert.equal(backend.requests.length, 1);
    });

    it('joined by their labels where the window was split, in whatever order these are written', async () => {
      let part = 0;
      backend.answer((response, request) => {
        part += 1;
        const value: Value = [Number(request.params.get('start')), String(part)];
        const labels = part === 1 ? { pod: 'a', app: 'x' } : { app: 'x', pod: 'a' };
        sendJson(
          200,
          matrix({ metric: labels, values: [value] }, { metric: { pod: `b${part}` }, values: [value] }),
        )(response, request);
      });

      const { members } = await askMembers({}, { maxPoints: 3 });

      assert.deepEqual(
        members.map(({ labels, series }) => [labels['pod'], series.values]),
        [
          ['a', [1, null, null, 2, null]],
          ['b1', [1, null, null, null, null]],
          ['b2', [null, null, null, 2, null]],
        ],
      );
    });

    it('with what is no number by series, and remarks on all of them together', async () => {
      const { members, warnings } = await answerMembersWith(
        { metric: { pod: 'a' }, values: [at(0, 'NaN'), at(1, '1')] },
        { metric: { pod: 'b' }, values: [at(0, '2'), at(1, '+Inf')] },
      );

      assert.deepEqual(
        members.map(({ notNumbers }) => notNumbers),
        [[origin], [origin + minute]],
      );
      assert.deepEqual(warnings, ['2 values were NaN or infinite and count as missing']);
    });

    it('and refuses two values for one point of one of them', async () => {
      const message = await refusal(
        'provider_malformed',
        answerMembersWith(
          { metric: { pod: 'a' }, values: [at(0, '1')] },
          { metric: { pod: 'b' }, values: [at(0, '1'), [origin / 1000 + 2, '2']] },
        ),
      );

      assert.match(message, /two different values/);
    });

    it('and says of native histograms to ask for classic ones', async () => {
      const histograms = [[origin / 1000, { count: '1' }]];

      assert.match(
        await refusal('provider_rejected', answerMembersWith({ metric: { pod: 'a' }, histograms })),
        /native histograms; ask for classic ones, with sum by \(le\)/,
      );
    });
  });

  describe('passes on', () => {
    it('warnings and infos, each once', async () => {
      const body = {
        ...matrix(),
        warnings: ['partial response', 'partial response'],
        infos: ['not a counter'],
      };
      backend.answer(sendJson(200, body));

      const { warnings } = await ask({}, { maxPoints: 2 });

      assert.deepEqual(warnings, ['partial response', 'not a counter']);
    });

    it('no secret in a warning or in an error that came with 200', async () => {
      const config = { auth: { bearer: 'hunter2-token' } };
      backend.answer(
        sendJson(200, { ...matrix(), warnings: [`bad token hunter2-token ${'x'.repeat(500)}`] }),
      );
      const { warnings } = await ask({}, config);
      assert.match(warnings[0] ?? '', /^bad token \*\*\* x+…$/);
      assert.equal(warnings[0]?.length, 200);

      backend.answer(sendJson(200, { status: 'error', errorType: 'bad_data', error: 'hunter2-token' }));
      assert.match(await refusal('provider_rejected', ask({}, config)), /answered: bad_data: \*\*\*$/);
    });

    it('what a real Prometheus says of a bad query', async () => {
      backend.answer(sendJson(400, fixture('bad-query')));

      const message = await refusal('provider_rejected', ask());

      assert.equal(
        message,
        `prometheus "main" at ${backend.host} answered 400: bad_data: 1:5: parse error: unclosed left parenthesis`,
      );
    });

    it('what it says of too many points', async () => {
      backend.answer(sendJson(400, fixture('too-many-points')));

      assert.match(
        await refusal('provider_rejected', ask()),
        /bad_data: exceeded maximum resolution of 11,000 points/,
      );
    });

    for (const [errorType, code] of [
      ['bad_data', 'provider_rejected'],
      ['execution', 'provider_rejected'],
      ['something new', 'provider_rejected'],
      ['timeout', 'provider_failed'],
      ['canceled', 'provider_failed'],
      ['internal', 'provider_failed'],
      ['unavailable', 'provider_failed'],
      ['too_many_requests', 'provider_throttled'],
    ] as const) {
      it(`an error of type ${errorType} that came with 200 as ${code}`, async () => {
        const message = await refusal(code, answerWith({ status: 'error', errorType, error: 'because' }));

        assert.match(message, new RegExp(`answered: ${errorType}: because$`));
      });
    }

    it('an error without words', async () => {
      assert.match(
        await refusal('provider_rejected', answerWith({ status: 'error' })),
        /unknown: no reason given/,
      );
    });
  });

  describe('tells the scrape interval', () => {
    const scrapeInterval = () => create().scrapeInterval(new AbortController().signal);

    it('of what the backend shows', async () => {
      backend.answer(sendJson(200, fixture('status-config')));

      assert.equal(await scrapeInterval(), 1000);
      assert.equal(backend.requests[0]?.path, '/api/v1/status/config');
    });

    for (const [name, reply] of [
      ['forbidden', sendText(403, '')],
      ['not offered', sendText(404, '')],
      ['a page', sendText(200, '<html>')],
    ] as const) {
      it(`as null when that is ${name}`, async () => {
        backend.answer(reply);

        assert.equal(await scrapeInterval(), null);
      });
    }

    it('not while the backend is away', async () => {
      backend.answer(dropConnection);

      await refusal('provider_unreachable', scrapeInterval());
    });
  });
});
