import assert from 'node:assert/strict';
import type { Run } from '../../src/analysis/run.ts';
import type { Finding } from '../../src/judge/types.ts';
import { createProvider } from '../../src/metrics/registry.ts';
import { type House, makeHouse, makeRequest } from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { start } from '../support/plans.ts';
import { type FakeMember, makeProvider } from '../support/providers.ts';

const minute = 60_000;
const synthetic = createProvider('synthetic', { type: 'synthetic' });

const perPod = {
  name: 'latency',
  kind: 'gauge',
  per: 'pod',
  provider: 'synthetic',
  query: 'latency_p99',
  margin: 0.05,
  acceptable: 0.2,
};
const histogram = {
  name: 'latency',
  kind: 'histogram',
  provider: 'synthetic',
  query: 'latency_buckets',
  edges: [150],
};
const limit = { name: 'latency', kind: 'limit', provider: 'synthetic', query: 'latency_p99', max: 150 };

function planOf(metric: object): Record<string, unknown> {
  return { duration: '20m', metrics: [metric] };
}

/** One finding of a run that is over. */
function findingOf(run: Run): Finding {
  const [finding] = run.judgement?.findings ?? [];
  assert.ok(finding !== undefined && finding.obstacle === null, run.reason);
  return finding;
}

for (const { name, open } of databases) {
  describe(`every kind of metric, from the provider to the verdict, on ${name}`, () => {
    let opened: TestDatabase;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    const judged = async (house: House, scenario: string): Promise<Run> => {
      const arms = { canary: { scenario }, baseline: { scenario: 'harmless', role: 'stable' } };
      const { id } = await house.runs.start(makeRequest({ ...arms, key: scenario }));
      await house.through(21);
      assert.deepEqual(house.errors, []);
      return house.get(id);
    };
    const houseOf = (metric: object): House =>
      makeHouse(opened.database, { provider: synthetic, plan: planOf(metric) });

    it('passes a gauge per pod that is as before, with the noise of its pods', async () => {
      const run = await judged(houseOf(perPod), 'harmless');

      assert.equal(run.verdict, 'pass', run.reason);
      const { noise } = findingOf(run);
      assert.deepEqual(noise?.pods, { canary: 3, baseline: 3 });
      assert.equal(noise?.historySteps, 60);
    });

    it('fails a gauge per pod that is half as slow again', async () => {
      const run = await judged(houseOf(perPod), 'slow-x1.5');

      assert.equal(run.verdict, 'fail', run.reason);
      assert.ok(run.looks < 10, `${run.looks} looks`);
    });

    it('passes a histogram that is as before, compared at its edges', async () => {
      const run = await judged(houseOf(histogram), 'harmless');

      assert.equal(run.verdict, 'pass', run.reason);
      const { edges } = findingOf(run);
      assert.ok(edges?.some(({ le }) => le === 150));
      assert.ok((edges?.length ?? 0) > 1);
    });

    it('fails a histogram whose requests are half as slow again', async () => {
      const run = await judged(houseOf(histogram), 'slow-x1.5');

      assert.equal(run.verdict, 'fail', run.reason);
      assert.ok(run.looks < 10, `${run.looks} looks`);
    });

    it('passes a limit that is kept, without a baseline', async () => {
      const house = houseOf(limit);
      const { unitOfWork } = house;

      const kept = await judged(house, 'harmless');
      const series = await unitOfWork.stores.runs.loadSeries(kept.id);

      assert.equal(kept.verdict, 'pass', kept.reason);
      assert.deepEqual(findingOf(kept).limit, { max: 150, min: null });
      assert.deepEqual(
        series.map(({ arm, member }) => [arm, member]),
        [['canary', '']],
      );
    });

    it('fails a limit that is not kept', async () => {
      const run = await judged(houseOf(limit), 'slow-x1.5');

      assert.equal(run.verdict, 'fail', run.reason);
      assert.ok(run.looks < 20, `${run.looks} looks`);
    });

    for (const metric of [perPod, histogram, limit]) {
      it(`does not pass a ${metric.kind} that has no data`, async () => {
        const run = await judged(houseOf(metric), 'no-data');

        const expected = metric.kind === 'limit' ? 'no_data' : 'silent';
        assert.deepEqual([run.verdict, run.judgement?.findings[0]?.obstacle], ['inconclusive', expected]);
      });

      it(`passes a ${metric.kind} with gaps`, async () => {
        const run = await judged(houseOf(metric), 'gaps');

        assert.equal(run.verdict, 'pass', run.reason);
        assert.ok(findingOf(run).canary.missing > 0);
      });
    }

    it('judges a window in the past as it would have been judged then, though pods came and went', async () => {
      const pods = (wobble: number): FakeMember[] =>
        Array.from({ length: 6 }, (_, pod) => ({
          labels: { pod: `pod-${(pod * 5) % 6}` },
          value: (point) => {
            const at = (point - start) / minute;
            const isThere = at <= 0 || (at >= pod && at < pod + 14);
            return isThere ? 100 + wobble + ((pod * 7 + at * 3) % 5) : null;
          },
        }));
      const provider = makeProvider(
        () => 0,
        // As Prometheus answers: only what has a value in the window asked for.
        ({ arm, from, to, step }) =>
          pods(arm === 'canary' ? 1 : 0).filter(({ value }) => {
            for (let point = from; point <= to; point += step) if (value(point) !== null) return true;
            return false;
          }),
      );
      const house = makeHouse(opened.database, { provider, plan: planOf({ ...perPod, query: 'x' }) });
      const live = await house.runs.start(makeRequest({ key: 'live' }));
      await house.through(21);
      const past = await house.runs.start(
        makeRequest({ key: 'past', start, end: start + 20 * minute, duration: null }),
      );
      await house.at(60);

      const [then, now] = [await house.get(live.id), await house.get(past.id)];

      assert.deepEqual(now.judgement, then.judgement);
      assert.equal(findingOf(then).noise?.pods?.canary, 6);
      const series = await house.unitOfWork.stores.runs.loadSeries(live.id);
      assert.equal(series.filter(({ arm, member }) => arm === 'canary' && member !== '').length, 6);
    });
  });
}
