import assert from 'node:assert/strict';
import { historyPoints } from '../../src/analysis/queries.ts';
import { type Readings, read } from '../../src/analysis/readings.ts';
import type { Run } from '../../src/analysis/run.ts';
import { judgeInput } from '../../src/analysis/samples.ts';
import { SerinError } from '../../src/errors.ts';
import { makePlan, makeRun, start } from '../support/plans.ts';
import { type FakeMember, type FakeProvider, makeProvider } from '../support/providers.ts';

const minute = 60_000;
const never = new AbortController().signal;
const gauge = { name: 'latency', kind: 'gauge', provider: 'synthetic', query: 'latency' };
const ratio = { name: 'errors', kind: 'ratio', provider: 'synthetic', events: 'errors', total: 'requests' };

describe('read', () => {
  it('asks for both arms of every query over the window so far, with the variables of the arm', async () => {
    const provider = makeProvider(() => 1);
    const run = makeRun({ canary: { pod: 'a' }, baseline: { pod: 'b' } });
    await read(run, [], start + 3 * minute, () => provider, never);
    assert.deepEqual(
      provider.asked.map(({ arm, query, variables, from, to }) => [
        arm,
        query,
        variables['scope.pod'],
        from - start,
        to - start,
      ]),
      [
        ['canary', 'errors', 'a', minute, 3 * minute],
        ['baseline', 'errors', 'b', minute, 3 * minute],
        ['canary', 'requests', 'a', minute, 3 * minute],
        ['baseline', 'requests', 'b', minute, 3 * minute],
      ],
    );
    assert.equal(provider.asked[0]?.variables['step'], '1m');
    assert.equal(provider.asked[0]?.variables['start'], String(start / 1000));
  });

  it('reads only what is new or settling at the next look', async () => {
    const provider = makeProvider(() => 1);
    const run = makeRun();
    const { kept } = await read(run, [], start + 4 * minute, () => provider, never);
    provider.asked.length = 0;
    await read(run, kept, start + 5 * minute, () => provider, never);
    assert.deepEqual(provider.asked.map(({ from, to }) => [from - start, to - start])[0], [
      3 * minute,
      5 * minute,
    ]);
  });

  it('reads the past of a gauge’s baseline once, before the window, and never again', async () => {
    const provider = makeProvider(() => 1);
    const run = makeRun({ plan: makePlan({ metrics: [gauge] }) });
    const { kept } = await read(run, [], start + minute, () => provider, never);
    const history = kept.find(({ arm }) => arm === 'history');
    assert.equal(history?.series.values.length, 60);
    assert.deepEqual(historyPoints(run), { from: start - 59 * minute, to: start });
    provider.asked.length = 0;
    await read(run, kept, start + 2 * minute, () => provider, never);
    assert.equal(provider.asked.length, 2);
    await read({ ...run, looks: 1 }, [], start + 2 * minute, () => provider, never);
    assert.equal(provider.asked.length, 4);
  });

  it('asks for no past where the plan learns nothing from it', async () => {
    const provider = makeProvider(() => 1);
    const run = makeRun({ plan: makePlan({ metrics: [gauge], noise: { history: false } }) });
    const { kept } = await read(run, [], start + minute, () => provider, never);
    assert.deepEqual(
      provider.asked.map(({ arm, from }) => [arm, from - start]),
      [
        ['canary', minute],
        ['baseline', minute],
      ],
    );
    assert.ok(kept.every(({ arm }) => arm !== 'history'));
  });

  it('goes without a past that cannot be read', async () => {
    const provider = makeProvider(({ to }) => {
      if (to <= start) throw new SerinError('provider_rejected', 'no such time');
      return 1;
    });
    const run = makeRun({ plan: makePlan({ metrics: [gauge] }) });
    const { kept, errors } = await read(run, [], start + minute, () => provider, never);
    assert.deepEqual([...errors], []);
    assert.ok(kept.every(({ arm }) => arm !== 'history'));
    const [metric] = judgeInput(run, { kept, errors }, start + minute + 30_000).metrics;
    assert.ok(metric?.kind === 'gauge' && metric.history === undefined);
  });

  it('names the metric that failed and keeps the others', async () => {
    const provider = makeProvider((request) => {
      if (request.query === 'errors' && request.arm === 'canary')
        throw new SerinError('provider_timeout', 'no answer within 10 s');
      return 1;
    });
    const run = makeRun({ plan: makePlan({ metrics: [ratio, gauge] }) });
    const { kept, errors } = await read(run, [], start + minute, () => provider, never);
    assert.deepEqual([...errors], [['errors', 'canary events: no answer within 10 s']]);
    assert.ok(kept.some(({ metric }) => metric === 'latency'));
  });

  it('says nothing of unexpected errors but that they were', async () => {
    const provider = makeProvider(() => {
      throw new TypeError('token abc is bad');
    });
    const { errors } = await read(makeRun(), [], start + minute, () => provider, never);
    assert.equal(errors.get('errors'), 'canary events: an unexpected error');
  });

  it('names a provider that is no longer configured', async () => {
    const { errors } = await read(makeRun(), [], start + minute, () => null, never);
    assert.match(errors.get('errors') ?? '', /provider "synthetic" is no longer configured/);
  });
});

/** Reads look after look, each with what the one before kept. */
async function readLooks(
  plan: Record<string, unknown>,
  minutes: readonly number[],
  provider: FakeProvider,
): Promise<{ readonly run: Run; readonly looks: readonly Readings[] }> {
  const run = makeRun({ plan: makePlan(plan) });
  const looks: Readings[] = [];
  for (const [index, to] of minutes.entries()) {
    const before = looks.at(-1)?.kept ?? [];
    looks.push(await read({ ...run, looks: index }, before, start + to * minute, () => provider, never));
  }
  return { run, looks };
}

function valuesOf({ kept }: Readings, arm: string): Record<string, readonly (number | null)[]> {
  const members = kept.filter((one) => one.arm === arm);
  return Object.fromEntries(members.map(({ member, series }) => [member, series.values]));
}

const perPod = { metrics: [{ ...gauge, per: 'pod' }] };
const histogram = { name: 'latency', kind: 'histogram', provider: 'synthetic', query: 'buckets' };

function pod(name: string, value: (minute: number) => number | null): FakeMember {
  return { labels: { pod: name }, value: (point) => value((point - start) / minute) };
}

function edge(le: string, value: (minute: number) => number | null): FakeMember {
  return { labels: { le }, value: (point) => value((point - start) / minute) };
}

describe('read, where a query gives several series', () => {
  const none = (): null => assert.fail('asked for one series');

  it('keeps each pod and their mean, and the baseline’s past pod by pod', async () => {
    const provider = makeProvider(none, ({ arm }) => [pod(`${arm}-1`, () => 0), pod(`${arm}-2`, () => 16)]);
    const { looks } = await readLooks(perPod, [2], provider);

    assert.deepEqual(valuesOf(looks[0]!, 'baseline'), {
      '': [8, 8],
      'baseline-1': [0, 0],
      'baseline-2': [16, 16],
    });
    const past = looks[0]!.kept.filter(({ arm }) => arm === 'history');
    assert.deepEqual(
      past.map(({ member, series }) => [member, series.values.length, series.values[0]]),
      [
        ['', 60, 8],
        ['baseline-1', 60, 0],
        ['baseline-2', 60, 16],
      ],
    );
    assert.equal(provider.asked.length, 3);
  });

  it('has a pod that left or came missing where it was not, never stale', async () => {
    const answers = [['a', 'b'], ['a', 'c'], ['c']];
    let look = -1;
    const provider = makeProvider(none, ({ arm, to }) => {
      if (arm === 'canary' && to > start) look += 1;
      const pods = arm === 'canary' ? (answers[look] ?? []) : ['x'];
      return pods.map((name) => pod(name, (at) => at));
    });
    const { looks } = await readLooks(perPod, [4, 5, 6], provider);

    // Two steps settle: of what the first look read, minutes 3 and 4 are read again.
    assert.deepEqual(valuesOf(looks[1]!, 'canary')['b'], [1, 2, null, null, null]);
    const late = looks[2]!.kept.find(({ arm, member }) => arm === 'canary' && member === 'c');
    assert.deepEqual([late?.series.start, late?.series.values], [start + 3 * minute, [3, 4, 5, 6]]);
  });

  it('reads on where it stopped, also after an answer without any series', async () => {
    let isThere = false;
    const provider = makeProvider(none, () => (isThere ? [pod('a', (at) => at)] : []));
    const first = await readLooks(perPod, [4], provider);
    assert.deepEqual(valuesOf(first.looks[0]!, 'canary'), { '': [null, null, null, null] });
    isThere = true;
    provider.asked.length = 0;

    const next = await read(
      { ...first.run, looks: 1 },
      first.looks[0]!.kept,
      start + 5 * minute,
      () => provider,
      never,
    );

    assert.deepEqual(
      provider.asked.map(({ from, to }) => [from - start, to - start]),
      [
        [3 * minute, 5 * minute],
        [3 * minute, 5 * minute],
      ],
    );
    const kept = next.kept.find(({ arm, member }) => arm === 'canary' && member === 'a');
    assert.deepEqual([kept?.series.start, kept?.series.values], [start + 3 * minute, [3, 4, 5]]);
  });

  it('keeps each edge of a histogram as it was counted', async () => {
    const provider = makeProvider(none, () => [edge('0.50', (at) => at), edge('+Inf', (at) => 2 * at)]);
    const { looks } = await readLooks({ metrics: [histogram] }, [2, 3], provider);

    assert.deepEqual(valuesOf(looks[1]!, 'canary'), { 0.5: [1, 2, 3], '+Inf': [2, 4, 6] });
    assert.ok(looks[1]!.kept.every(({ arm }) => arm !== 'history'));
  });

  it('says what a query must give that gives something else, and keeps what it had', async () => {
    let le = '0.5';
    const provider = makeProvider(none, () => [edge(le, () => 1), edge('+Inf', () => 1)]);
    const { run, looks } = await readLooks({ metrics: [histogram] }, [3], provider);
    le = '';

    const next = await read({ ...run, looks: 1 }, looks[0]!.kept, start + 4 * minute, () => provider, never);

    assert.match(
      next.errors.get('latency') ?? '',
      /^canary value: the query gave a series without the label le/,
    );
    assert.deepEqual(valuesOf(next, 'canary'), { 0.5: [1, 1, 1], '+Inf': [1, 1, 1] });
  });

  it('takes no more pods than can be kept to the end of the run', async () => {
    const names = (count: number, from = 0) =>
      Array.from({ length: count }, (_, index) => `p${String(from + index).padStart(4, '0')}`);
    let pods = names(200);
    const provider = makeProvider(none, () => pods.map((name) => pod(name, () => 1)));
    const { run, looks } = await readLooks(perPod, [3], provider);
    assert.deepEqual([...looks[0]!.errors], []);
    pods = names(1, 200);

    const next = await read({ ...run, looks: 1 }, looks[0]!.kept, start + 4 * minute, () => provider, never);

    assert.equal(
      next.errors.get('latency'),
      'canary value: the query gave 201 pods so far; at most 200 are kept over 10 steps',
    );
    assert.equal(Object.keys(valuesOf(next, 'canary')).length, 201);

    pods = names(120);
    for (const [onInconclusive, expected] of [
      ['inconclusive', undefined],
      ['extend', /gave 120 pods so far; at most 100 are kept over 2000 steps/],
    ] as const) {
      const long = { ...perPod, duration: '1000m', maxDuration: '2000m', onInconclusive };
      const { looks: read } = await readLooks(long, [3], provider);
      const error = read[0]!.errors.get('latency');
      if (expected === undefined) assert.equal(error, undefined);
      else assert.match(error ?? '', expected);
    }
  });

  it('asks nothing of the baseline for a limit', async () => {
    const limit = { name: 'availability', kind: 'limit', provider: 'synthetic', query: 'q', max: 1 };
    const provider = makeProvider(() => 0.5);
    const { looks } = await readLooks({ metrics: [limit] }, [2], provider);

    assert.deepEqual(
      provider.asked.map(({ arm }) => arm),
      ['canary'],
    );
    assert.deepEqual(valuesOf(looks[0]!, 'canary'), { '': [0.5, 0.5] });
  });
});

describe('judgeInput', () => {
  it('gives the judge only what had been measured by the time of the look', async () => {
    const provider = makeProvider((_, point) => (point - start) / minute);
    const run = makeRun();
    const readings = await read(run, [], start + 8 * minute, () => provider, never);
    const input = judgeInput(run, readings, start + 3 * minute + 30_000);
    const [metric] = input.metrics;
    assert.ok(metric?.kind === 'ratio');
    assert.deepEqual(metric.canary.events, [1, 2, 3]);
    assert.deepEqual([input.plannedSteps, input.final, input.alpha], [10, false, 0.05]);
    assert.equal(judgeInput(run, readings, start + 10 * minute + 30_000).final, true);
  });

  it('does not mistake a failed read for a canary that fell silent', async () => {
    let isBroken = false;
    const provider = makeProvider((request) => {
      if (isBroken && request.arm === 'canary') throw new SerinError('provider_timeout', 'late');
      return 1;
    });
    const run = makeRun();
    const first = await read(run, [], start + 2 * minute, () => provider, never);
    isBroken = true;
    const second = await read({ ...run, looks: 2 }, first.kept, start + 6 * minute, () => provider, never);
    const [metric] = judgeInput(run, second, start + 6 * minute + 30_000).metrics;
    assert.ok(metric?.kind === 'ratio');
    assert.deepEqual(metric.baseline.total, [1, 1, null, null, null, null]);
    assert.deepEqual(metric.canary.total, [1, 1, null, null, null, null]);
    assert.match(metric.error ?? '', /canary events: late/);
  });

  it('leaves out values that rest on too few requests', async () => {
    const provider = makeProvider(({ query }, point) =>
      query === 'support' ? ((point - start) / minute) * 50 : 7,
    );
    const run = makeRun({ plan: makePlan({ metrics: [{ ...gauge, support: 'support', minSupport: 100 }] }) });
    const readings = await read(run, [], start + 3 * minute, () => provider, never);
    const [metric] = judgeInput(run, readings, start + 3 * minute + 30_000).metrics;
    assert.ok(metric?.kind === 'gauge');
    assert.deepEqual(metric.canary.values, [null, 7, 7]);
  });

  it('keeps null where the provider has nothing', async () => {
    const provider = makeProvider((_, point) => (point === start + 2 * minute ? null : 0));
    const run = makeRun();
    const readings = await read(run, [], start + 3 * minute, () => provider, never);
    const [metric] = judgeInput(run, readings, start + 3 * minute + 30_000).metrics;
    assert.ok(metric?.kind === 'ratio');
    assert.deepEqual(metric.canary.total, [0, null, 0]);
  });

  /** What the judge is given of the only metric at a look so many minutes after the start. */
  const inputAt = async (plan: Record<string, unknown>, minutes: number, provider: FakeProvider) => {
    const { run, looks } = await readLooks(plan, [minutes], provider);
    const [metric] = judgeInput(run, looks[0]!, start + minutes * minute + 30_000).metrics;
    return metric;
  };

  it('gives pods in the order in which they came, with their mean, and the past of each', async () => {
    const provider = makeProvider(
      () => 0,
      ({ arm, to }) => [
        ...(to > start && arm === 'canary' ? [pod('a', (at) => (at > 2 ? 8 : null))] : []),
        pod('z', (at) => (at === 0 ? null : 2)),
        pod('m', () => null),
        pod('y', () => 2),
      ],
    );

    const metric = await inputAt(perPod, 4, provider);

    assert.ok(metric?.kind === 'gauge');
    assert.deepEqual(metric.canary.pods, [
      [2, 2, 2, 2],
      [2, 2, 2, 2],
      [null, null, 8, 8],
    ]);
    assert.deepEqual(
      metric.canary.values.map((value) => Math.round((value ?? 0) * 1e6) / 1e6),
      [2, 2, 3.174802, 3.174802],
    );
    assert.equal(metric.baseline.pods?.length, 2);
    assert.deepEqual(
      metric.historyPods?.map((values) => [values.length, values.at(-1)]),
      [
        [60, null],
        [60, 2],
        [60, null],
      ],
    );
    assert.equal(metric.history?.at(-1), 2);
  });

  it('knows no pod that came after the look', async () => {
    const provider = makeProvider(
      () => 0,
      () => [pod('a', () => 1), pod('b', (at) => (at > 3 ? 1 : null))],
    );
    const { run, looks } = await readLooks(perPod, [5], provider);
    const podsAt = (minutes: number): number | undefined => {
      const [metric] = judgeInput(run, looks[0]!, start + minutes * minute + 30_000).metrics;
      return metric?.kind === 'gauge' ? metric.canary.pods?.length : undefined;
    };

    assert.deepEqual([podsAt(3), podsAt(4)], [1, 2]);
  });

  it('leaves out pods’ values as well where the arm had too few requests', async () => {
    const plan = { metrics: [{ ...gauge, per: 'pod', support: 'support', minSupport: 100 }] };
    const provider = makeProvider(
      (_, point) => ((point - start) / minute) * 50,
      () => [pod('a', () => 7)],
    );

    const metric = await inputAt(plan, 3, provider);

    assert.ok(metric?.kind === 'gauge');
    assert.deepEqual(metric.canary, { values: [null, 7, 7], pods: [[null, 7, 7]] });
  });

  it('gives a histogram’s buckets, step by step', async () => {
    const plan = { metrics: [{ ...histogram, edges: [0.3] }] };
    const provider = makeProvider(
      () => 0,
      ({ arm }) => [
        edge('0.1', (at) => at),
        edge('0.5', (at) => (at === 2 ? Number.NaN : 2 * at)),
        edge('+Inf', (at) => (arm === 'baseline' && at === 3 ? null : 5 * at)),
      ],
    );

    const metric = await inputAt(plan, 3, provider);

    const le = [0.1, 0.5, Number.POSITIVE_INFINITY];
    assert.ok(metric?.kind === 'histogram');
    assert.deepEqual(metric.canary, { le, buckets: [[1, 1, 3], null, [3, 3, 9]] });
    assert.deepEqual(metric.baseline, { le, buckets: [[1, 1, 3], null, null] });
    assert.deepEqual([metric.edges, metric.margin], [[0.3], 0.05]);
  });

  it('gives a limit the canary alone, whatever became of a baseline', async () => {
    const limit = { name: 'cpu', kind: 'limit', provider: 'synthetic', query: 'q', max: 5, min: 1 };
    const provider = makeProvider((_, point) => (point - start) / minute);

    const metric = await inputAt({ metrics: [limit] }, 3, provider);

    assert.ok(metric?.kind === 'limit');
    assert.deepEqual([metric.canary.values, metric.max, metric.min], [[1, 2, 3], 5, 1]);
    assert.ok(!('baseline' in metric));
  });

  it('does not mistake edges that could not be read for requests that stopped', async () => {
    let isBroken = false;
    const provider = makeProvider(
      () => 0,
      ({ arm }) => {
        if (isBroken && arm === 'canary') throw new SerinError('provider_timeout', 'late');
        return [edge('0.5', () => 1), edge('+Inf', () => 2)];
      },
    );
    const { run, looks } = await readLooks({ metrics: [histogram] }, [2], provider);
    isBroken = true;

    const next = await read({ ...run, looks: 1 }, looks[0]!.kept, start + 3 * minute, () => provider, never);

    const [metric] = judgeInput(run, next, start + 3 * minute + 30_000).metrics;
    assert.ok(metric?.kind === 'histogram');
    assert.deepEqual(metric.baseline.buckets, [[1, 1], [1, 1], null]);
    assert.match(metric.error ?? '', /canary value: late/);
  });

  it('takes an arm without any edge for silent', async () => {
    const provider = makeProvider(
      () => 0,
      ({ arm }) => (arm === 'canary' ? [] : [edge('0.5', () => 1), edge('+Inf', () => 2)]),
    );

    const metric = await inputAt({ metrics: [histogram] }, 2, provider);

    assert.ok(metric?.kind === 'histogram');
    assert.deepEqual(metric.canary, { le: [Number.POSITIVE_INFINITY], buckets: [null, null] });
    assert.deepEqual(metric.baseline.buckets, [
      [1, 1],
      [1, 1],
    ]);
  });
});
