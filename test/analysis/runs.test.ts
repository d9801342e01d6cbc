import assert from 'node:assert/strict';
import { SerinError } from '../../src/errors.ts';
import type { QueryRequest } from '../../src/metrics/provider.ts';
import {
  admin,
  type HouseOptions,
  makeHouse,
  makeRequest,
  makeRolloutEvent,
} from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

const minute = 60_000;
const rollout = { uid: 'u1', revision: '7', namespace: 'shop', name: 'checkout' };

/** 10 000 requests a minute and 20 errors; the canary's errors are `factor` times as many from minute `from` on. */
function traffic(factor = 1, from = 0) {
  return ({ query, arm }: QueryRequest, point: number): number => {
    if (query === 'requests') return 10_000;
    const wobble = (point / minute) % 3;
    return (20 + wobble) * (arm === 'canary' && point - start > from * minute ? factor : 1);
  };
}

for (const { name, open } of databases) {
  describe(`analyses on ${name}`, () => {
    let opened: TestDatabase;
    const house = (options: Partial<HouseOptions> = {}) =>
      makeHouse(opened.database, { provider: makeProvider(traffic()), ...options });
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    describe('from start to verdict', () => {
      it('passes a harmless change at the planned end and not before', async () => {
        const { runs, through, get, errors } = house();
        const { id } = await runs.start(makeRequest());
        await through(10);
        assert.equal((await get(id)).verdict, 'running');
        await through(11);
        const run = await get(id);
        assert.deepEqual([run.verdict, run.phase, run.looks], ['pass', 'concluded', 10], run.reason);
        assert.deepEqual(errors, []);
      });

      it('fails a harmful change as soon as the evidence is there, and its change with it', async () => {
        const { runs, through, get, unitOfWork } = house({ provider: makeProvider(traffic(5, 4)) });
        const { id, changeId } = await runs.start(makeRequest());
        await through(11);
        const run = await get(id);
        assert.equal(run.verdict, 'fail', run.reason);
        assert.ok(run.looks > 4 && run.looks < 10, `${run.looks} looks`);
        const change = await unitOfWork.stores.ledger.find(changeId);
        assert.deepEqual(
          [change?.outcome, change?.failureClass, change?.analysisIds],
          ['failed', 'caught_in_canary', [id]],
        );
      });

      it('judges a window in the past at once, as it would have been judged then', async () => {
        const live = house({ provider: makeProvider(traffic(5, 4)) });
        const watched = await live.runs.start(makeRequest({ key: 'live' }));
        await live.through(11);
        const past = await live.runs.start(makeRequest({ key: 'past', start, end: start + 10 * minute }));
        await live.at(60);
        const [then, now] = [await live.get(watched.id), await live.get(past.id)];
        assert.deepEqual([now.verdict, now.looks, now.judgement], [then.verdict, then.looks, then.judgement]);
      });

      it('makes up the looks missed while nobody was there, to the same judgement', async () => {
        const watched = house({ provider: makeProvider(traffic(3, 2)) });
        const first = await watched.runs.start(makeRequest({ key: 'watched' }));
        const second = await watched.runs.start(makeRequest({ key: 'missed' }));
        await opened.database.run((sql) =>
          sql('runs')
            .where({ id: second.id })
            .update({ next_look_at: start + 9 * minute }),
        );
        await watched.through(11);
        const [then, later] = [await watched.get(first.id), await watched.get(second.id)];
        assert.deepEqual([later.verdict, later.looks], [then.verdict, then.looks]);
        assert.deepEqual(later.judgement, then.judgement);
      });

      it('tells a dry run’s caller pass, keeps the truth, and blames nobody', async () => {
        const { runs, through, get, unitOfWork } = house({ provider: makeProvider(traffic(5)) });
        const run = await runs.start(makeRequest({ dryRun: true }));
        assert.equal(run.verdict, 'pass');
        await through(11);
        const after = await get(run.id);
        assert.deepEqual([after.verdict, after.judgedVerdict], ['pass', 'fail']);
        assert.equal((await unitOfWork.stores.ledger.find(run.changeId))?.outcome, 'pending');
      });

      it('keeps the series that were judged', async () => {
        const { runs, through } = house();
        const { id } = await runs.start(makeRequest());
        await through(11);
        const kept = await runs.series(id);
        assert.deepEqual(kept.map(({ arm, field, series }) => [arm, field, series.values.length]).sort(), [
          ['baseline', 'events', 10],
          ['baseline', 'total', 10],
          ['canary', 'events', 10],
          ['canary', 'total', 10],
        ]);
      });
    });

    describe('when something is missing', () => {
      it('never passes without data', async () => {
        const { runs, through, get } = house({
          provider: makeProvider(() => null),
          plan: { onInconclusive: 'pass' },
        });
        const { id } = await runs.start(makeRequest());
        await through(11);
        const run = await get(id);
        assert.deepEqual([run.verdict, run.phase], ['inconclusive', 'concluded']);
      });

      it('fails for want of data when the plan says so', async () => {
        const { runs, through, get } = house({
          provider: makeProvider(() => null),
          plan: { onNoData: 'fail' },
        });
        const { id } = await runs.start(makeRequest());
        await through(11);
        assert.equal((await get(id)).verdict, 'fail');
      });

      for (const [from, to] of [
        [3, 6],
        [8, 11],
      ] as const) {
        it(`cannot pass when the canary was silent from minute ${from} to ${to - 1} while the baseline spoke`, async () => {
          const silent = (request: QueryRequest, point: number) => {
            const at = (point - start) / minute;
            return request.arm === 'canary' && at >= from && at < to ? null : traffic()(request, point);
          };
          const { runs, through, get } = house({ provider: makeProvider(silent) });
          const { id } = await runs.start(makeRequest());
          await through(11);
          const run = await get(id);
          assert.equal(run.verdict, 'inconclusive');
          assert.match(run.reason, /silent/);
        });
      }

      it('fails a silent canary at once when the plan says so', async () => {
        const silent = (request: QueryRequest, point: number) =>
          request.arm === 'canary' && point > start + 2 * minute ? null : traffic()(request, point);
        const { runs, through, get } = house({
          provider: makeProvider(silent),
          plan: { onCanarySilent: 'fail' },
        });
        const { id } = await runs.start(makeRequest());
        await through(7);
        assert.equal((await get(id)).verdict, 'fail');
      });

      it('takes absent errors for none while requests are present, and passes', async () => {
        const provider = makeProvider(({ query }) => (query === 'errors' ? null : 10_000));
        const { runs, through, get } = house({ provider });
        const { id } = await runs.start(makeRequest());
        await through(11);
        const run = await get(id);
        assert.equal(run.verdict, 'pass', run.reason);
      });

      it('goes on after a provider failure, names it meanwhile, and judges all of it later', async () => {
        let isBroken = false;
        const provider = makeProvider((request, point) => {
          if (isBroken) throw new SerinError('provider_unreachable', 'connection refused');
          return traffic()(request, point);
        });
        const { runs, at, through, get } = house({ provider });
        const { id } = await runs.start(makeRequest());
        await through(3);
        isBroken = true;
        await at(4.5);
        const during = await get(id);
        assert.match(during.judgement?.findings[0]?.error ?? '', /connection refused/);
        assert.equal(during.verdict, 'running');
        isBroken = false;
        await through(11);
        assert.equal((await get(id)).verdict, 'pass');
      });

      it('ends inconclusive with the cause when the provider never comes back', async () => {
        const provider = makeProvider((request, point) => {
          if (point > start + 5 * minute) throw new SerinError('provider_unreachable', 'connection refused');
          return traffic()(request, point);
        });
        const { runs, through, get } = house({ provider });
        const { id } = await runs.start(makeRequest());
        await through(13);
        const run = await get(id);
        assert.equal(run.verdict, 'inconclusive');
        assert.match(run.reason, /connection refused/);
      });

      it('does not let late data rewrite what was judged', async () => {
        let isLate = false;
        const provider = makeProvider((request, point) =>
          isLate && request.query === 'errors' ? 5_000 : traffic()(request, point),
        );
        const { runs, through } = house({ provider });
        const { id } = await runs.start(makeRequest());
        await through(5);
        isLate = true;
        await through(5.5);
        const events = (await runs.series(id)).find(
          ({ arm, field }) => arm === 'canary' && field === 'events',
        );
        assert.deepEqual(
          events?.series.values.slice(0, 2).map((value) => (value ?? 0) < 100),
          [true, true],
        );
        assert.equal(events?.series.values.at(-1), 5_000);
      });
    });

    describe('keys', () => {
      it('join the run in progress, also when many ask at once', async () => {
        const { runs } = house();
        const started = await Promise.all(Array.from({ length: 12 }, () => runs.start(makeRequest())));
        assert.equal(new Set(started.map(({ id }) => id)).size, 1);
      });

      it('live within service, environment and target', async () => {
        const { runs } = house();
        const started = [
          await runs.start(makeRequest()),
          await runs.start(makeRequest({ target: 'eu' })),
          await runs.start(makeRequest({ environment: 'staging' })),
        ];
        assert.equal(new Set(started.map(({ id }) => id)).size, 3);
      });

      it('conflict when the plan or the scopes differ', async () => {
        const { runs } = house();
        await runs.start(makeRequest());
        await assert.rejects(runs.start(makeRequest({ canary: { arm: 'other' } })), { code: 'key_conflict' });
        await assert.rejects(runs.start(makeRequest({ duration: 20 * minute })), { code: 'key_conflict' });
      });

      it('replay the verdict after the conclusion', async () => {
        const { runs, through } = house({ provider: makeProvider(traffic(5)) });
        const { id } = await runs.start(makeRequest());
        await through(11);
        const again = await runs.start(makeRequest());
        assert.deepEqual([again.id, again.verdict], [id, 'fail']);
      });

      it('start afresh when nobody asked for ten minutes, as a further attempt of the same change', async () => {
        const { runs, through, setMinutes } = house({ provider: makeProvider(() => null) });
        const first = await runs.start(makeRequest());
        await through(11);
        setMinutes(20.4);
        assert.equal((await runs.start(makeRequest())).id, first.id);
        setMinutes(31);
        const second = await runs.start(makeRequest());
        assert.deepEqual([second.attempt, second.verdict, second.changeId], [2, 'running', first.changeId]);
        assert.equal(second.start, start + 31 * minute);
      });

      for (const type of ['completed', 'aborted'] as const) {
        it(`start afresh after the rollout was ${type}`, async () => {
          const { runs, through, setMinutes, rolloutEvents } = house();
          const first = await runs.start(makeRequest({ rollout }));
          await through(3);
          await rolloutEvents.take(makeRolloutEvent(type, 3));
          setMinutes(4);
          const second = await runs.start(makeRequest({ rollout }));
          assert.notEqual(second.id, first.id);
          assert.equal(second.attempt, 2);
        });
      }

      it('store nothing when the request is refused', async () => {
        const { runs } = house();
        await assert.rejects(runs.start(makeRequest({ template: 'nope' })), { code: 'unknown_template' });
        assert.deepEqual((await runs.list({}, 10, null)).items, []);
      });
    });

    describe('controllers’ events', () => {
      it('end the window at once, without a pass', async () => {
        const { runs, through, rolloutEvents, get } = house();
        const { id } = await runs.start(makeRequest({ rollout }));
        await through(4);
        assert.equal(await rolloutEvents.take(makeRolloutEvent('completed', 4)), 'recorded');
        const run = await get(id);
        assert.deepEqual(
          [run.verdict, run.phase, run.end],
          ['inconclusive', 'concluded', start + 4 * minute],
        );
        assert.match(run.reason, /completed after 4m of the planned 10m/);
      });

      it('leave a fail that was reached before, and a completed event overrules it in the ledger', async () => {
        const { runs, through, rolloutEvents, get, unitOfWork } = house({
          provider: makeProvider(traffic(5)),
        });
        const { id, changeId } = await runs.start(makeRequest({ rollout }));
        await through(5);
        assert.equal((await get(id)).verdict, 'fail');
        await rolloutEvents.take(makeRolloutEvent('completed', 6));
        assert.equal((await get(id)).verdict, 'fail');
        const change = await unitOfWork.stores.ledger.find(changeId);
        assert.deepEqual([change?.outcome, change?.verdictOverruled], ['pending', true]);
      });

      it('belong to the change of the analysis, whichever came first', async () => {
        const { runs, rolloutEvents, setMinutes, unitOfWork } = house();
        await rolloutEvents.take(makeRolloutEvent('started', -1));
        const run = await runs.start(makeRequest({ rollout }));
        setMinutes(2);
        await rolloutEvents.take(makeRolloutEvent('aborted', 2));
        const { items } = await unitOfWork.stores.ledger.list({}, 10, null);
        assert.equal(items.length, 1);
        assert.deepEqual(
          [items[0]?.id, items[0]?.outcome, items[0]?.failureClass],
          [run.changeId, 'failed', 'caught_in_canary'],
        );
      });

      it('supersede the runs and changes of older revisions', async () => {
        const { runs, rolloutEvents, setMinutes, get, unitOfWork } = house();
        const { id, changeId } = await runs.start(makeRequest({ rollout }));
        setMinutes(2);
        await rolloutEvents.take(makeRolloutEvent('started', 2, { rollout: { ...rollout, revision: '8' } }));
        const run = await get(id);
        assert.deepEqual([run.verdict, run.phase], ['inconclusive', 'concluded']);
        assert.equal((await unitOfWork.stores.ledger.find(changeId))?.outcome, 'abandoned');
      });

      it('that come late do not end the retry that began after them', async () => {
        const { runs, rolloutEvents, setMinutes, get } = house();
        await runs.start(makeRequest({ rollout }));
        setMinutes(2);
        await rolloutEvents.take(makeRolloutEvent('aborted', 2));
        setMinutes(3);
        const retry = await runs.start(makeRequest({ rollout }));
        await rolloutEvents.take(makeRolloutEvent('aborted', 2, { facts: { actor: 'second pod' } }));
        await rolloutEvents.take(makeRolloutEvent('aborted', 2.2));
        assert.deepEqual([retry.attempt, (await get(retry.id)).phase], [2, 'waiting']);
      });

      it('are taken twice without harm, and ignored for services nobody knows', async () => {
        const { rolloutEvents, unitOfWork } = house();
        assert.equal(await rolloutEvents.take(makeRolloutEvent('completed', 1)), 'recorded');
        assert.equal(await rolloutEvents.take(makeRolloutEvent('completed', 1)), 'duplicate');
        const stranger = { uid: 'u2', revision: '1', namespace: 'x', name: 'stranger' };
        assert.equal(
          await rolloutEvents.take(makeRolloutEvent('completed', 1, { rollout: stranger })),
          'ignored',
        );
        assert.equal((await unitOfWork.stores.ledger.list({}, 10, null)).items.length, 1);
      });
    });

    describe('giving up', () => {
      it('cancels with the verdict inconclusive, and twice without harm', async () => {
        const { runs, through, unitOfWork } = house();
        const { id, changeId } = await runs.start(makeRequest());
        await through(2);
        assert.deepEqual(
          [(await runs.cancel(id, admin)).verdict, (await runs.cancel(id, admin)).phase],
          ['inconclusive', 'cancelled'],
        );
        assert.deepEqual((await unitOfWork.stores.ledger.find(changeId))?.analysisIds, [id]);
        await assert.rejects(runs.cancel('00000000-0000-4000-8000-00000000dead', admin), {
          code: 'not_found',
        });
      });

      it('expires a polled run that nobody asks for', async () => {
        const { runs, through, get } = house({ plan: { duration: '60m' } });
        const polled = await runs.start(makeRequest({ polled: true }));
        const other = await runs.start(makeRequest({ key: 'other' }));
        await through(12);
        const run = await get(polled.id);
        assert.deepEqual([run.phase, run.verdict], ['cancelled', 'inconclusive']);
        assert.match(run.reason, /nobody asked/);
        assert.equal((await get(other.id)).phase, 'running');
      });

      it('gives the lease back when the process stops during a look', async () => {
        const hanging = ({ signal }: QueryRequest) =>
          new Promise<never>((_, reject) => {
            const give = (): void => reject(new Error('aborted'));
            if (signal.aborted) give();
            signal.addEventListener('abort', give);
          });
        const provider = { ...makeProvider(traffic()), fetch: hanging };
        const { runs, scheduler, setMinutes, unitOfWork } = house({ provider });
        await runs.start(makeRequest());
        setMinutes(2);
        await scheduler.tick();
        await scheduler.stop(1);
        const [claim] = await unitOfWork.stores.runs.claimDue(start + 2 * minute, 1, 1_000);
        assert.equal(claim?.run.looks, 0);
      });
    });
  });
}
