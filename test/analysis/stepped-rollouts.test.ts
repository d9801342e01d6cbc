import assert from 'node:assert/strict';
import type { SteppedCall } from '../../src/analysis/stepped-call.ts';
import { hasCode } from '../../src/errors.ts';
import type { QueryRequest } from '../../src/metrics/provider.ts';
import { admin, type HouseOptions, makeHouse } from '../support/analysis-house.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { start } from '../support/plans.ts';
import { makeProvider } from '../support/providers.ts';

const minute = 60_000;

/** 10 000 requests a minute and 20 errors, the canary's `factor` times as many; a factor of `null` is no data. */
function traffic(factor: number | null) {
  return ({ query, arm }: QueryRequest, point: number): number | null => {
    if (factor === null) return null;
    if (query === 'requests') return 10_000;
    return (20 + ((point / minute) % 3)) * (arm === 'canary' ? factor : 1);
  };
}

function makeCall(changes: Partial<SteppedCall> = {}): SteppedCall {
  return {
    source: 'flagger',
    namespace: 'shop',
    name: 'checkout',
    checksum: 'a',
    service: null,
    environment: null,
    target: null,
    change: {},
    template: null,
    duration: null,
    interval: null,
    dryRun: false,
    patience: 30 * minute,
    scopes: {
      defaults: { canary: { deployment: 'checkout' }, baseline: { deployment: 'checkout-primary' } },
      told: { canary: {}, baseline: {} },
    },
    by: admin,
    ...changes,
  };
}

for (const { name, open } of databases)
  describe(`rollouts that are asked for step by step on ${name}`, () => {
    let opened: TestDatabase;
    const house = (factor: number | null = 1, options: Partial<HouseOptions> = {}) =>
      makeHouse(opened.database, { provider: makeProvider(traffic(factor)), ...options });
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('grants the first step, holds the next until its analysis passed, and opens a window with each', async () => {
      const { steppedRollouts, through, runs } = house();
      const call = makeCall();

      assert.equal((await steppedRollouts.step(call, false)).yes, true);
      assert.deepEqual((await steppedRollouts.step(call, false)).yes, false);
      await through(11);
      assert.equal((await steppedRollouts.step(call, false)).yes, true);
      assert.equal((await steppedRollouts.step(call, false)).yes, false);

      const { items } = await runs.list({}, 10, null);
      assert.deepEqual(
        items.map(({ verdict, start: begun }) => [verdict, (begun - start) / minute]),
        [
          ['running', 11],
          ['pass', 0],
        ],
      );
      assert.equal(new Set(items.map(({ changeId }) => changeId)).size, 1);
      assert.deepEqual(items[0]?.canary, { deployment: 'checkout', arm: 'canary' });
    });

    it('grants the last step only after a pass, the first time too, and opens no window after it', async () => {
      const { steppedRollouts, through, runs } = house();
      const call = makeCall();

      assert.equal((await steppedRollouts.step(call, true)).yes, false);
      await through(11);
      assert.equal((await steppedRollouts.step(call, true)).yes, true);
      assert.equal((await steppedRollouts.step(call, true)).yes, true);

      assert.equal((await runs.list({}, 10, null)).items.length, 1);
    });

    it('opens the analysis with the first question whether to stay, so that no step goes before it', async () => {
      const { steppedRollouts, through } = house();
      const call = makeCall();

      assert.equal((await steppedRollouts.stay(call)).yes, true);
      assert.equal((await steppedRollouts.step(call, false)).yes, false);
      await through(11);
      assert.equal((await steppedRollouts.step(call, false)).yes, true);
    });

    it('says after a fail: do not stay, take no step, roll back', async () => {
      const { steppedRollouts, through } = house(5);
      const call = makeCall();
      await steppedRollouts.step(call, false);
      assert.equal((await steppedRollouts.rollBack(call)).yes, false);

      await through(10);

      const { yes, reason } = await steppedRollouts.rollBack(call);
      assert.equal(yes, true);
      assert.match(reason, /^fail: errors: /);
      assert.equal((await steppedRollouts.stay(call)).yes, false);
      assert.equal((await steppedRollouts.step(call, false)).yes, false);
    });

    it('holds without a verdict, and rolls back when it was held for as long as the call allows', async () => {
      const { steppedRollouts, through, setMinutes, runs } = house(null);
      const call = makeCall();
      await steppedRollouts.step(call, false);
      await through(14);
      const [run] = (await runs.list({}, 1, null)).items;
      assert.equal(run?.verdict, 'inconclusive');
      const over = ((run?.concludedAt ?? 0) - start) / minute;

      assert.equal((await steppedRollouts.step(call, false)).yes, false);
      assert.equal((await steppedRollouts.stay(call)).yes, true);
      setMinutes(over + 29.9);
      assert.equal((await steppedRollouts.rollBack(call)).yes, false);
      setMinutes(over + 30);
      const { yes, reason } = await steppedRollouts.rollBack(call);
      assert.equal(yes, true);
      assert.match(reason, /^held for 30m without a verdict, inconclusive: /);
    });

    it('never rolls back for an analysis that has not ended, however long Serin was away', async () => {
      const { steppedRollouts, setMinutes } = house(null);
      const call = makeCall();
      await steppedRollouts.step(call, false);

      setMinutes(24 * 60);

      assert.equal((await steppedRollouts.rollBack(call)).yes, false);
    });

    it('takes another checksum for another rollout, which supersedes the one before', async () => {
      const { steppedRollouts, setMinutes, runs, unitOfWork } = house();
      await steppedRollouts.step(makeCall(), false);
      setMinutes(2);

      assert.equal((await steppedRollouts.step(makeCall({ checksum: 'b' }), false)).yes, true);

      const [, first] = (await runs.list({}, 10, null)).items;
      assert.equal(first?.verdict, 'inconclusive');
      assert.match(first?.reason ?? '', /superseded/);
      const change = await unitOfWork.stores.ledger.find(first?.changeId ?? '');
      assert.equal(change?.attempts[0]?.result, 'superseded');
      assert.equal((await steppedRollouts.rollBack(makeCall({ checksum: 'a' }))).yes, false);
    });

    it('takes the same checksum for another rollout once it has ended', async () => {
      const { steppedRollouts, through, runs } = house(5);
      await steppedRollouts.step(makeCall(), false);
      await through(10);
      await steppedRollouts.end(makeCall(), 'aborted', 'the canary was taken back');
      assert.equal((await steppedRollouts.rollBack(makeCall())).yes, false);

      assert.equal((await steppedRollouts.step(makeCall(), false)).yes, true);

      const { items } = await runs.list({}, 10, null);
      assert.deepEqual(
        items.map(({ verdict, rollout }) => [verdict, rollout?.revision]),
        [
          ['running', '2'],
          ['fail', '1'],
        ],
      );
    });

    it('notes once how a rollout ended, also one it was never asked about', async () => {
      const { steppedRollouts, setMinutes, unitOfWork } = house();
      await steppedRollouts.step(makeCall(), false);
      setMinutes(3);

      const told = [
        await steppedRollouts.end(makeCall(), 'completed', null),
        await steppedRollouts.end(makeCall(), 'completed', null),
        await steppedRollouts.end(makeCall({ checksum: 'b' }), 'completed', null),
        await steppedRollouts.end(makeCall({ name: 'cart' }), 'completed', null),
      ];

      assert.deepEqual(told, ['recorded', 'duplicate', 'recorded', 'ignored']);
      const { items } = await unitOfWork.stores.ledger.list({}, 10, null);
      assert.deepEqual(
        items.map(({ source, attempts }) => [source, attempts.map(({ result }) => result)]),
        [
          ['flagger', ['completed']],
          ['flagger', ['completed']],
        ],
      );
    });

    it('tells clusters and environments apart', async () => {
      const { steppedRollouts } = house();
      await steppedRollouts.step(makeCall(), false);

      for (const elsewhere of [{ target: 'eu' }, { environment: 'staging' }])
        assert.equal((await steppedRollouts.step(makeCall(elsewhere), false)).yes, true);
    });

    it('refuses what it cannot judge and what is outside the scope, and stores nothing of it', async () => {
      const { steppedRollouts, unitOfWork } = house();
      const by = { name: 'token:search', isAdmin: false, services: ['search'] };

      for (const ask of [steppedRollouts.stay, (call: SteppedCall) => steppedRollouts.step(call, false)]) {
        await assert.rejects(ask(makeCall({ name: 'cart' })), (error) => hasCode(error, 'unknown_service'));
        await assert.rejects(ask(makeCall({ template: 'nope' })), (error) =>
          hasCode(error, 'unknown_template'),
        );
        await assert.rejects(ask(makeCall({ by })), (error) => hasCode(error, 'forbidden'));
      }
      await assert.rejects(steppedRollouts.rollBack(makeCall({ by })), (error) =>
        hasCode(error, 'forbidden'),
      );
      await assert.rejects(steppedRollouts.end(makeCall({ by }), 'completed', null), (error) =>
        hasCode(error, 'forbidden'),
      );

      const { uid } = { uid: 'flagger:production//shop/checkout' };
      assert.equal(await unitOfWork.stores.steppedRollouts.findLatest(uid), null);
      assert.deepEqual((await unitOfWork.stores.runs.list({}, 10, null)).items, []);
    });

    it('lets a dry run on at every step', async () => {
      const { steppedRollouts, through } = house(5);
      const call = makeCall({ dryRun: true });
      await steppedRollouts.step(call, false);
      await through(5);

      assert.equal((await steppedRollouts.step(call, false)).yes, true);
      assert.equal((await steppedRollouts.rollBack(call)).yes, false);
    });
  });
