import assert from 'node:assert/strict';
import { SerinError } from '../../src/errors.ts';
import type { QueryRequest } from '../../src/metrics/provider.ts';
import { type HouseOptions, makeHouse, makeRequest, makeRolloutEvent } from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

const minute = 60_000;
const rollout = { uid: 'u1', revision: '7', namespace: 'shop', name: 'checkout' };

/** Too few requests to decide anything. */
const little = ({ query }: QueryRequest, point: number) =>
  query === 'requests' ? 100 : 2 + ((point / minute) % 2);
/** Enough of them to pass, the canary's errors `factor` times as many from minute `from` on. */
const plenty =
  (factor = 1, from = 0) =>
  ({ query, arm }: QueryRequest, point: number) => {
    if (query === 'requests') return 10_000;
    return (20 + ((point / minute) % 3)) * (arm === 'canary' && point > start + from * minute ? factor : 1);
  };

/** Like `plenty`, but fails while `isDown()`. */
function shaky(isDown: () => boolean) {
  return makeProvider((request, point) => {
    if (isDown()) throw new SerinError('provider_failed', 'the backend is down');
    return plenty()(request, point);
  });
}

for (const { name, open } of databases) {
  describe(`hard cases on ${name}`, () => {
    let opened: TestDatabase;
    const house = (options: Partial<HouseOptions> = {}) =>
      makeHouse(opened.database, { provider: makeProvider(plenty()), ...options });
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('an extended run ends also when nobody was there until long after its end', async () => {
      const { runs, through, at, get } = house({
        provider: makeProvider(little),
        plan: { onInconclusive: 'extend', maxDuration: '20m' },
      });
      const { id } = await runs.start(makeRequest());
      await through(5);
      for (const minutes of [30, 31, 60]) await at(minutes);
      assert.equal((await get(id)).phase, 'concluded');
    });

    it('a window in the past is extended and ended at once', async () => {
      const { runs, setMinutes, at, get } = house({
        provider: makeProvider(little),
        plan: { onInconclusive: 'extend', maxDuration: '20m' },
      });
      setMinutes(60);
      const { id } = await runs.start(makeRequest({ start, end: start + 10 * minute }));
      await at(60);
      await at(61);
      const run = await get(id);
      assert.deepEqual([run.phase, run.end, run.looks], ['concluded', start + 20 * minute, 20]);
    });

    it('nothing is extended after the rollout ended', async () => {
      const { runs, through, at, setMinutes, rolloutEvents, get } = house({
        provider: makeProvider(little),
        plan: { onInconclusive: 'extend', maxDuration: '20m' },
      });
      const { id } = await runs.start(makeRequest({ rollout }));
      await through(10);
      setMinutes(10.2);
      await rolloutEvents.take(makeRolloutEvent('completed', 10.1));
      await at(11);
      assert.equal((await get(id)).phase, 'concluded');
    });

    it('a real request never joins a dry run, nor the other way round', async () => {
      const { runs } = house();
      await runs.start(makeRequest({ dryRun: true }));
      await assert.rejects(runs.start(makeRequest()), { code: 'key_conflict' });
      await runs.start(makeRequest({ key: 'real' }));
      await assert.rejects(runs.start(makeRequest({ key: 'real', dryRun: true })), { code: 'key_conflict' });
      const keyless = [
        await runs.start(makeRequest({ key: null })),
        await runs.start(makeRequest({ key: null, dryRun: true })),
      ];
      assert.notEqual(keyless[0]?.id, keyless[1]?.id);
    });

    it('another window under the same key is a conflict', async () => {
      const { runs, setMinutes } = house();
      setMinutes(500);
      await runs.start(makeRequest({ start, end: start + 10 * minute }));
      const later = { start: start + 100 * minute, end: start + 110 * minute };
      await assert.rejects(runs.start(makeRequest(later)), { code: 'key_conflict' });
    });

    it('requests without a key that differ in duration are two analyses', async () => {
      const { runs } = house();
      const first = await runs.start(makeRequest({ key: null }));
      const second = await runs.start(makeRequest({ key: null, duration: 20 * minute }));
      assert.notEqual(first.id, second.id);
    });

    it('a run is joined and replayed also when its template is gone', async () => {
      const { runs, forgetTemplates } = house();
      const { id } = await runs.start(makeRequest());
      forgetTemplates();
      assert.equal((await runs.start(makeRequest())).id, id);
      await assert.rejects(runs.start(makeRequest({ key: 'new' })), { code: 'unknown_template' });
    });

    it('another revision under the same key is another change, which takes its own blame', async () => {
      const { runs, through, setMinutes, rolloutEvents, get, unitOfWork } = house({
        provider: makeProvider(plenty(6, 13)),
      });
      const first = await runs.start(makeRequest({ rollout }));
      await through(11);
      await rolloutEvents.take(makeRolloutEvent('completed', 12));
      setMinutes(13);
      const second = await runs.start(
        makeRequest({ rollout: { ...rollout, revision: '8' }, change: { version: 'v3' } }),
      );
      await through(25);
      const change = await unitOfWork.stores.ledger.find(second.changeId);
      assert.notEqual(first.changeId, second.changeId);
      assert.deepEqual(
        [(await get(second.id)).verdict, change?.version, change?.outcome],
        ['fail', 'v3', 'failed'],
      );
    });

    it('a canary that fell silent does not pass because its last read failed', async () => {
      let isDown = false;
      const provider = makeProvider((request, point) => {
        if (request.query !== 'latency') return plenty()(request, point);
        if (isDown) throw new SerinError('provider_failed', 'the backend is down');
        return request.arm === 'canary' && point > start + 3 * minute ? null : 100 + ((point / minute) % 2);
      });
      const errors = {
        name: 'errors',
        kind: 'ratio',
        provider: 'synthetic',
        events: 'errors',
        total: 'requests',
        critical: true,
      };
      const latency = { name: 'latency', kind: 'gauge', provider: 'synthetic', query: 'latency' };
      const { runs, through, get } = house({ provider, plan: { metrics: [errors, latency] } });
      const { id } = await runs.start(makeRequest());
      await through(10);
      isDown = true;
      await through(14);
      assert.equal((await get(id)).verdict, 'inconclusive');
    });

    it('a last look made up late is tried again when the provider fails once', async () => {
      let isDown = false;
      const { runs, through, at, get } = house({
        provider: shaky(() => isDown),
        plan: { onInconclusive: 'fail' },
      });
      const { id } = await runs.start(makeRequest());
      await through(5);
      isDown = true;
      await at(20);
      isDown = false;
      await at(21);
      assert.equal((await get(id)).verdict, 'pass');
    });

    it('errors that are no number are not taken for none', async () => {
      const numbers = makeProvider((request) => (request.query === 'requests' ? 10_000 : null));
      const provider = {
        ...numbers,
        fetch: async (request: QueryRequest) => {
          const answer = await numbers.fetch(request);
          const points = answer.series.values.map((_, index) => request.from + index * request.step);
          return { ...answer, notNumbers: request.query === 'errors' ? points : [] };
        },
      };
      const { runs, through, get } = house({ provider });
      const { id } = await runs.start(makeRequest());
      await through(11);
      assert.equal((await get(id)).verdict, 'inconclusive');
    });

    it('a canary with few requests is not a silent one', async () => {
      const provider = makeProvider(({ query, arm }, point) => {
        if (query === 'support') return arm === 'canary' ? 60 : 6_000;
        return 100 + ((point / minute) % 2);
      });
      const metric = {
        name: 'latency',
        kind: 'gauge',
        provider: 'synthetic',
        query: 'latency',
        support: 'support',
        minSupport: 100,
      };
      const { runs, through, get } = house({ provider, plan: { onCanarySilent: 'fail', metrics: [metric] } });
      const { id } = await runs.start(makeRequest());
      await through(11);
      const run = await get(id);
      assert.deepEqual([run.verdict, run.judgement?.findings[0]?.obstacle], ['inconclusive', 'no_data']);
    });

    it('an outage in which nobody could ask neither expires a run nor forgets a verdict', async () => {
      let backAt = start;
      const { runs, through, at, get, setMinutes } = house({
        provider: makeProvider(plenty(6)),
        plan: { duration: '60m' },
        upSince: () => backAt,
      });
      const failed = await runs.start(makeRequest({ polled: true }));
      await through(8);
      assert.equal((await get(failed.id)).verdict, 'fail');
      const open = await runs.start(
        makeRequest({
          key: 'open',
          polled: true,
          canary: { arm: 'canary', other: 'yes' },
          baseline: { arm: 'x' },
        }),
      );
      backAt = start + 19.5 * minute;
      setMinutes(19.9);
      assert.equal((await runs.start(makeRequest({ polled: true }))).id, failed.id);
      await at(20);
      assert.notEqual((await get(open.id)).phase, 'cancelled');
    });

    it('a newer revision that only completes supersedes the older one', async () => {
      const { runs, through, rolloutEvents, get } = house();
      const { id } = await runs.start(makeRequest({ rollout }));
      await through(4);
      await rolloutEvents.take(makeRolloutEvent('completed', 4, { rollout: { ...rollout, revision: '8' } }));
      const run = await get(id);
      assert.deepEqual([run.phase, run.verdict], ['concluded', 'inconclusive']);
    });

    it('an abort told of after a later completion still ends the window where it happened', async () => {
      const { runs, through, rolloutEvents, get } = house();
      const { id } = await runs.start(makeRequest({ rollout }));
      await through(10);
      await rolloutEvents.take(makeRolloutEvent('completed', 10.1));
      await rolloutEvents.take(makeRolloutEvent('aborted', 5));
      await through(11);
      const run = await get(id);
      assert.deepEqual([run.verdict, run.end], ['inconclusive', start + 5 * minute]);
    });

    it('a verdict on a past window is of that time: what was completed since went on in spite of it', async () => {
      const { runs, setMinutes, at, rolloutEvents, get, unitOfWork } = house({
        provider: makeProvider(plenty(4)),
      });
      setMinutes(60);
      await rolloutEvents.take(makeRolloutEvent('completed', 30));
      const request = { start, end: start + 20 * minute, rollout };
      const { id } = await runs.start(makeRequest(request));
      await at(60);
      await at(61);
      const run = await get(id);
      assert.equal(run.verdict, 'fail');
      const change = await unitOfWork.stores.ledger.find(run.changeId);
      assert.deepEqual([change?.outcome, change?.verdictOverruled], ['pending', true]);
    });

    it('an event that a wrong clock dates ahead is of the time at which it is heard', async () => {
      const { through, rolloutEvents, unitOfWork } = house();
      await through(4);
      const event = makeRolloutEvent('completed', 300);
      assert.equal(await rolloutEvents.take(event), 'recorded');
      assert.equal(await rolloutEvents.take(event), 'duplicate');
      const { items } = await unitOfWork.stores.ledger.list({}, 10, null);
      assert.deepEqual(
        items.map(({ finishedAt }) => finishedAt),
        [start + 4 * minute],
      );
    });
  });
}
