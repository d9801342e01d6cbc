import assert from 'node:assert/strict';
import type { Callback, Conclusion, Run } from '../../src/analysis/run.ts';
import { hasCode } from '../../src/errors.ts';
import { type House, makeHouse, makeRequest, makeRolloutEvent } from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

const minute = 60_000;
const rollout = { uid: 'u1', revision: '7', namespace: 'shop', name: 'checkout' };
const callback: Callback = { channel: 'ci', data: { url: 'https://ci.example/1' } };

for (const { name, open } of databases) {
  describe(`callbacks of analyses on ${name}`, () => {
    let opened: TestDatabase;
    let house: House;
    beforeEach(async () => {
      opened = await open();
      const provider = makeProvider(({ query }) => (query === 'requests' ? 10_000 : 20));
      house = makeHouse(opened.database, { provider });
    });
    afterEach(() => opened.close());

    /** What is in the outbox, taken out. */
    async function told(): Promise<{ channel: string; data: unknown; analysis: Conclusion }[]> {
      const claims = await house.unitOfWork.stores.outbox.claimDue(start + 1e9, 100, 1);
      return claims.map(({ message }) => {
        const payload = message.payload as { data: unknown; analysis: Conclusion };
        return { channel: message.channel, ...payload };
      });
    }

    function begin(changes: Partial<Parameters<House['runs']['start']>[0]> = {}): Promise<Run> {
      return house.runs.start(makeRequest({ callbacks: [callback], ...changes }));
    }

    it('tell the verdict once it fell, with what it rests on, and not before', async () => {
      const run = await begin();
      await house.through(10);
      assert.deepEqual(await told(), []);

      await house.through(12);

      const [one, ...others] = await told();
      assert.deepEqual(others, []);
      assert.deepEqual([one?.channel, one?.data], ['ci', callback.data]);
      const { id, verdict, findings } = one?.analysis ?? assert.fail();
      assert.deepEqual([id, verdict, findings.map(({ metric }) => metric)], [run.id, 'pass', ['errors']]);
    });

    it('tell of a cancellation', async () => {
      const run = await begin();
      await house.runs.cancel(run.id, makeRequest().by);
      await house.runs.cancel(run.id, makeRequest().by);

      const messages = await told();
      assert.deepEqual(
        messages.map(({ analysis }) => [analysis.verdict, analysis.reason]),
        [['inconclusive', 'cancelled by the caller']],
      );
    });

    it('tell of a rollout that was over too early', async () => {
      await begin({ rollout });
      house.setMinutes(5);
      await house.rolloutEvents.take(makeRolloutEvent('completed', 5));

      const [one] = await told();
      assert.equal(one?.analysis.verdict, 'inconclusive');
      assert.match(one?.analysis.reason ?? '', /the rollout was completed after 5m/);
    });

    it('tell of an analysis that nobody asked for any more', async () => {
      await begin({ polled: true, duration: 60 * minute });
      await house.through(12);

      const [one] = await told();
      assert.match(one?.analysis.reason ?? '', /nobody asked/);
    });

    it('tell a dry run’s caller pass and the truth beside it', async () => {
      await begin({ dryRun: true });
      await house.through(12);

      const [one] = await told();
      assert.deepEqual([one?.analysis.verdict, one?.analysis.dryRun], ['pass', true]);
    });

    it('tell a verdict that a person put in its place, before or after the end, and each of them', async () => {
      const by = { name: 'token:lead', isAdmin: true };
      const open = await begin({ key: 'open' });
      await house.runs.override(open.id, { verdict: 'pass', reason: 'known to be fine' }, by);
      const over = await begin();
      await house.through(12);
      await house.runs.override(over.id, { verdict: 'fail', reason: 'users complain' }, by);
      house.setMinutes(13);
      await house.runs.override(over.id, { verdict: 'pass', reason: 'it was something else' }, by);

      const messages = await told();
      const verdictsOf = (id: string) =>
        messages.filter(({ analysis }) => analysis.id === id).map(({ analysis }) => analysis.verdict);
      assert.deepEqual(verdictsOf(open.id), ['pass']);
      assert.deepEqual(verdictsOf(over.id).sort(), ['fail', 'pass', 'pass']);
    });

    it('of those who join are added, each once', async () => {
      const other: Callback = { channel: 'ci', data: { url: 'https://ci.example/2' } };
      const run = await begin();
      await begin({ callbacks: [callback, other] });
      await begin({ callbacks: [other] });
      await begin({ callbacks: [] });
      await house.through(12);

      assert.deepEqual((await house.get(run.id)).callbacks, [callback, other]);
      assert.equal((await told()).length, 2);
    });

    it('of those who join a run that is over are told at once', async () => {
      await begin({ callbacks: [] });
      await house.through(12);
      assert.deepEqual(await told(), []);

      await begin();
      await begin();

      const messages = await told();
      assert.deepEqual(
        messages.map(({ analysis }) => analysis.verdict),
        ['pass'],
      );
    });

    it('do not stand in the way of joining, nor help with another plan', async () => {
      await begin();
      await assert.rejects(begin({ duration: 30 * minute }), (error) => hasCode(error, 'key_conflict'));
      await house.through(12);
      assert.equal((await told()).length, 1);
    });
  });
}
