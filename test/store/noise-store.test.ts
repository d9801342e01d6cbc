import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { LearnedNoise } from '../../src/analysis/noise-store.ts';
import type { Stores } from '../../src/analysis/run-store.ts';
import type { Outcome } from '../../src/ledger/change.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { makeChange } from '../support/api.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun, start } from '../support/plans.ts';

const minute = 60_000;
const place = { service: 'checkout', environment: 'production', target: null };
const forever = Number.MAX_SAFE_INTEGER;

for (const { name, open } of databases) {
  describe(`the noise store on ${name}`, () => {
    let test: TestDatabase;
    let stores: Stores;
    beforeEach(async () => {
      test = await open();
      stores = createUnitOfWork(test.database).stores;
    });
    afterEach(() => test.close());

    /** A run whose window ended that many minutes after the start, its change with that outcome, and what it told. */
    async function tell(
      minutes: number,
      outcome: Outcome = 'succeeded',
      changes: Partial<LearnedNoise> = {},
    ): Promise<LearnedNoise> {
      const [id, changeId] = [randomUUID(), randomUUID()];
      await stores.ledger.insert(makeChange({ id: changeId, externalId: changeId, outcome }));
      await stores.runs.insert(makeRun({ id, key: id, changeId }));
      const learned = {
        ...place,
        runId: id,
        changeId,
        metric: 'latency',
        fingerprint: 'f',
        from: start + (minutes - 30) * minute,
        to: start + minutes * minute,
        profile: { squares: [0.1 + 0.2, 5e-324], logDeterminants: [-1.5, 2], degrees: 29 },
        ...changes,
      };
      await stores.noise.keep([learned]);
      return learned;
    }

    async function ends(before = forever): Promise<number[]> {
      const recalled = await stores.noise.recall(place, ['f'], before);
      return recalled.map(({ to }) => (to - start) / minute);
    }

    it('gives back what a run told, to the last bit', async () => {
      const learned = await tell(30);
      const elsewhere = await tell(30, 'succeeded', { target: 'eu' });

      assert.deepEqual(await stores.noise.recall(place, ['f'], forever), [learned]);
      assert.deepEqual(await stores.noise.recall({ ...place, target: 'eu' }, ['f'], forever), [elsewhere]);
    });

    it('gives the newest first, of windows that ended by the time given', async () => {
      for (const minutes of [60, 120, 90]) await tell(minutes);

      assert.deepEqual(await ends(), [120, 90, 60]);
      assert.deepEqual(await ends(start + 90 * minute), [90, 60]);
    });

    it('tells services, environments, targets and measurements apart', async () => {
      for (const other of [{ service: 'x' }, { environment: 'x' }, { target: 'x' }, { fingerprint: 'x' }])
        await tell(30, 'succeeded', other);

      assert.deepEqual(await ends(), []);
      assert.equal((await stores.noise.recall(place, ['f', 'x'], forever)).length, 1);
      assert.deepEqual(await stores.noise.recall(place, [], forever), []);
    });

    it('gives nothing of changes that failed or are still open', async () => {
      await tell(30, 'failed');
      await tell(60, 'pending');
      await tell(90, 'abandoned');
      await tell(120);

      assert.deepEqual(await ends(), [120, 90]);
    });

    it('forgets and remembers with the outcome of the change', async () => {
      const { changeId } = await tell(30);
      const change = await stores.ledger.find(changeId);
      assert.ok(change !== null);

      await stores.ledger.save({ ...change, outcome: 'failed' });
      assert.deepEqual(await ends(), []);
      await stores.ledger.save({ ...change, outcome: 'succeeded' });
      assert.deepEqual(await ends(), [30]);
    });

    it('keeps what a run told of a metric once', async () => {
      const learned = await tell(30);

      await stores.noise.keep([]);
      await stores.noise.keep([
        { ...learned, to: start },
        { ...learned, metric: 'cpu', fingerprint: 'g' },
      ]);

      assert.deepEqual(await ends(), [30]);
      assert.equal((await stores.noise.recall(place, ['f', 'g'], forever)).length, 2);
    });

    it('keeps the newest 20 that may be recalled, and those of open and failed changes between them', async () => {
      for (let run = 1; run <= 5; run++) await tell(run);
      await tell(6, 'pending');
      for (let run = 7; run <= 25; run++) await tell(run, run === 20 ? 'failed' : 'succeeded');
      await tell(26);
      await tell(27);

      const kept = await test.database.run((sql) => sql('noise_profiles').pluck<unknown[]>('window_end'));
      const minutes = kept.map((end) => (Number(end) - start) / minute).sort((left, right) => left - right);

      assert.deepEqual(
        minutes,
        Array.from({ length: 21 }, (_, index) => 7 + index),
      );
      assert.equal((await ends()).length, 20);
    });

    it('drops nothing of other places and measurements', async () => {
      await tell(1, 'succeeded', { target: 'eu' });
      await tell(1, 'succeeded', { fingerprint: 'g' });
      for (let run = 2; run <= 23; run++) await tell(run);

      assert.equal((await stores.noise.recall({ ...place, target: 'eu' }, ['f'], forever)).length, 1);
      assert.equal((await stores.noise.recall(place, ['g'], forever)).length, 1);
    });

    it('loses what a run told with the run', async () => {
      await tell(30);

      await test.database.run((sql) => sql('runs').del());

      assert.deepEqual(await ends(), []);
    });

    it('says what is wrong with a row that it cannot read', async () => {
      await tell(30);
      await test.database.run((sql) => sql('noise_profiles').update({ profile: '{' }));

      await assert.rejects(ends(), /noise_profiles\.profile.*not JSON/);
    });
  });
}
