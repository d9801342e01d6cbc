import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { migrateDown, migrateUp, pendingMigrations } from '../../db/migrate.ts';
import { migrations } from '../../db/migrations/index.ts';
import { hasCode } from '../../src/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { databases, type TestDatabase } from '../support/databases.ts';

const names = migrations.map(({ name }) => name);

describe('the list of migrations', () => {
  it('names every file of its folder, in order', () => {
    const files = readdirSync(new URL('../../db/migrations', import.meta.url))
      .filter((file) => /^\d/.test(file))
      .sort();

    assert.deepEqual(
      names.map((name) => `${name}.ts`),
      files,
    );
  });

  it('numbers them from 1 on, each once', () => {
    const numbers = names.map((name) => Number(name.slice(0, 4)));

    assert.equal(numbers[0], 1);
    for (const [index, number] of numbers.entries())
      assert.ok(number > (numbers[index - 1] ?? 0), names[index]);
  });
});

for (const { name, open } of databases) {
  describe(`migrating on ${name}`, () => {
    let test: TestDatabase;
    let database: Database;
    beforeEach(async () => {
      test = await open({ migrated: false });
      database = test.database;
    });
    afterEach(() => test.close());

    it('brings an empty database to the newest schema, once', async () => {
      assert.deepEqual(await pendingMigrations(database), names);
      assert.deepEqual(await migrateUp(database), names);
      assert.deepEqual(await pendingMigrations(database), []);
      assert.deepEqual(await migrateUp(database), []);
    });

    it('leaves names without extension, so that built files take them up', async () => {
      await migrateUp(database);

      const stored = await database.run((sql) =>
        sql('serin_migrations').orderBy('id').pluck<string[]>('name'),
      );

      assert.deepEqual(stored, names);
      assert.ok(stored.every((one) => !/\.[jt]s$/.test(one)));
    });

    it('goes down to nothing and up again', async () => {
      await migrateUp(database);

      assert.deepEqual(await migrateDown(database, names.length), [...names].reverse());
      assert.deepEqual(await pendingMigrations(database), names);
      assert.equal(await database.run((sql) => sql.schema.hasTable('runs')), false);
      assert.deepEqual(await migrateUp(database), names);
    });

    it('goes down no further than there is', async () => {
      await migrateUp(database);

      assert.deepEqual(await migrateDown(database, names.length + 3), [...names].reverse());
      assert.deepEqual(await migrateDown(database, 1), []);
    });

    it('lets three migrate at once: one does it, the others find it done', async () => {
      // Not more: those who wait for SQLite's lock each hold one of the four threads of Node's pool.
      const processes = Array.from({ length: 3 }, () => openDatabase(test.url));
      try {
        const ran = await Promise.all(processes.map((process) => migrateUp(process)));

        assert.deepEqual(ran.flat().sort(), names);
        assert.deepEqual(await pendingMigrations(database), []);
      } finally {
        await Promise.all(processes.map((process) => process.close()));
      }
    });

    it('lets two go down at once: what one took back the other does not', async () => {
      await migrateUp(database);
      const other = openDatabase(test.url);
      try {
        await other.ping();
        const undone = await Promise.all([database, other].map((one) => migrateDown(one, names.length)));

        assert.deepEqual(undone.flat().sort(), names);
      } finally {
        await other.close();
      }
    });

    it('does all or nothing: what stands in the way of the last table leaves no first one', async () => {
      await database.run((sql) => sql.schema.createTable('run_series', (table) => table.text('other')));

      await assert.rejects(migrateUp(database));

      assert.deepEqual(await pendingMigrations(database), names);
      assert.equal(await database.run((sql) => sql.schema.hasTable('runs')), false);
      await database.run((sql) => sql.schema.dropTable('run_series'));
      assert.deepEqual(await migrateUp(database), names);
    });

    it('says what to do about a lock that somebody left', async () => {
      await migrateUp(database);
      await migrateDown(database, 1);
      await database.run((sql) => sql('serin_migrations_lock').update({ is_locked: 1 }));

      await assert.rejects(migrateUp(database), (error) => {
        assert.ok(hasCode(error, 'conflict'));
        assert.match(error.message, /UPDATE serin_migrations_lock SET is_locked = 0/);
        return true;
      });
      await database.run((sql) => sql.raw('UPDATE serin_migrations_lock SET is_locked = 0'));
      assert.deepEqual(await migrateUp(database), names.slice(-1));
    });

    it('refuses a database that a newer Serin migrated', async () => {
      await migrateUp(database);
      await database.run((sql) => sql('serin_migrations').insert({ name: '9999-of-the-future', batch: 9 }));

      await assert.rejects(migrateUp(database), /9999-of-the-future/);
    });

    it('says that the database is away when it is', async () => {
      await database.close();

      for (const ask of [
        () => migrateUp(database),
        () => migrateDown(database, 1),
        () => pendingMigrations(database),
      ])
        await assert.rejects(ask(), (error) => hasCode(error, 'store_unavailable'));
    });
  });
}
