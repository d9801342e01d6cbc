import assert from 'node:assert/strict';
import type { SteppedRollout, SteppedRolloutStore } from '../../src/analysis/stepped-rollout.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { start } from '../support/plans.ts';

function makeRollout(changes: Partial<SteppedRollout> = {}): SteppedRollout {
  return {
    uid: 'flagger:production//shop/checkout',
    revision: 1,
    checksum: 'a',
    service: 'checkout',
    environment: 'production',
    target: null,
    grants: 1,
    analysisId: 'r1',
    patience: 3_600_000,
    createdAt: start,
    endedAt: null,
    endedAs: null,
    ...changes,
  };
}

for (const { name, open } of databases)
  describe(`the store of stepped rollouts on ${name}`, () => {
    let test: TestDatabase;
    let store: SteppedRolloutStore;
    beforeEach(async () => {
      test = await open();
      store = createUnitOfWork(test.database).stores.steppedRollouts;
    });
    afterEach(() => test.close());

    it('gives back the one with the highest revision, as it was put in', async () => {
      const tenth = makeRollout({
        revision: 10,
        target: 'eu',
        analysisId: null,
        endedAt: start,
        endedAs: 'aborted',
      });
      for (const rollout of [makeRollout({ revision: 9 }), tenth, makeRollout({ uid: 'other' })])
        assert.equal(await store.insert(rollout), true);

      assert.deepEqual(await store.findLatest(tenth.uid), tenth);
      assert.equal(await store.findLatest('nobody'), null);
    });

    it('takes a revision once', async () => {
      await store.insert(makeRollout());

      assert.equal(await store.insert(makeRollout({ checksum: 'b' })), false);
      assert.equal((await store.findLatest(makeRollout().uid))?.checksum, 'a');
    });

    it('lets one of two grants of the same step through', async () => {
      const rollout = makeRollout();
      await store.insert(rollout);
      const granted = { ...rollout, grants: 2, analysisId: 'r2', patience: 1 };

      const saved = await Promise.all([store.save(granted, rollout), store.save(granted, rollout)]);

      assert.deepEqual(saved.sort(), [false, true]);
      assert.deepEqual(await store.findLatest(rollout.uid), granted);
    });

    it('grants nothing to a rollout that has ended meanwhile', async () => {
      const rollout = makeRollout();
      await store.insert(rollout);
      const ended = { ...rollout, endedAt: start + 1, endedAs: 'completed' as const };

      assert.equal(await store.save(ended, rollout), true);
      assert.equal(await store.save({ ...rollout, grants: 2 }, rollout), false);
      assert.deepEqual(await store.findLatest(rollout.uid), ended);
    });
  });
