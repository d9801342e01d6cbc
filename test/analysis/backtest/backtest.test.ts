import assert from 'node:assert/strict';
import type { Progress } from '../../../src/analysis/backtest/backtest.ts';
import { keepInMemory } from '../../../src/analysis/backtest/done-file.ts';
import type { PastWindow } from '../../../src/analysis/backtest/past-window.ts';
import { SerinError } from '../../../src/errors.ts';
import type { Provider } from '../../../src/metrics/provider.ts';
import { start } from '../../support/plans.ts';
import { makeProvider } from '../../support/providers.ts';
import {
  countingProvider,
  day,
  hour,
  makeNamedPlan,
  makeSubject,
  makeWindow,
  makeWindows,
  minute,
  runPast,
} from './past.ts';

const cpu = { name: 'cpu', provider: 'synthetic', query: 'cpu' };

/** The windows of deploys with that behaviour of the canary. */
function deploysOf(scenario: string, count: number): PastWindow[] {
  return Array.from({ length: count }, (_, index) =>
    makeWindow({
      start: start + index * day,
      changeId: `${scenario}${index}`,
      subject: makeSubject({ version: `v${index}`, canary: { scenario }, baseline: { zone: 'b' } }),
    }),
  );
}

describe('backtest', () => {
  it('gives few false alarms in windows in which nothing happened, and passes most', async () => {
    const { judged, unread, isStopped } = await runPast(makeWindows(72, hour), countingProvider());

    assert.equal(judged.length, 72);
    assert.deepEqual([unread, isStopped], [[], false]);
    assert.ok(judged.filter(({ verdict }) => verdict === 'fail').length <= 3);
    assert.ok(judged.filter(({ verdict }) => verdict === 'pass').length >= 65);
    assert.ok(judged.every(({ isEmpty, minutes }) => !isEmpty && minutes > 0 && minutes <= 30.5));
  });

  it('catches five times the errors in every deploy, by the errors and soon', async () => {
    const { judged } = await runPast(deploysOf('errors-x5', 12), countingProvider());

    for (const { verdict, isEmpty, metrics, minutes, reason } of judged) {
      assert.deepEqual([verdict, isEmpty], ['fail', false]);
      assert.ok(metrics.every(({ obstacle }) => obstacle === null));
      assert.equal(metrics.find(({ metric }) => metric === 'errors')?.verdict, 'fail');
      assert.ok(minutes < 6, `${minutes} minutes`);
      assert.match(reason, /^errors: /);
    }
  });

  it('tells windows without data apart, and a canary that is not there where nothing was rolled out', async () => {
    const gone = makeSubject({
      canary: { scenario: 'no-data' },
      baseline: { scenario: 'no-data', zone: 'b' },
    });
    const silent = makeSubject({ canary: { scenario: 'no-data' } });
    const said = async (window: PastWindow) => {
      const { judged } = await runPast([window], countingProvider(), {
        plans: [makeNamedPlan({ onCanarySilent: 'fail' })],
      });
      return [judged[0]?.isEmpty, judged[0]?.metrics[0]?.obstacle];
    };

    assert.deepEqual(await said(makeWindow({ subject: gone })), [true, 'no_data']);
    assert.deepEqual(await said(makeWindow({ subject: silent })), [true, 'silent']);
    assert.deepEqual(await said(makeWindow({ subject: gone, changeId: 'c1' })), [true, 'no_data']);
    assert.deepEqual(await said(makeWindow({ subject: silent, changeId: 'c1' })), [false, 'silent']);
  });

  it('reads each day of a query once for all windows and plans', async () => {
    const provider = countingProvider();
    const plans = [makeNamedPlan(), makeNamedPlan({ duration: '20m' }, 'short')];

    const { judged } = await runPast(makeWindows(24, hour), provider, { plans });

    assert.equal(judged.length, 48);
    // Three queries in two arms on one day; the first hour's past of the gauge lies in the day before.
    assert.equal(provider.asked.length, 3 * 2 + 1);
    const asked = provider.asked.map(({ query, arm, from }) => `${query} ${arm} ${from}`);
    assert.equal(new Set(asked).size, asked.length);
  });

  it('neither reads nor judges again what was judged before, after a stop in the middle', async () => {
    const done = keepInMemory();
    const stop = new AbortController();
    const windows = makeWindows(48, hour);
    const first = await runPast(windows, countingProvider(), {
      done,
      stop: stop.signal,
      onProgress: (progress) => {
        if (progress.done === 30) stop.abort();
      },
    });
    assert.deepEqual([first.judged.length, first.isStopped], [30, true]);

    const provider = countingProvider();
    const progress: Progress[] = [];
    const second = await runPast(windows, provider, { done, onProgress: (one) => progress.push(one) });

    const whole = await runPast(windows, countingProvider());
    assert.deepEqual(second, whole);
    assert.ok(provider.asked.every(({ to }) => to >= start + day));
    assert.deepEqual(progress.at(-1), { done: 48, all: 48, resumed: 30, unread: 0 });

    const third = countingProvider();
    assert.deepEqual(await runPast(windows, third, { done }), whole);
    assert.equal(third.asked.length, 0);
  });

  it('judges afresh under another plan, version, harm or noise', async () => {
    const done = keepInMemory();
    const windows = makeWindows(1, hour);
    const asked = async (changes: Parameters<typeof runPast>[2]): Promise<number> => {
      const provider = countingProvider();
      await runPast(windows, provider, { done, ...changes });
      return provider.asked.length;
    };
    const profile = { squares: [1], logDeterminants: [0], degrees: 1, runs: 2 };

    assert.ok((await asked({})) > 0);
    assert.equal(await asked({}), 0);
    assert.ok((await asked({ version: '2' })) > 0);
    assert.ok((await asked({ plans: [makeNamedPlan({ alpha: 0.01 })] })) > 0);
    assert.ok((await asked({ harm: { factor: 2, after: 0 } })) > 0);
    assert.ok((await asked({ recallNoise: async () => [{ metric: 'latency', profile }] })) > 0);
  });

  it('gives the judge the noise that earlier runs told of, but not where the arms lie apart in time', async () => {
    const recalled: number[] = [];
    const recallNoise = async (run: { readonly start: number }) => {
      recalled.push(run.start);
      return [];
    };
    await runPast([makeWindow()], countingProvider(), { recallNoise });
    await runPast([makeWindow({ offset: day })], countingProvider(), { recallNoise });

    assert.deepEqual(recalled, [start]);
  });

  it('finds harm that is put into one metric, and says how long after its beginning', async () => {
    const { judged } = await runPast(makeWindows(12, hour), countingProvider(), {
      harm: { factor: 2, after: 10 * minute },
    });

    const harmed = judged.flatMap((window) => window.harmed);
    assert.deepEqual([...new Set(harmed.map(({ metric }) => metric))], ['errors', 'latency']);
    assert.equal(harmed.length, 24);
    assert.ok(
      harmed.every(({ caught, minutes }) => caught && minutes !== null && minutes > 0 && minutes < 10),
    );
    assert.ok(judged.filter(({ verdict }) => verdict === 'fail').length <= 1);
    const { judged: deploys } = await runPast(deploysOf('harmless', 1), countingProvider(), {
      harm: { factor: 2, after: 0 },
    });
    assert.deepEqual(deploys[0]?.harmed, []);
  });

  it('puts harm into one metric at a time', async () => {
    const indifferent = { name: 'errors', kind: 'ratio', provider: 'synthetic', margin: 50 };
    const plans = [
      makeNamedPlan({
        metrics: [
          { ...indifferent, events: 'errors', total: 'requests' },
          { name: 'latency', kind: 'gauge', provider: 'synthetic', query: 'latency_p99' },
        ],
      }),
    ];

    const { judged } = await runPast(makeWindows(3, hour), countingProvider(), {
      plans,
      harm: { factor: 3, after: 0 },
    });

    for (const { harmed } of judged)
      assert.deepEqual(
        harmed.map(({ metric, caught }) => [metric, caught]),
        [
          ['errors', false],
          ['latency', true],
        ],
      );
  });

  it('leaves a metric out that has nothing to multiply', async () => {
    const provider = makeProvider(({ query }) => (query.startsWith('errors') ? 0 : 100));
    const queries = { events: 'errors{{scope.zone}}', total: 'requests{{scope.zone}}' };
    const metric = { name: 'errors', kind: 'ratio', provider: 'synthetic', ...queries };

    const { judged } = await runPast([makeWindow()], provider, {
      plans: [makeNamedPlan({ metrics: [metric] })],
      harm: { factor: 3, after: 0 },
    });

    assert.deepEqual(judged[0]?.harmed, []);
  });

  it('refuses a metric that asks the same for both arms and gets the same', async () => {
    const provider = makeProvider((_, point) => point % 7);

    await assert.rejects(
      runPast([makeWindow()], provider),
      /web: errors: its queries use no variable in which the arms differ \(canary zone=a, baseline zone=b\)/,
    );
  });

  it('takes equal values of arms that are asked for apart for what they are', async () => {
    const provider = makeProvider(({ query }) => (query.startsWith('errors') ? 0 : 100));
    const metric = {
      name: 'errors',
      kind: 'ratio',
      provider: 'synthetic',
      events: 'errors{{scope.zone}}',
      total: 'requests{{scope.zone}}',
    };

    const { judged } = await runPast([makeWindow()], provider, {
      plans: [makeNamedPlan({ metrics: [metric] })],
    });

    assert.equal(judged.length, 1);
  });

  it('tells of a window that could not be read, and goes on', async () => {
    let calls = 0;
    const inner = countingProvider();
    const provider: Provider = {
      ...inner,
      fetch: async (request) => {
        calls += 1;
        if (calls <= 2) throw new SerinError('provider_unreachable', 'prometheus "p" is away');
        return inner.fetch(request);
      },
    };

    const { judged, unread } = await runPast(makeWindows(3, hour), provider);

    assert.deepEqual(
      unread.map((one) => [one.start, one.plan]),
      [[start, 'web']],
    );
    assert.match(unread[0]?.reason ?? '', /is away/);
    assert.equal(judged.length, 2);
  });

  it('gives up when three windows in a row cannot be read', async () => {
    const away = makeProvider(() => {
      throw new SerinError('provider_unreachable', 'prometheus "p" is away');
    });
    const progress: Progress[] = [];

    await assert.rejects(runPast(makeWindows(5, hour), away, { onProgress: (one) => progress.push(one) }), {
      code: 'provider_unreachable',
    });
    assert.deepEqual(
      progress.map(({ unread }) => unread),
      [1, 2],
    );
  });

  it('goes on where every third window can be read', async () => {
    const inner = countingProvider();
    const provider: Provider = {
      ...inner,
      fetch: async (request) => {
        if (Math.floor((request.from - start) / hour) % 3 !== 2)
          throw new SerinError('provider_unreachable', 'away');
        return inner.fetch(request);
      },
    };
    const plans = [makeNamedPlan({ duration: '10m', metrics: [{ ...cpu, kind: 'limit', max: 100 }] })];
    const windows = makeWindows(6, hour).map((window) => ({ ...window, changeId: 'c1' }));

    const { judged, unread } = await runPast(windows, provider, { plans });

    assert.deepEqual([judged.length, unread.length], [2, 4]);
  });

  it('counts an answer that cannot be read as a histogram as not read', async () => {
    const provider = makeProvider(
      () => 1,
      () => [{ labels: { other: 'x' }, value: () => 1 }],
    );
    const metric = { name: 'slow', kind: 'histogram', provider: 'synthetic', query: 'q{{scope.zone}}' };

    const { unread } = await runPast([makeWindow()], provider, {
      plans: [makeNamedPlan({ metrics: [metric] })],
    });

    assert.match(unread[0]?.reason ?? '', /slow: .*without the label le/);
  });
});
