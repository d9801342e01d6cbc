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
    membersQuery: 'latency_buckets',
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

  describe('with several series', () => {
    const readMembers = async (query: string, scenario: string | null, over: Partial<QueryRequest> = {}) => {
      const scope: Record<string, string> = scenario === null ? {} : { 'scope.scenario': scenario };
      const { signal } = new AbortController();
      const request = { query, arm: 'canary', from, to, step: minute, signal, ...over } as const;
      const { members } = await provider.fetchMembers({ ...request, variables: { ...subject, ...scope } });
      return members.map(({ labels, series }) => ({ labels, values: series.values }));
    };
    /** Requests of the whole window at or below an edge. */
    const atOrBelow = async (le: string, scenario: string | null): Promise<number> => {
      const found = (await readMembers('latency_buckets', scenario)).find(
        ({ labels }) => labels['le'] === le,
      );
      return sum(found?.values ?? []);
    };

    it('has requests at or below each edge, all of them at the last', async () => {
      const buckets = await readMembers('latency_buckets', null);

      assert.deepEqual([...new Set(buckets.flatMap(({ labels }) => Object.keys(labels)))], ['le']);
      assert.equal(buckets.at(-1)?.labels['le'], '+Inf');
      assert.deepEqual(buckets.at(-1)?.values, await read('requests', null));
      buckets.forEach(({ values }, edge) => {
        values.forEach((count, step) => {
          assert.ok(Number.isInteger(count) && (count ?? 0) >= (buckets[edge - 1]?.values[step] ?? 0));
        });
      });
    });

    it('has about 1 % of the requests above 120 ms and half of them above 37.5 ms', async () => {
      const all = await atOrBelow('+Inf', null);

      within(1 - (await atOrBelow('120', null)) / all, 0.008, 0.013);
      within((await atOrBelow('40', null)) / all, 0.53, 0.58);
      within((await atOrBelow('30', null)) / all, 0.3, 0.35);
    });

    it('has the share above the p99 of the same moment at 1 % of requests', async () => {
      const buckets = await readMembers('latency_buckets', null);
      const p99 = await read('latency_p99', null);
      const at = (le: string) => buckets.find(({ labels }) => labels['le'] === le)?.values ?? [];
      const near = p99.flatMap((latency, step) =>
        Math.abs((latency ?? 0) - 120) < 1 ? [1 - (at('120')[step] ?? 0) / (at('+Inf')[step] ?? 0)] : [],
      );

      assert.ok(near.length > 30);
      within(mean(near), 0.0095, 0.0105);
    });

    it('slow-x1.5 has the requests half as slow again, and as many of them', async () => {
      const all = await atOrBelow('+Inf', 'slow-x1.5');

      assert.equal(all, await atOrBelow('+Inf', null));
      assert.ok(
        Math.abs((await atOrBelow('150', 'slow-x1.5')) - (await atOrBelow('100', null))) / all < 1e-3,
      );
      assert.ok(Math.abs((await atOrBelow('30', 'slow-x1.5')) - (await atOrBelow('20', null))) / all < 3e-3);
    });

    it('has buckets that few requests reach, at a short step', async () => {
      const window = { step: 15, to: from + 9_999 * 15 };
      const buckets = await readMembers('latency_buckets', null, window);
      const all = sum(buckets.at(-1)?.values ?? []);
      const above = (le: string) =>
        1 - sum(buckets.find(({ labels }) => labels['le'] === le)?.values ?? []) / all;

      within(above('120'), 0.008, 0.013);
      within(above('80'), 0.055, 0.075);
    });

    for (const signal of ['latency_p99', 'cpu']) {
      it(`has three pods an arm for ${signal}, whose mean is the signal`, async () => {
        const pods = await readMembers(signal, null);
        const whole = await read(signal, null);

        assert.deepEqual(
          pods.map(({ labels }) => labels),
          ['checkout-canary-0', 'checkout-canary-1', 'checkout-canary-2'].map((pod) => ({ pod })),
        );
        whole.forEach((value, step) => {
          const values = pods.map((pod) => pod.values[step] ?? Number.NaN);
          const isLatency = signal === 'latency_p99';
          const together = isLatency ? Math.exp(mean(values.map(Math.log))) : mean(values);
          assert.ok(Math.abs(together / (value ?? 0) - 1) < 1e-9);
        });
      });
    }

    it('lets pods of an arm differ as much as their mean varies', async () => {
      const pods = await readMembers('latency_p99', null);
      const logs = pods.map(({ values }) => values.map((value) => Math.log(value ?? Number.NaN)));
      const [first = [], second = []] = logs;
      const apart = first.map((value, step) => value - (second[step] ?? 0));

      // Twice the variance of one pod, which is three times that of the mean of three: half of 0.05².
      within(mean(apart.map((value) => value ** 2)), 0.8 * 6 * 0.00125, 1.2 * 6 * 0.00125);
    });

    it('has gaps in all of them at once, and none of them without data', async () => {
      for (const signal of ['latency_buckets', 'latency_p99', 'cpu']) {
        const members = await readMembers(signal, 'gaps');
        const whole = await read('requests', 'gaps');

        assert.ok(members.length >= 3);
        for (const { values } of members)
          assert.deepEqual(
            values.map((value) => value === null),
            whole.map((value) => value === null),
          );
        assert.deepEqual(await readMembers(signal, 'no-data'), []);
      }
    });

    it('is asked for buckets as several series only', async () => {
      await assert.rejects(
        read('latency_buckets', null),
        /latency_buckets of synthetic "demo" gives 15 series, one for each le; it is for kind: histogram/,
      );
    });
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
    [
      'latency',
      null,
      /found the signal "latency"; allowed are requests, errors, latency_p99, cpu, latency_buckets/,
    ],
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
