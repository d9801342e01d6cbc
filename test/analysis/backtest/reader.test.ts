import assert from 'node:assert/strict';
import type { PastWindow } from '../../../src/analysis/backtest/past-window.ts';
import { createReader, type ReaderOptions } from '../../../src/analysis/backtest/reader.ts';
import { SerinError } from '../../../src/errors.ts';
import type { Provider, QueryRequest } from '../../../src/metrics/provider.ts';
import { start } from '../../support/plans.ts';
import { makeProvider } from '../../support/providers.ts';
import { day, hour, makeWindow, minute, never } from './past.ts';

function makeReader(provider: Provider, changes: Partial<ReaderOptions> = {}) {
  return createReader({
    findProvider: (name) => (name === 'synthetic' ? provider : null),
    concurrency: 2,
    deadlineMs: 5_000,
    chunkPoints: () => 1_440,
    now: start + 30 * day,
    stop: never,
    ...changes,
  });
}

function request(changes: Partial<QueryRequest> = {}): QueryRequest {
  return {
    query: 'latency',
    variables: { 'scope.zone': 'a', start: String(start / 1000), end: String(start / 1000 + 1800) },
    arm: 'canary',
    from: start + minute,
    to: start + 30 * minute,
    step: minute,
    signal: never,
    ...changes,
  };
}

/** Minutes since the start: a value that tells where it was read. */
const clock = (_: QueryRequest, point: number): number => (point - start) / minute;

function providerOf(window: PastWindow, reader: ReturnType<typeof makeReader>): Provider {
  const provider = reader.forWindow(window).findProvider('synthetic');
  assert.ok(provider !== null);
  return provider;
}

describe('a reader', () => {
  it('asks once for a day that windows share, and gives each its own part', async () => {
    const provider = makeProvider(clock);
    const reader = makeReader(provider);
    for (const at of [0, 5, 23]) {
      const from = start + at * hour + minute;
      const window = makeWindow({ start: start + at * hour });
      const variables = { 'scope.zone': 'a', start: String(from), end: 'x' };
      const { series } = await providerOf(window, reader).fetch(
        request({ from, to: from + minute, variables }),
      );
      assert.deepEqual(series, { start: from, step: minute, values: [at * 60 + 1, at * 60 + 2] });
    }
    assert.deepEqual(
      provider.asked.map(({ from, to, variables }) => [from - start, to - start, variables]),
      [[0, day - minute, { 'scope.zone': 'a' }]],
    );
  });

  it('asks apart for another arm, query, scope or step, and for each window of a query with its start', async () => {
    const provider = makeProvider(clock);
    const reader = makeReader(provider);
    const ask = (changes: Partial<QueryRequest>, at = 0) =>
      providerOf(makeWindow({ start: start + at }), reader).fetch(request(changes));
    await ask({});
    await ask({ arm: 'baseline' });
    await ask({ query: 'errors' });
    await ask({ variables: { 'scope.zone': 'b' } });
    await ask({ from: start, to: start, step: 2 * minute });
    assert.equal(provider.asked.length, 5);
    await ask({ query: 'x @ {{start}}', variables: { start: '1', end: '2' } });
    await ask({ query: 'x @ {{start}}', variables: { start: '2', end: '3' } });
    assert.deepEqual(
      provider.asked.slice(5).map(({ variables }) => variables),
      [
        { start: '1', end: '2' },
        { start: '2', end: '3' },
      ],
    );
    await ask({});
    assert.equal(provider.asked.length, 7);
  });

  it('shares the members of a query that gives several as well', async () => {
    const provider = makeProvider(clock, () => [{ labels: { pod: 'p' }, value: (point) => point - start }]);
    const reader = makeReader(provider);
    for (const at of [1, 2]) {
      const from = start + at * hour;
      const { members } = await providerOf(makeWindow(), reader).fetchMembers(request({ from, to: from }));
      assert.deepEqual(members, [
        {
          labels: { pod: 'p' },
          series: { start: from, step: minute, values: [at * hour] },
          notNumbers: [],
        },
      ]);
    }
    assert.equal(provider.asked.length, 1);
  });

  it('reads the baseline of an offset window earlier, as the population of the canary', async () => {
    const provider = makeProvider(clock);
    const reader = makeReader(provider);
    const seen = providerOf(makeWindow({ offset: 2 * day }), reader);
    const query = 'x @ {{start}}';

    const canary = await seen.fetch(request({ query }));
    const baseline = await seen.fetch(request({ query, arm: 'baseline' }));

    assert.equal(canary.series.values[0], 1);
    assert.deepEqual([baseline.series.start, baseline.series.values[0]], [start + minute, 1 - 2 * 24 * 60]);
    assert.deepEqual(
      provider.asked.map(({ arm, variables }) => [arm, Number(variables['start']) - start / 1000]),
      [
        ['baseline', 0],
        ['baseline', (-2 * day) / 1000],
      ],
    );
  });

  it('asks for just the window of a deploy, with its start and end, and once for all plans', async () => {
    const provider = makeProvider(clock);
    const seen = providerOf(makeWindow({ changeId: 'c1' }), makeReader(provider));
    await seen.fetch(request());
    await seen.fetch(request());
    assert.deepEqual(
      provider.asked.map(({ from, to, variables }) => [from, to, variables['start']]),
      [[start + minute, start + 30 * minute, String(start / 1000)]],
    );
  });

  it('asks window by window from then on where a chunk is too much for the backend', async () => {
    const inner = makeProvider(clock);
    const provider: Provider = {
      ...inner,
      fetch: async (asked) => {
        const answer = await inner.fetch(asked);
        if (answer.series.values.length > 100) throw new SerinError('provider_too_large', 'too large');
        return answer;
      },
    };
    const reader = makeReader(provider);
    const first = reader.forWindow(makeWindow());
    await first.findProvider('synthetic')?.fetch(request());
    assert.equal(first.failure(), null);
    await providerOf(makeWindow(), reader).fetch(request({ from: start + hour, to: start + hour }));
    assert.deepEqual(
      inner.asked.map(({ from, to }) => (to - from) / minute + 1),
      [1_440, 30, 1],
    );
  });

  it('tells what failed, and asks again for the next window', async () => {
    let isAway = true;
    const provider = makeProvider(() => {
      if (isAway) throw new SerinError('provider_unreachable', 'away');
      return 1;
    });
    const reader = makeReader(provider);
    const { findProvider, failure } = reader.forWindow(makeWindow());
    assert.equal(failure(), null);
    await assert.rejects(async () => findProvider('synthetic')?.fetch(request()), /away/);
    assert.match(String(failure()), /away/);
    isAway = false;
    const next = reader.forWindow(makeWindow());
    await next.findProvider('synthetic')?.fetch(request());
    assert.equal(next.failure(), null);
    assert.equal(findProvider('other'), null);
  });

  it('has no more requests under way than said, and gives each a deadline of its own', async () => {
    let underWay = 0;
    let most = 0;
    const inner = makeProvider(clock);
    const provider: Provider = {
      ...inner,
      fetch: async (asked) => {
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise(setImmediate);
        underWay -= 1;
        return inner.fetch(asked);
      },
    };
    const seen = providerOf(makeWindow(), makeReader(provider, { concurrency: 3 }));
    const queries = Array.from({ length: 10 }, (_, index) => `q${index}`);
    await Promise.all(queries.map((query) => seen.fetch(request({ query }))));
    assert.equal(most, 3);

    const silent: Provider = {
      ...inner,
      fetch: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(new SerinError('provider_timeout', 'too late')));
        }),
    };
    const reader = makeReader(silent, { deadlineMs: 5 });
    await assert.rejects(providerOf(makeWindow(), reader).fetch(request()), /too late/);
  });

  it('asks for nothing once it is told to stop, nor for what is not measured yet', async () => {
    const provider = makeProvider(clock);
    const stop = new AbortController();
    const reader = makeReader(provider, { stop: stop.signal, now: start + 10.5 * hour });
    await providerOf(makeWindow(), reader).fetch(request());
    assert.equal(provider.asked[0]?.to, start + 10.5 * hour);
    stop.abort();
    await assert.rejects(providerOf(makeWindow(), reader).fetch(request({ query: 'other' })), /stopped/);
    assert.equal(provider.asked.length, 1);
  });
});
