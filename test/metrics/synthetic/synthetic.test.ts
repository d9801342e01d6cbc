import assert from 'node:assert/strict';
import { SerinError } from '../../../src/errors.ts';
import type { QueryRequest } from '../../../src/metrics/provider.ts';
import { createProvider } from '../../../src/metrics/registry.ts';
import { testProviderContract } from '../provider-contract.ts';

const minute = 60_000;
const from = 1_700_000_040_000;
const steps = 600;
const to = from + (steps - 1) * minute;
const subject = {
  service: 'checkout',
  version: 'v1',
  start: String(from / 1000),
  end: String(to / 1000),
  step: '1m',
};

testProviderContract(
  {
    type: 'synthetic',
    create: () => createProvider('main', { type: 'synthetic' }),
    query: ' requests\n',
    variables: subject,
    emptyVariables: { ...subject, 'scope.scenario': 'no-data' },
    badQuery: 'rate(requests[1m])',
    secrets: [],
    replies: null,
  },
  () => null,
);

type Values = readonly (number | null)[];

const provider = createProvider('demo', { type: 'synthetic' });

async function read(
  query: string,
  scenario: string | null,
  over: Partial<QueryRequest> = {},
  variables: Record<string, string> = {},
): Promise<Values> {
  const scope: Record<string, string> = scenario === null ? {} : { 'scope.scenario': scenario };
  const { signal } = new AbortController();
  const request = { query, arm: 'canary', from, to, step: minute, signal, ...over } as const;
  const answer = await provider.fetch({ ...request, variables: { ...subject, ...scope, ...variables } });
  return answer.series.values;
}

function sum(values: Values): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

function mean(values: Values): number {
  return sum(values) / values.filter((value) => value !== null).length;
}

function within(actual: number, low: number, high: number): void {
  assert.ok(actual > low && actual < high, `${actual} is not within ${low} and ${high}`);
}

function logDeviation(values: Values): number {
  const logs = values.map((value) => Math.log(value ?? Number.NaN));
  return Math.sqrt(mean(logs.map((log) => (log - mean(logs)) ** 2)));
}

function correlation(left: Values, right: Values): number {
  const [a, b] = [mean(left), mean(right)];
  const both = left.map((value, index) => ((value ?? 0) - a) * ((right[index] ?? 0) - b));
  const squares = (values: Values, centre: number) =>
    sum(values.map((value) => ((value ?? 0) - centre) ** 2));
  return sum(both) / Math.sqrt(squares(left, a) * squares(right, b));
}

describe('the synthetic provider', () => {
  it('gives the same numbers for the same request', async () => {
    for (const signal of ['requests', 'errors', 'latency_p99', 'cpu']) {
      assert.deepEqual(await read(signal, 'gaps'), await read(signal, 'gaps'));
    }
  });

  it('gives other numbers to another service, version, arm or signal', async () => {
    const ours = await read('latency_p99', null);

    assert.notDeepEqual(await read('latency_p99', null, {}, { service: 'basket' }), ours);
    assert.notDeepEqual(await read('latency_p99', null, {}, { version: 'v2' }), ours);
    assert.notDeepEqual(await read('latency_p99', null, { arm: 'baseline' }), ours);
    assert.notDeepEqual(await read('cpu', null), ours);
  });

  it('is harmless unless told otherwise', async () => {
    assert.deepEqual(await read('errors', null), await read('errors', 'harmless'));
  });

  it('has about 1 000 requests a second, at any step', async () => {
    for (const step of [1000, 5000, 15_000, minute]) {
      const end = from + 599 * step;
      const requests = await read('requests', null, { step, to: end });

      within(mean(requests) / (step / 1000), 900, 1_150);
      for (const count of requests) assert.ok(Number.isInteger(count));
    }
  });

  it('has about 1 % errors, never more than requests', async () => {
    for (const step of [1000, minute]) {
      const window = { step, to: from + 2999 * step };
      const [errors, requests] = [await read('errors', null, window), await read('requests', null, window)];

      within(sum(errors) / sum(requests), 0.009, 0.011);
      errors.forEach((count, index) => {
        assert.ok(Number.isInteger(count) && (count ?? 0) <= (requests[index] ?? 0));
      });
    }
  });

  it('has no more errors than requests, also where a step has hardly one', async () => {
    const window = { step: 15, to: from + 29_999 * 15 };
    const [errors, requests] = [
      await read('errors', 'errors-x5', window),
      await read('requests', null, window),
    ];

    assert.ok(errors.every((count, index) => (count ?? 0) <= (requests[index] ?? 0)));
  });

  it('has a latency of about 120 ms with a spread of about 5 %', async () => {
    const latency = await read('latency_p99', null);

    within(mean(latency), 118, 122);
    within(logDeviation(latency), 0.045, 0.055);
  });

  it('lets the arms share half of the noise of latency', async () => {
    const [canary, baseline] = [
      await read('latency_p99', null),
      await read('latency_p99', null, { arm: 'baseline' }),
    ];

    within(correlation(canary, baseline), 0.4, 0.6);
  });

  it('uses about 0.4 cores', async () => {
    within(mean(await read('cpu', null)), 0.39, 0.41);
  });

  it('errors-x5 has five times the errors and nothing else', async () => {
    within(sum(await read('errors', 'errors-x5')) / sum(await read('errors', null)), 4.7, 5.3);
    assert.deepEqual(await read('latency_p99', 'errors-x5'), await read('latency_p99', null));
    assert.deepEqual(await read('requests', 'errors-x5'), await read('requests', null));
  });

  it('slow-x1.5 has half as much latency again and nothing else', async () => {
    const [slow, usual] = [await read('latency_p99', 'slow-x1.5'), await read('latency_p99', null)];

    within(mean(slow) / mean(usual), 1.4999, 1.5001);
    assert.deepEqual(await read('errors', 'slow-x1.5'), await read('errors', null));
  });

  it('late-errors has five times the errors in the second half between start and end', async () => {
    const [late, usual] = [await read('errors', 'late-errors'), await read('errors', null)];

    assert.deepEqual(late.slice(0, 300), usual.slice(0, 300));
    within(sum(late.slice(301)) / sum(usual.slice(301)), 4.6, 5.4);
  });

  it('late-errors needs the start and the end', async () => {
    const { start: _start, ...without } = { ...subject, 'scope.scenario': 'late-errors' };
    const { signal } = new AbortController();
    const request = { query: 'errors', arm: 'canary', from, to, step: minute, signal } as const;

    await assert.rejects(
      provider.fetch({ ...request, variables: without }),
      /late-errors needs the variables start and end/,
    );
  });

  it('no-data has no value of any signal', async () => {
    for (const signal of ['requests', 'errors', 'latency_p99', 'cpu']) {
      assert.ok((await read(signal, 'no-data')).every((value) => value === null));
    }
  });

  it('gaps has runs of one and two missing points, the same for each signal, and no longer ones', async () => {
    const missing = (values: Values) => values.map((value) => (value === null ? 'x' : '.')).join('');
    const pattern = missing(await read('requests', 'gaps'));

    assert.equal(missing(await read('cpu', 'gaps')), pattern);
    assert.match(pattern, /\.x\./);
    assert.match(pattern, /\.xx\./);
    assert.doesNotMatch(pattern, /xxx/);
    within(pattern.replaceAll('.', '').length / steps, 0.15, 0.35);
  });

  for (const [query, scenario, pattern] of [
    ['latency', null, /found the signal "latency"; allowed are requests, errors, latency_p99, cpu/],
    ['constructor', null, /found the signal "constructor"/],
    [
      'errors',
      'errors-x6',
      /scope\.scenario: found "errors-x6"; allowed are harmless, errors-x5, slow-x1\.5, late-/,
    ],
  ] as const) {
    it(`refuses the signal ${query} in the scenario ${scenario}`, async () => {
      await assert.rejects(read(query, scenario), (error: unknown) => {
        assert.ok(error instanceof SerinError);
        assert.equal(error.code, 'invalid_input');
        assert.match(error.message, pattern);
        return true;
      });
    });
  }

  it('cannot tell a scrape interval', async () => {
    assert.equal(await provider.scrapeInterval(new AbortController().signal), null);
  });
});
