import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrateUp } from '../../db/migrate.ts';
import { type Database, type DatabaseOptions, openDatabase } from '../../src/store/database.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';

/** A database of one's own, empty and (unless said otherwise) migrated. */
export type TestDatabase = {
  readonly url: string;
  readonly database: Database;
  /** Closes `database` and removes what was made for it. */
  close(): Promise<void>;
};

type OpenOptions = DatabaseOptions & { readonly migrated?: boolean };

/** One of the databases that every store test runs on: `for (const { name, open } of databases) describe(name, …)`. */
export type TestDialect = {
  readonly name: 'SQLite' | 'PostgreSQL';
  open(options?: OpenOptions): Promise<TestDatabase>;
};

export const databases: readonly TestDialect[] = [
  { name: 'SQLite', open: openSqlite },
  { name: 'PostgreSQL', open: openPostgres },
];

/** Those that no test came to remove, for instance because it was interrupted. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

async function openSqlite({ migrated = true, ...options }: OpenOptions = {}): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'serin-sqlite-'));
  folders.add(folder);
  const url = `sqlite:${join(folder, 'serin.db')}`;
  const database = openDatabase(url, options);
  const close = async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
    folders.delete(folder);
  };
  try {
    if (migrated) await migrateUp(database);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, database, close };
}

async function openPostgres({ migrated = true, ...options }: OpenOptions = {}): Promise<TestDatabase> {
  const { admin, url, template } = await server();
  const name = newName();
  await execute(admin, `CREATE DATABASE ${name}${migrated ? ` TEMPLATE ${template}` : ''}`);
  const own = withName(url, name);
  const database = openDatabase(own, options);
  const close = async () => {
    await database.close();
    await execute(admin, `DROP DATABASE ${name} WITH (FORCE)`);
  };
  return { url: own, database, close };
}

type Server = {
  readonly url: string;
  readonly admin: Database;
  /** A migrated database: a copy of it is quicker than migrating again. */
  readonly template: string;
  readonly embedded: PostgresServer | null;
};

let started: Promise<Server> | undefined;

/** One server for all tests of this process: that of TEST_DATABASE_URL, or one of our own. */
function server(): Promise<Server> {
  started ??= startServer();
  return started;
}

async function startServer(): Promise<Server> {
  const outside = process.env['TEST_DATABASE_URL'];
  const embedded = outside === undefined ? await startPostgres() : null;
  const url = embedded?.url ?? outside ?? '';
  const admin = openDatabase(url);
  const template = newName();
  await execute(admin, `CREATE DATABASE ${template}`);
  const database = openDatabase(withName(url, template));
  await migrateUp(database);
  await database.close();
  return { url, admin, template, embedded };
}

/** At the root of mocha's suites, so it runs once, after the last test of all files. */
after(async function stopServer() {
  if (started === undefined) return;
  const { admin, template, embedded } = await started;
  await execute(admin, `DROP DATABASE ${template}`);
  await admin.close();
  await embedded?.stop();
});

function newName(): string {
  return `serin_${randomBytes(6).toString('hex')}`;
}

function withName(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function execute(database: Database, statement: string): Promise<void> {
  await database.run((sql) => sql.raw(statement));
}
