import assert from 'node:assert/strict';
import fc from 'fast-check';
import { hasCode } from '../../src/errors.ts';
import type { Change } from '../../src/ledger/change.ts';
import type { Fact } from '../../src/ledger/fact.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import type { Connection } from '../../src/store/database.ts';
import { readFacts } from '../../src/store/fact-rows.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { compareFacts, weekMs } from '../../src/store/packs.ts';
import { createReportStore } from '../../src/store/report-store.ts';
import { createRollupStore } from '../../src/store/rollup-store.ts';
import { anyEvent, day, epoch, identity, policyAt } from '../ledger/events.ts';
import { databases, type TestDatabase } from '../support/databases.ts';

const far = epoch + 1000 * day;

type Places = readonly { service: string; environment: string; facts: readonly Fact[] }[];

/** Facts by place in one order, so that two ways of getting them can be compared. */
function sorted(places: Places): [string, Fact[]][] {
  const byPlace = new Map<string, Fact[]>();
  for (const { service, environment, facts } of places)
    if (facts.length > 0)
      byPlace.set(`${service} in ${environment}`, [
        ...(byPlace.get(`${service} in ${environment}`) ?? []),
        ...facts,
      ]);
  return [...byPlace].sort().map(([place, facts]) => [place, facts.sort(compareFacts)]);
}

/** What may happen to a change, `number` telling one from another. */
const anyWrite = fc.record({
  number: fc.integer({ min: 0, max: 5 }),
  service: fc.constantFrom('checkout', 'search'),
  hours: fc.integer({ min: 0, max: 800 }),
  events: fc.array(anyEvent(), { maxLength: 6 }),
  now: fc.integer({ min: 0, max: 400 }),
});

for (const { name, open } of databases) {
  describe(`the roll-ups on ${name}`, () => {
    let test: TestDatabase;
    beforeEach(async () => {
      test = await open();
    });
    afterEach(() => test.close());

    const rollups = () => createRollupStore(test.database);
    const fromRollups = (from = 0, to = far) => createReportStore(test.database).facts(from, to, {});
    const fromChanges = (from = 0, to = far) => readFacts(test.database, from, to);

    async function assertSame(from = 0, to = far): Promise<void> {
      assert.deepEqual(sorted(await fromRollups(from, to)), sorted(await fromChanges(from, to)));
    }

    function makeChange(number: number, changes: Partial<Change> = {}): Change {
      const base = { ...identity, id: `c${number}`, externalId: `u/${number}` };
      return { ...foldChange(base, [], policyAt(0)), startedAt: epoch, ...changes };
    }

    const within = <T>(work: (connection: Connection) => Promise<T>): Promise<T> =>
      test.database.transaction(work);

    async function write(connection: Connection, change: Change): Promise<void> {
      const store = createLedgerStore(connection);
      if ((await store.find(change.id)) === null) await store.insert(change);
      else await store.save(change);
    }

    async function insertMany(count: number, spread: number): Promise<void> {
      await within(async (connection) => {
        for (let number = 0; number < count; number += 1)
          await write(
            connection,
            makeChange(number, { startedAt: epoch + number * spread, service: `s${number % 3}` }),
          );
      });
    }

    it('are complete from the start where there is no change yet', async () => {
      assert.equal(await rollups().isLive(), true);
      assert.deepEqual(await fromRollups(), []);
    });

    it('equal a count of the changes, whatever is written in whatever order', async () => {
      await fc.assert(
        fc
          .asyncProperty(
            fc.array(fc.array(anyWrite, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
            async (transactions) => {
              for (const writes of transactions)
                await within(async (connection) => {
                  for (const { number, service, hours, events, now } of writes) {
                    const base = {
                      ...identity,
                      id: `${service}${number}`,
                      externalId: `${service}${number}`,
                    };
                    const moved = events.map((event) => ({ ...event, at: event.at + hours * 3_600_000 }));
                    await write(connection, foldChange({ ...base, service }, moved, policyAt(now)));
                  }
                });
              await assertSame();
              const middle = epoch + 10 * day + 12_345;
              await assertSame(middle, middle + 9 * day);
            },
          )
          .afterEach(async () => {
            for (const table of ['changes', 'change_rollups'])
              await test.database.run((sql) => sql(table).del());
          }),
        { numRuns: 25 },
      );
    });

    it('take back what a transaction that is rolled back had added', async () => {
      await insertMany(1, 0);
      const broken = within(async (connection) => {
        await write(connection, makeChange(7));
        throw new Error('no');
      });

      await assert.rejects(broken, /no/);
      await assertSame();
      assert.equal((await fromRollups())[0]?.facts.length, 1);
    });

    it('keep a change out where its roll-up cannot be written', async () => {
      await test.database.run((sql) => sql.schema.renameTable('change_rollups', 'gone'));

      await assert.rejects(createLedgerStore(test.database).insert(makeChange(1)));
      assert.deepEqual(await fromChanges(), []);
    });

    it('move a change to another week with its time', async () => {
      const store = createLedgerStore(test.database);
      await store.insert(makeChange(1));
      await store.save(makeChange(1, { finishedAt: epoch + 30 * day }));

      await assertSame();
      assert.deepEqual((await fromRollups(epoch + 29 * day, epoch + 31 * day))[0]?.facts.length, 1);
    });

    it('are right after many wrote to the same places at once', async () => {
      await Promise.all(
        Array.from({ length: 24 }, async (_, writer) =>
          within(async (connection) => {
            const order = writer % 2 === 0 ? ['a', 'b'] : ['b', 'a'];
            for (const [index, service] of order.entries())
              await write(connection, makeChange(writer * 2 + index, { service }));
          }),
        ),
      );

      await assertSame();
      assert.deepEqual(
        (await fromRollups()).map(({ facts }) => facts.length),
        [24, 24],
      );
    });

    it('are built anew beside those in use, which are never empty, while changes go on being written', async () => {
      await insertMany(40, 12 * 3_600_000);
      const sizes: number[] = [];
      let done = false;
      const rebuilt = rollups()
        .rebuild()
        .finally(() => {
          done = true;
        });
      let number = 100;
      while (!done) {
        await createLedgerStore(test.database).insert(
          makeChange(number, { startedAt: epoch + (number % 20) * day }),
        );
        await createLedgerStore(test.database).save(makeChange(number % 40, { service: `s${number % 3}` }));
        sizes.push((await fromRollups()).reduce((sum, { facts }) => sum + facts.length, 0));
        number += 1;
      }
      const { cells, changes } = await rebuilt;

      // How many it counts hangs on what is written meanwhile; that none is missing is seen below.
      assert.ok(cells > 0 && changes > 0);
      assert.deepEqual(
        sizes,
        sizes.map((_, index) => 41 + index),
      );
      await assertSame();
      assert.deepEqual((await rollups().check()).differences, []);
    });

    it('leave nothing of the generation before', async () => {
      await insertMany(3, 0);
      await rollups().rebuild();
      await rollups().rebuild();

      const kept = await test.database.run((sql) => sql('change_rollups').distinct('generation'));
      assert.deepEqual(kept, [{ generation: 3 }]);
      await assertSame();
    });

    it('show how far a rebuild has come', async () => {
      await insertMany(3, 8 * day);
      assert.equal(await rollups().progress(), null);
      const rebuilt = rollups().rebuild();
      const seen = new Set<string>();
      let done = false;
      void rebuilt.finally(() => {
        done = true;
      });
      while (!done) seen.add(JSON.stringify(await rollups().progress()));
      await rebuilt;

      assert.ok(
        [...seen].every((one) => one === 'null' || /^\{"generation":2,"through":(null|\d+)\}$/.test(one)),
      );
      assert.ok(seen.size > 1, String([...seen]));
      assert.equal(await rollups().progress(), null);
    });

    it('end a rebuild that another one overtook', async () => {
      await insertMany(3, 8 * day);
      const [first, second] = await Promise.allSettled([rollups().rebuild(), rollups().rebuild()]);
      const ends = [first, second].map((one) =>
        one.status === 'fulfilled' ? 'built' : hasCode(one.reason, 'conflict') ? 'overtaken' : 'broken',
      );

      assert.ok(ends.includes('built') && !ends.includes('broken'), String(ends));
      await assertSame();
    });

    it('are read from the changes until they were built once', async () => {
      await insertMany(5, 0);
      await test.database.run((sql) => sql('rollup_state').update({ live: null }));
      await test.database.run((sql) => sql('change_rollups').del());

      assert.equal(await rollups().isLive(), false);
      await assertSame();
      await assert.rejects(rollups().check(), (error) => hasCode(error, 'conflict'));

      await rollups().rebuild();
      assert.equal(await rollups().isLive(), true);
      await assertSame();
    });

    it('are found wrong by the check, place and week by place and week', async () => {
      await insertMany(6, 0);
      const week = Math.floor(epoch / weekMs) * weekMs;
      await test.database.run((sql) => sql('changes').where({ id: 'c0' }).del());
      await test.database.run((sql) => sql('changes').where({ id: 'c1' }).update({ outcome: 'abandoned' }));
      await test.database.run((sql) => sql('change_rollups').where({ service: 's2' }).del());

      const { differences, cells, changes } = await rollups().check();

      const of = (service: string, rolledUp: number, counted: number, only: readonly [number, number]) => ({
        ...{ service, environment: 'production', from: week, to: week + weekMs, rolledUp, counted },
        ...{ onlyRolledUp: only[0], onlyCounted: only[1] },
      });
      assert.deepEqual(
        [...differences].sort((left, right) => (left.service < right.service ? -1 : 1)),
        [of('s0', 2, 1, [1, 0]), of('s1', 2, 2, [1, 1]), of('s2', 0, 2, [0, 2])],
      );
      assert.deepEqual([cells, changes], [2, 5]);

      await rollups().rebuild();
      assert.deepEqual((await rollups().check()).differences, []);
    });
  });
}
