import assert from 'node:assert/strict';
import type { Actor } from '../../src/ledger/actor.ts';
import type { QueryRequest } from '../../src/metrics/provider.ts';
import {
  admin,
  type HouseOptions,
  makeHouse,
  makeRequest,
  makeRolloutEvent,
} from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeProvider } from '../support/providers.ts';

const rollout = { uid: 'u1', revision: '7', namespace: 'shop', name: 'checkout' };
const argo: Actor = { name: 'token:argo', isAdmin: false };
const ann: Actor = { name: 'token:ann', isAdmin: true, requestId: 'q1' };
const pass = { verdict: 'pass', reason: 'a load test' } as const;

/** 10 000 requests a minute; `factor` times the errors in the canary. */
function traffic(factor: number) {
  return ({ query, arm }: QueryRequest, point: number): number =>
    query === 'requests' ? 10_000 : (20 + ((point / 60_000) % 3)) * (arm === 'canary' ? factor : 1);
}

for (const { name, open } of databases)
  describe(`a person's verdict on ${name}`, () => {
    let opened: TestDatabase;
    const house = (factor = 1, options: Partial<HouseOptions> = {}) =>
      makeHouse(opened.database, { provider: makeProvider(traffic(factor)), ...options });
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());
    const begin = (home: ReturnType<typeof house>) => home.runs.start(makeRequest({ rollout, by: argo }));
    const verdictsOf = async (home: ReturnType<typeof house>, changeId: string) =>
      (await home.unitOfWork.stores.ledger.eventsOf(changeId)).flatMap((event) =>
        event.type === 'verdict' ? [[event.verdict, event.enforced]] : [],
      );
    const changeOf = async (home: ReturnType<typeof house>, changeId: string) => {
      const change = await home.unitOfWork.stores.ledger.find(changeId);
      return [change?.outcome, change?.failureClass];
    };

    it('takes the place of a fail that the judge said, for whoever asks again, and keeps what the judge said', async () => {
      const home = house(5);
      const { id, changeId } = await begin(home);
      await home.through(9);
      assert.equal((await home.get(id)).verdict, 'fail');

      const run = await home.runs.override(id, pass, ann);

      assert.deepEqual([run.verdict, run.judgedVerdict, run.phase], ['pass', 'fail', 'concluded']);
      assert.equal(run.reason, 'token:ann decided pass: a load test (the judge said fail)');
      assert.deepEqual((await home.get(id)).override, { ...pass, by: 'token:ann', at: run.override?.at });
      assert.deepEqual([(await begin(home)).id, (await begin(home)).verdict], [id, 'pass']);
      assert.deepEqual(await verdictsOf(home, changeId), [['fail', true]]);
      assert.deepEqual(await changeOf(home, changeId), ['failed', 'caught_in_canary']);
    });

    it('ends a run that goes on; no look moves it afterwards, and no failure is recorded that nobody judged', async () => {
      const home = house();
      const { id, changeId } = await begin(home);
      await home.through(3);
      const fail = { verdict: 'fail', reason: 'the page is broken' } as const;

      const run = await home.runs.override(id, fail, ann);
      await home.through(12);

      assert.deepEqual([run.verdict, run.judgedVerdict, run.phase], ['fail', 'inconclusive', 'concluded']);
      const { askedAt: _, ...kept } = await home.get(id);
      const { askedAt: __, ...told } = run;
      assert.deepEqual(kept, told);
      assert.deepEqual(await verdictsOf(home, changeId), [['inconclusive', true]]);
      assert.deepEqual(await changeOf(home, changeId), ['pending', null]);
      await home.rolloutEvents.take(makeRolloutEvent('aborted', 4, { rollout }));
      assert.deepEqual(await changeOf(home, changeId), ['failed', 'caught_in_canary']);
    });

    it('wakes who waits for the conclusion', async () => {
      const home = house();
      const { id } = await begin(home);
      await home.through(1);
      const waiting = home.runs.waitFor(id, 60_000, new AbortController().signal);
      await home.runs.override(id, pass, ann);
      assert.equal((await waiting).verdict, 'pass');
    });

    it('may be changed by another, and each time stands in the audit trail', async () => {
      const home = house();
      const { id } = await begin(home);
      await home.through(11);
      await home.runs.override(id, { verdict: 'fail', reason: 'no' }, ann);
      home.setMinutes(12);
      const run = await home.runs.override(id, { verdict: 'inconclusive', reason: 'wait' }, admin);
      assert.deepEqual(
        [run.verdict, run.judgedVerdict, run.override?.by],
        ['inconclusive', 'pass', admin.name],
      );
      const { items } = await home.unitOfWork.stores.audit.list({ action: 'analysis.override' }, 10, null);
      assert.deepEqual(
        items.map(({ actor, reason, requestId, before, after }) => [
          actor,
          reason,
          requestId,
          (before as { verdict: string }).verdict,
          (after as { verdict: string }).verdict,
        ]),
        [
          [admin.name, 'wait', null, 'fail', 'inconclusive'],
          ['token:ann', 'no', 'q1', 'pass', 'fail'],
        ],
      );
    });

    it('is refused to who asked for the run, who is bound to other services, and of a dry run', async () => {
      const home = house();
      const { id } = await begin(home);
      const bound = { ...ann, services: ['search'] };
      for (const by of [{ ...argo, isAdmin: true }, bound])
        await assert.rejects(home.runs.override(id, pass, by), { code: 'forbidden' });
      const dry = await home.runs.start(makeRequest({ key: 'dry', dryRun: true }));
      await assert.rejects(home.runs.override(dry.id, pass, ann), { code: 'conflict' });
      await assert.rejects(home.runs.override('nobody', pass, ann), { code: 'not_found' });
      assert.equal((await home.get(id)).override, undefined);
      const { items } = await home.unitOfWork.stores.audit.list({ action: 'analysis.override' }, 10, null);
      assert.deepEqual(items, []);
    });

    it('is anybody’s as long as nobody has a name', async () => {
      const home = house();
      const anonymous: Actor = { name: 'anonymous', isAdmin: true };
      const { id } = await home.runs.start(makeRequest({ by: anonymous }));
      assert.equal((await home.runs.override(id, pass, anonymous)).verdict, 'pass');
    });
  });

for (const { name, open } of databases)
  describe(`the audit trail of analyses on ${name}`, () => {
    it('tells each write with its caller, and nothing of polls and repetitions', async () => {
      const opened = await open();
      const home = makeHouse(opened.database, { provider: makeProvider(traffic(1)) });
      const by = { ...argo, requestId: 'q7' };
      const { id, changeId } = await home.runs.start(makeRequest({ rollout, by }));
      for (const minutes of [1, 2, 3]) {
        await home.at(minutes);
        await home.runs.start(makeRequest({ rollout, by }));
        await home.runs.get(id);
      }
      await home.rolloutEvents.take(makeRolloutEvent('paused', 3, { rollout, by }));
      await home.rolloutEvents.take(makeRolloutEvent('paused', 3, { rollout, by }));
      await home.runs.cancel(id, by);
      await home.runs.cancel(id, by);

      const { items } = await home.unitOfWork.stores.audit.list({}, 10, null);
      assert.deepEqual(
        items
          .map(({ action, subject, actor, requestId }) => [action, subject.id, actor, requestId])
          .sort(([one], [other]) => ((one ?? '') < (other ?? '') ? -1 : 1)),
        [
          ['analysis.cancel', id, 'token:argo', 'q7'],
          ['analysis.start', id, 'token:argo', 'q7'],
          ['rollout.paused', changeId, 'token:argo', 'q7'],
        ],
      );
      assert.equal((await home.get(id)).requestedBy, 'token:argo');
      await opened.close();
    });
  });
