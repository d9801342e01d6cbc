import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { type Phase, phases, type Run } from '../../src/analysis/run.ts';
import type { RunStore } from '../../src/analysis/run-store.ts';
import { hasCode } from '../../src/errors.ts';
import { createRunStore } from '../../src/store/run-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeRun, start } from '../support/plans.ts';

/** A run with its own identity and key. */
function newRun(changes: Partial<Run> = {}): Run {
  const id = randomUUID();
  return plain(makeRun({ id, key: `key of ${id}`, ...changes }));
}

/** Without the keys whose value is `undefined`: they are no data. */
function plain(run: Run): Run {
  return JSON.parse(JSON.stringify(run)) as Run;
}

function keySpaceOf({ service, environment, target, key }: Run) {
  return { service, environment, target, key };
}

for (const { name, open } of databases) {
  describe(`the run store on ${name}`, () => {
    let test: TestDatabase;
    let runs: RunStore;
    before(async () => {
      test = await open();
      runs = createRunStore(test.database);
    });
    beforeEach(() => test.database.run((sql) => sql('runs').del()));
    after(() => test.close());

    async function stored(changes: Partial<Run> = {}): Promise<Run> {
      const run = newRun(changes);
      assert.equal(await runs.insert(run), true);
      return run;
    }

    describe('insert(run) and find(id)', () => {
      it('gives back the run as it was inserted', async () => {
        const run = await stored({
          target: 'eu-west-1',
          rollout: { uid: 'u', revision: '7', namespace: 'shop', name: null },
          phase: 'concluded',
          nextLookAt: null,
          concludedAt: start + 1,
          rolloutEndedAt: start + 2,
          lookedThrough: start,
        });

        assert.deepEqual(await runs.find(run.id), run);
      });

      it('gives null for an id that nobody inserted', async () => {
        assert.equal(await runs.find('nobody'), null);
      });

      it('says false and changes nothing when key and attempt exist', async () => {
        const first = await stored();
        const second = { ...newRun(), ...keySpaceOf(first) };

        assert.equal(await runs.insert(second), false);
        assert.equal(await runs.find(second.id), null);
        assert.deepEqual(await runs.findLatest(keySpaceOf(first)), first);
      });

      it('takes no target for a value: the same key is inserted once', async () => {
        const keySpace = { service: 's', environment: 'e', target: null, key: 'k' };
        await stored(keySpace);

        assert.equal(await runs.insert(newRun(keySpace)), false);
      });

      it('tells keys apart by service, environment, target and attempt', async () => {
        const first = await stored();

        for (const other of [{ service: 'x' }, { environment: 'x' }, { target: 'x' }, { attempt: 2 }])
          assert.equal(await runs.insert(newRun({ ...keySpaceOf(first), ...other })), true);
      });

      it('lets one of twenty racing requests insert', async () => {
        const { key } = newRun();

        const inserted = await Promise.all(Array.from({ length: 20 }, () => runs.insert(newRun({ key }))));

        assert.equal(inserted.filter(Boolean).length, 1);
      });

      it('keeps any run, whatever it says', async () => {
        const keeps = fc
          .asyncProperty(anyRun(), async (run) => {
            assert.equal(await runs.insert(run), true);
            assert.deepEqual(await runs.find(run.id), run);
            assert.deepEqual(await runs.findLatest(keySpaceOf(run)), run);
            assert.equal(await runs.saveForced({ ...run, reason: 'saved' }, run), true);
          })
          .beforeEach(() => test.database.run((sql) => sql('runs').del()));
        await fc.assert(keeps, { numRuns: 60 });
      });
    });

    describe('findLatest(keySpace)', () => {
      it('gives the highest attempt, also past nine', async () => {
        const first = await stored();
        for (const attempt of [10, 9, 2]) await stored({ ...keySpaceOf(first), attempt });

        assert.equal((await runs.findLatest(keySpaceOf(first)))?.attempt, 10);
      });

      it('gives null where the key is another target’s', async () => {
        const run = await stored();

        assert.equal(await runs.findLatest({ ...keySpaceOf(run), target: 'eu' }), null);
      });
    });

    describe('list(filter, limit, cursor)', () => {
      async function pages(limit: number): Promise<string[][]> {
        const seen: string[][] = [];
        let cursor: string | null = null;
        do {
          const page = await runs.list({}, limit, cursor);
          seen.push(page.items.map(({ id }) => id));
          cursor = page.nextCursor;
        } while (cursor !== null);
        return seen;
      }

      it('gives each run once, newest first, also those created in the same millisecond', async () => {
        for (const createdAt of [2, 1, 1, 1, 1, 1, 3]) await stored({ createdAt });

        const seen = await pages(2);

        const all = seen.flat();
        assert.deepEqual(
          seen.map((page) => page.length),
          [2, 2, 2, 1],
        );
        assert.equal(new Set(all).size, 7);
        const created = await Promise.all(all.map(async (id) => (await runs.find(id))?.createdAt));
        assert.deepEqual(created, [3, 2, 1, 1, 1, 1, 1]);
      });

      it('has no next page after exactly as many runs as asked for', async () => {
        await stored();
        await stored();

        assert.equal((await runs.list({}, 2, null)).nextCursor, null);
      });

      it('skips no run when newer ones come between two pages', async () => {
        for (const createdAt of [1, 2, 3, 4]) await stored({ createdAt });
        const first = await runs.list({}, 2, null);
        await stored({ createdAt: 5 });

        const second = await runs.list({}, 2, first.nextCursor);

        assert.deepEqual(
          second.items.map(({ createdAt }) => createdAt),
          [2, 1],
        );
      });

      it('narrows by service, environment and verdict', async () => {
        const wanted = await stored({ service: 'a', environment: 'b', verdict: 'fail' });
        for (const other of [{ service: 'x' }, { environment: 'x' }, { verdict: 'pass' as const }])
          await stored({ service: 'a', environment: 'b', verdict: 'fail', ...other });

        const { items } = await runs.list({ service: 'a', environment: 'b', verdict: 'fail' }, 10, null);

        assert.deepEqual(items, [wanted]);
      });

      it('narrows by creation: from is inside, to is not', async () => {
        for (const createdAt of [9, 10, 11, 12]) await stored({ createdAt });

        const { items } = await runs.list({ from: 10, to: 12 }, 10, null);

        assert.deepEqual(
          items.map(({ createdAt }) => createdAt),
          [11, 10],
        );
      });

      for (const cursor of [
        '',
        'x',
        '%',
        'MQ',
        Buffer.from('1e3/x').toString('base64url'),
        `${'9'.repeat(40)}`,
      ])
        it(`refuses the cursor ${JSON.stringify(cursor)} as bad input`, async () => {
          await assert.rejects(runs.list({}, 2, cursor), (error) => {
            assert.ok(hasCode(error, 'invalid_input'));
            assert.equal(error.issues[0]?.path, 'cursor');
            return true;
          });
        });
    });

    describe('findByRollout(uid, revision)', () => {
      it('gives open and ended runs of the revision, newest first, or of all revisions', async () => {
        const rollout = (revision: string) => ({ uid: 'u', revision, namespace: null, name: null });
        const old = await stored({
          rollout: rollout('1'),
          createdAt: 1,
          phase: 'concluded',
          nextLookAt: null,
        });
        const recent = await stored({ rollout: rollout('2'), createdAt: 2 });
        await stored({ rollout: { ...rollout('2'), uid: 'other' } });
        await stored();

        assert.deepEqual(await runs.findByRollout('u', '2'), [recent]);
        assert.deepEqual(await runs.findByRollout('u', null), [recent, old]);
      });
    });

    describe('countByChange(changeId)', () => {
      it('counts runs of the change, whatever their phase', async () => {
        await stored({ changeId: 'c' });
        await stored({ changeId: 'c', phase: 'cancelled' });
        await stored({ changeId: 'd' });

        assert.equal(await runs.countByChange('c'), 2);
        assert.equal(await runs.countByChange('nobody'), 0);
      });
    });

    describe('touch(id, askedAt)', () => {
      it('moves the time forth and never back', async () => {
        const run = await stored({ askedAt: 100 });

        await runs.touch(run.id, 200);
        await runs.touch(run.id, 150);

        assert.deepEqual(await runs.find(run.id), { ...run, askedAt: 200 });
      });
    });

    describe('loadSeries(id) and saveSeries(id, series)', () => {
      const name = { metric: 'errors', arm: 'canary', field: 'events', member: '' } as const;
      const series = { start, step: 60_000, values: [1, null, 0.1 + 0.2, null, 5e-324, 1.7e308] };

      it('give back values to the last bit, and nulls as nulls', async () => {
        const { id } = await stored();

        await runs.saveSeries(id, [{ ...name, series }]);

        assert.deepEqual(await runs.loadSeries(id), [{ ...name, series }]);
      });

      it('replace what has the same name and leave the rest', async () => {
        const { id } = await stored();
        const other = { ...name, arm: 'baseline', series } as const;
        await runs.saveSeries(id, [{ ...name, series }, other]);
        const longer = { start: start + 60_000, step: 30_000, values: [...series.values, null] };

        await runs.saveSeries(id, [{ ...name, series: longer }]);

        assert.deepEqual(await runs.loadSeries(id), [other, { ...name, series: longer }]);
      });

      it('tell apart metric, arm, field and member', async () => {
        const { id } = await stored();
        const names = [
          { metric: 'a', arm: 'baseline', field: 'value', member: '' },
          { metric: 'a', arm: 'canary', field: 'support', member: '' },
          { metric: 'a', arm: 'canary', field: 'value', member: '' },
          { metric: 'a', arm: 'canary', field: 'value', member: 'pod-1' },
          { metric: 'a', arm: 'canary', field: 'value', member: 'pod-2' },
          { metric: 'b', arm: 'history', field: 'value', member: '' },
        ] as const;
        const kept = names.map((one, index) => ({ ...one, series: { start, step: 1, values: [index] } }));

        await runs.saveSeries(id, [...kept].reverse());

        assert.deepEqual(await runs.loadSeries(id), kept);
      });

      it('take more series at once than one statement may hold', async () => {
        const { id } = await stored();
        const kept = Array.from({ length: 1203 }, (_, index) => ({
          ...name,
          member: `pod-${String(index).padStart(4, '0')}`,
          series: { ...series, values: [index, null] },
        }));

        await runs.saveSeries(id, kept);
        await runs.saveSeries(id, kept);

        assert.deepEqual(await runs.loadSeries(id), kept);
      });

      it('keep an empty series and take an empty list', async () => {
        const { id } = await stored();
        const empty = { ...name, series: { ...series, values: [] } };

        await runs.saveSeries(id, []);
        await runs.saveSeries(id, [empty]);

        assert.deepEqual(await runs.loadSeries(id), [empty]);
      });

      it('go with their run', async () => {
        const { id } = await stored();
        await runs.saveSeries(id, [{ ...name, series }]);

        await test.database.run((sql) => sql('runs').where({ id }).del());

        assert.deepEqual(await runs.loadSeries(id), []);
      });
    });

    describe('census()', () => {
      it('counts runs by phase and gives the earliest time due of those that nobody holds', async () => {
        await stored({ phase: 'running', nextLookAt: 30 });
        await stored({ phase: 'waiting', nextLookAt: 40 });
        await stored({ phase: 'waiting', nextLookAt: 10 });
        await stored({ phase: 'cancelled', nextLookAt: null });
        const [claim] = await runs.claimDue(20, 1, 60_000);

        assert.equal(claim?.run.nextLookAt, 10);
        assert.deepEqual(await runs.census(), {
          byPhase: { running: 1, waiting: 2, cancelled: 1 },
          oldestDue: 30,
        });
      });

      it('finds nothing due in an empty database', async () => {
        assert.deepEqual(await runs.census(), { byPhase: {}, oldestDue: null });
      });
    });

    it('says what is wrong with a row that it cannot read', async () => {
      const { id } = await stored();
      await test.database.run((sql) => sql('runs').where({ id }).update({ state: '{"id":' }));

      await assert.rejects(runs.find(id), /runs\.state.*not JSON/);
    });
  });
}

/** Runs with hostile texts, extreme times and numbers that JSON does not know. */
function anyRun(): fc.Arbitrary<Run> {
  // NUL is refused by PostgreSQL in columns that are queried, and by Serin before it comes here.
  const column = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('\0'));
  const text = fc.string({ unit: 'binary' });
  const instant = fc.integer({ min: 0, max: 8.64e15 });
  const number = fc.double().filter((value) => !Object.is(value, -0));
  const plainObjects = { noNullPrototype: true } as const;
  return fc
    .record({
      id: fc.uuid(),
      key: column,
      target: fc.option(column),
      changeId: column,
      rollout: fc.option(
        fc.record(
          { uid: column, revision: column, namespace: fc.option(text), name: fc.option(text) },
          plainObjects,
        ),
      ),
      canary: fc.dictionary(text, text, plainObjects),
      phase: fc.constantFrom<Phase>(...phases),
      score: number,
      alpha: number,
      reason: text,
      attempt: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
      nextLookAt: fc.option(instant),
      createdAt: instant,
      askedAt: instant,
      concludedAt: fc.option(instant),
    })
    .map((changes) => ({ ...newRun(), ...changes }));
}
