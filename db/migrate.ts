import type { Knex } from 'knex';
import { SerinError } from '../src/errors.ts';
import type { Database } from '../src/store/database.ts';
import { type Migration, migrations } from './migrations/index.ts';

const tableName = 'serin_migrations';
const lockTableName = `${tableName}_lock`;

/** The list as knex wants to see it: names without extension, nothing read from the disk. */
export const migrationSource: Knex.MigrationSource<Migration> = {
  getMigrations: async () => [...migrations],
  getMigrationName: (migration) => migration.name,
  getMigration: async (migration) => migration,
};

const config: Knex.MigratorConfig = { migrationSource, tableName };

/**
 * Brings the database to the newest schema, or to just `upTo` (its name); all of it or nothing. Gives the names of
 * the migrations that ran. Two processes may call it at once: the second waits and finds nothing to do.
 */
export async function migrateUp(database: Database, upTo?: string): Promise<readonly string[]> {
  return alone(database, async (sql) => {
    const [, names] = await (upTo === undefined ? sql.migrate.latest(config) : toward(sql, upTo));
    return names as readonly string[];
  });
}

function toward(sql: Knex, name: string): Promise<[number, string[]]> {
  const migrator = sql.migrate as Knex.Migrator & {
    to(config: Knex.MigratorConfig & { name: string }): Promise<[number, string[]]>;
  };
  return migrator.to({ ...config, name });
}

/** Takes back the last `steps` migrations, newest first; all of it or nothing. Gives their names. */
export async function migrateDown(database: Database, steps: number): Promise<readonly string[]> {
  return alone(database, async (sql) => {
    const undone: string[] = [];
    for (let step = 0; step < steps; step += 1) {
      const [, names] = await sql.migrate.down(config);
      undone.push(...(names as readonly string[]));
    }
    return undone;
  });
}

/** Names of the migrations that the database lacks, in the order in which they would run. Changes nothing. */
export async function pendingMigrations(database: Database): Promise<readonly string[]> {
  const done = await database.run(async (sql) => {
    if (!(await sql.schema.hasTable(tableName))) return [];
    return sql(tableName).pluck<string[]>('name');
  });
  return migrations.map(({ name }) => name).filter((name) => !done.includes(name));
}

/** One process at a time: the row of the lock table is held by the transaction, so a crash leaves no lock behind. */
async function alone<T>(database: Database, work: (sql: Knex) => Promise<T>): Promise<T> {
  await database.run(createTables);
  try {
    return await database.transaction((connection) =>
      connection.run(async (sql) => {
        await sql(lockTableName).update({ is_locked: sql.ref('is_locked') });
        return work(sql);
      }),
    );
  } catch (error) {
    throw explain(error);
  }
}

/** knex makes these too, but two processes at once would each insert a lock, and then none is ever had. */
async function createTables(sql: Knex): Promise<void> {
  await createTable(sql, tableName, (table) => {
    table.increments();
    table.text('name');
    table.integer('batch');
    table.timestamp('migration_time');
  });
  await createTable(sql, lockTableName, (table) => {
    table.increments('index').primary();
    table.integer('is_locked');
  });
  await sql(lockTableName).insert({ index: 1, is_locked: 0 }).onConflict('index').ignore();
}

async function createTable(
  sql: Knex,
  name: string,
  build: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  if (await sql.schema.hasTable(name)) return;
  try {
    await sql.schema.createTable(name, build);
  } catch (error) {
    if (!(await sql.schema.hasTable(name))) throw error;
  }
}

function explain(error: unknown): unknown {
  if (!(error instanceof Error) || !/already locked/.test(error.message)) return error;
  const message =
    'The database is marked as being migrated. If no other process migrates it, free it with ' +
    `"UPDATE ${lockTableName} SET is_locked = 0" and migrate again.`;
  return new SerinError('conflict', message, { cause: error });
}
