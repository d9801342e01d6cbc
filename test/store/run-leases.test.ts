import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Run } from '../../src/analysis/run.ts';
import type { Claim, RunStore } from '../../src/analysis/run-store.ts';
import { openDatabase } from '../../src/store/database.ts';
import { createRunStore } from '../../src/store/run-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun } from '../support/plans.ts';

const now = 1000;
const leaseMs = 60_000;

for (const { name, open } of databases) {
  describe(`leases of runs on ${name}`, () => {
    let test: TestDatabase;
    let runs: RunStore;
    before(async () => {
      test = await open();
      runs = createRunStore(test.database);
    });
    beforeEach(() => test.database.run((sql) => sql('runs').del()));
    after(() => test.close());

    async function stored(changes: Partial<Run> = {}): Promise<Run> {
      const id = randomUUID();
      await runs.insert(makeRun({ id, key: id, nextLookAt: now, ...changes }));
      const run = await runs.find(id);
      assert.ok(run !== null);
      return run;
    }

    async function claimOne(): Promise<Claim> {
      const [claim, ...others] = await runs.claimDue(now, 1, leaseMs);
      assert.ok(claim !== undefined);
      assert.deepEqual(others, []);
      return claim;
    }

    /** As if the lease had run out by the database's clock. */
    async function expireLease(id: string): Promise<void> {
      const { clock } = test.database;
      await test.database.run((sql) =>
        sql('runs')
          .where({ id })
          .update({ lease_expires_at: sql.raw(`${clock} - 1`) }),
      );
    }

    describe('claimDue(now, limit, leaseMs)', () => {
      it('takes what is due, oldest first, and no more than the limit', async () => {
        const due = [];
        for (const nextLookAt of [30, 10, 1000, 20]) due.push(await stored({ nextLookAt }));
        await stored({ nextLookAt: now + 1 });

        const first = await runs.claimDue(now, 3, leaseMs);
        const rest = await runs.claimDue(now, 3, leaseMs);

        assert.deepEqual(
          first.map(({ run }) => run.nextLookAt),
          [10, 20, 30],
        );
        assert.deepEqual(
          rest.map(({ run }) => run),
          [due[2]],
        );
        assert.equal(new Set([...first, ...rest].map(({ token }) => token)).size, 4);
      });

      it('takes no run that is over', async () => {
        await stored({ phase: 'concluded', nextLookAt: null });
        await stored({ phase: 'cancelled', nextLookAt: 1 });

        assert.deepEqual(await runs.claimDue(now, 9, leaseMs), []);
      });

      it('takes nothing when asked for nothing', async () => {
        await stored();

        assert.deepEqual(await runs.claimDue(now, 0, leaseMs), []);
      });

      it('gives no run to two of twenty racing claimers, and leaves none', async () => {
        const others = [openDatabase(test.url), openDatabase(test.url)];
        const stores = [runs, ...others.map(createRunStore)];
        try {
          for (let round = 0; round < 10; round += 1) {
            for (let count = 0; count < 10; count += 1) await stored();

            const claims = await Promise.all(
              Array.from({ length: 20 }, (_, racer) => stores[racer % 3]!.claimDue(now, 3, leaseMs)),
            );

            const ids = claims.flat().map(({ run }) => run.id);
            assert.equal(ids.length, 10);
            assert.equal(new Set(ids).size, 10);
            await test.database.run((sql) => sql('runs').del());
          }
        } finally {
          await Promise.all(others.map((other) => other.close()));
        }
      });

      it('takes over a lease that has run out', async () => {
        await stored();
        const lost = await claimOne();
        assert.deepEqual(await runs.claimDue(now, 9, leaseMs), []);
        await expireLease(lost.run.id);

        const taken = await claimOne();

        assert.notEqual(taken.token, lost.token);
        assert.equal(await runs.saveClaimed({ ...lost.run, reason: 'lost' }, lost.token), false);
        assert.deepEqual(await runs.find(lost.run.id), lost.run);
        assert.equal(await runs.saveClaimed({ ...taken.run, reason: 'taken' }, taken.token), true);
        assert.equal((await runs.find(taken.run.id))?.reason, 'taken');
      });

      it('counts the lease by the database’s clock, not by the time that is passed in', async () => {
        await stored();
        await claimOne();

        assert.deepEqual(await runs.claimDue(now + 10 * leaseMs, 9, leaseMs), []);
      });
    });

    describe('renew(id, token, leaseMs)', () => {
      it('puts off the end of a lease that is held', async () => {
        await stored();
        const { run, token } = await claimOne();
        await expireLease(run.id);

        assert.equal(await runs.renew(run.id, token, leaseMs), true);
        assert.deepEqual(await runs.claimDue(now, 9, leaseMs), []);
      });

      it('says false when another took the run', async () => {
        await stored();
        const { run, token } = await claimOne();
        await expireLease(run.id);
        await claimOne();

        assert.equal(await runs.renew(run.id, token, leaseMs), false);
      });
    });

    describe('release(id, token)', () => {
      it('gives the run back unchanged, for the next to claim', async () => {
        const run = await stored();
        const { token } = await claimOne();

        await runs.release(run.id, token);

        assert.deepEqual((await claimOne()).run, run);
      });

      it('does not touch the lease of another', async () => {
        const run = await stored();
        await claimOne();

        await runs.release(run.id, randomUUID());

        assert.deepEqual(await runs.claimDue(now, 9, leaseMs), []);
      });
    });

    describe('saveClaimed(run, token)', () => {
      it('writes the run and gives up the lease', async () => {
        await stored();
        const { run, token } = await claimOne();
        const looked: Run = { ...run, phase: 'running', looks: 1, nextLookAt: now };

        assert.equal(await runs.saveClaimed(looked, token), true);
        assert.deepEqual((await claimOne()).run, looked);
        assert.equal(await runs.saveClaimed(run, token), false);
      });

      it('does not move back the time somebody asked while the look was under way', async () => {
        await stored({ askedAt: 100 });
        const { run, token } = await claimOne();
        await runs.touch(run.id, 500);

        assert.equal(await runs.saveClaimed({ ...run, looks: 1 }, token), true);
        assert.deepEqual(await runs.find(run.id), { ...run, looks: 1, askedAt: 500 });
      });
    });

    describe('saveForced(run, expected)', () => {
      it('writes the run and drops a look under way', async () => {
        await stored();
        const { run, token } = await claimOne();
        const cancelled: Run = { ...run, phase: 'cancelled', nextLookAt: null };

        assert.equal(await runs.saveForced(cancelled, run), true);
        assert.equal(await runs.saveClaimed({ ...run, looks: 1 }, token), false);
        assert.equal(await runs.renew(run.id, token, leaseMs), false);
        assert.deepEqual(await runs.find(run.id), cancelled);
      });

      it('says false and writes nothing when a look was quicker', async () => {
        const expected = await stored();
        const { run, token } = await claimOne();
        await runs.saveClaimed({ ...run, looks: 1 }, token);

        assert.equal(await runs.saveForced({ ...expected, phase: 'cancelled' }, expected), false);
        assert.deepEqual(await runs.find(run.id), { ...run, looks: 1 });
      });

      it('is not disturbed by polls, and keeps their time', async () => {
        const run = await stored({ askedAt: 100 });
        await runs.touch(run.id, 500);

        assert.equal(await runs.saveForced({ ...run, phase: 'cancelled' }, run), true);
        assert.deepEqual(await runs.find(run.id), { ...run, phase: 'cancelled', askedAt: 500 });
      });

      it('can be called again with what it wrote, and with what was inserted', async () => {
        const inserted = makeRun({ id: randomUUID(), key: 'again' });
        await runs.insert(inserted);
        const first: Run = { ...inserted, reason: 'first' };

        assert.equal(await runs.saveForced(first, inserted), true);
        assert.equal(await runs.saveForced({ ...first, reason: 'second' }, first), true);
        assert.equal(await runs.saveForced({ ...first, reason: 'third' }, first), false);
      });

      it('lets one of ten racing writers through', async () => {
        const run = await stored();

        const saved = await Promise.all(
          Array.from({ length: 10 }, (_, index) => runs.saveForced({ ...run, reason: `${index}` }, run)),
        );

        assert.equal(saved.filter(Boolean).length, 1);
      });
    });
  });
}
