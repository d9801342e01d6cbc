import assert from 'node:assert/strict';
import { historyPoints } from '../../src/analysis/queries.ts';
import { read } from '../../src/analysis/readings.ts';
import { judgeInput } from '../../src/analysis/samples.ts';
import { SerinError } from '../../src/errors.ts';
import { makePlan, makeRun, start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

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
});
