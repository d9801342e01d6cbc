import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Knex } from 'knex';
import { invalidInput } from '../errors.ts';
import { isLostRace, unavailable } from './failures.ts';
import { ImmediateSqliteClient } from './sqlite-client.ts';

/** The two databases Serin runs on; everything in which they differ is in this file and in `failures.ts`. */
export type Dialect = {
  readonly name: 'sqlite' | 'postgres';
  /** False when what is written now would be lost: the file behind an open handle was deleted, moved or replaced. */
  readonly isInPlace: () => boolean;
  /** The database's own clock as an SQL expression: integer milliseconds since the epoch. */
  readonly clock: string;
  readonly config: Knex.Config;
};

export type DatabaseOptions = {
  /** How long a statement may run before it is given up, default 10 s (PostgreSQL only). */
  readonly statementTimeoutMs?: number | undefined;
  /** How long to wait for a connection from the pool, default 5 s. */
  readonly acquireTimeoutMs?: number | undefined;
  /** How long to wait for another process's lock on an SQLite file, default 5 s. */
  readonly busyTimeoutMs?: number | undefined;
};

const allowed =
  'allowed are sqlite:<path of a file>, sqlite::memory: and postgres://<user>:<password>@<host>:<port>/<database>';

/** Reads a database URL. Rejects what is not understood with `invalid_input`, without repeating credentials. */
export function readDialect(url: string, options: DatabaseOptions): Dialect {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 'sqlite') return sqlite(url.slice('sqlite:'.length), options);
  if (scheme === 'postgres' || scheme === 'postgresql') return postgres(url, options);
  const found = scheme === undefined ? 'found no scheme' : `found the scheme "${scheme}"`;
  throw invalidInput([{ path: '', message: `database URL: ${found}; ${allowed}` }]);
}

function sqlite(path: string, options: DatabaseOptions): Dialect {
  if (path === '' || path.startsWith('//') || path.includes('?')) {
    const message = `database URL: sqlite: takes a path, relative or absolute, without host and options; ${allowed}`;
    throw invalidInput([{ path: '', message }]);
  }
  if (path !== ':memory:') createFolder(dirname(path));
  return {
    name: 'sqlite',
    isInPlace: path === ':memory:' ? () => true : watchFile(path),
    clock: "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
    config: {
      client: ImmediateSqliteClient,
      connection: { filename: path },
      useNullAsDefault: true,
      // One connection: SQLite has one writer, and callers that queue here never see SQLITE_BUSY from each other.
      pool: {
        min: 0,
        max: 1,
        idleTimeoutMillis: 2 ** 31 - 1,
        afterCreate: setPragmas(options.busyTimeoutMs ?? 5000),
      },
    },
  };
}

/** Tells whether the path still leads to the file that it led to when first asked. */
function watchFile(path: string): () => boolean {
  let first: number | null = null;
  return () => {
    const inode = statSync(path, { throwIfNoEntry: false })?.ino ?? null;
    first ??= inode;
    return inode === first;
  };
}

function createFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw unavailable(`its folder ${path} cannot be created`, error);
  }
}

type Done = (error: Error | null) => void;
type SqliteConnection = { exec(sql: string, done: Done): void };

const pauseMs = 25;

/**
 * Two processes that open a new file both turn it to WAL; SQLite then refuses one at once, without waiting for the
 * busy timeout. So this is tried again until the busy timeout has passed.
 */
function setPragmas(busyTimeoutMs: number) {
  const pragmas = [
    `busy_timeout = ${busyTimeoutMs}`,
    'journal_mode = WAL',
    'synchronous = FULL',
    'foreign_keys = ON',
  ];
  const sql = pragmas.map((pragma) => `PRAGMA ${pragma};`).join(' ');
  return (connection: SqliteConnection, done: Done): void => {
    const until = performance.now() + busyTimeoutMs;
    const attempt = (): void =>
      connection.exec(sql, (error) => {
        if (error !== null && isLostRace(error) && performance.now() < until) setTimeout(attempt, pauseMs);
        else done(error);
      });
    attempt();
  };
}

function postgres(url: string, options: DatabaseOptions): Dialect {
  const statementTimeoutMs = options.statementTimeoutMs ?? 10_000;
  requirePostgresUrl(url);
  return {
    name: 'postgres',
    isInPlace: () => true,
    clock: '(extract(epoch from clock_timestamp()) * 1000)::bigint',
    config: {
      client: 'pg',
      connection: {
        connectionString: url,
        application_name: 'serin',
        connectionTimeoutMillis: 3000,
        statement_timeout: statementTimeoutMs,
        // The server's own timeout says nothing when the server has fallen silent.
        query_timeout: statementTimeoutMs === 0 ? 0 : statementTimeoutMs + 2000,
        keepAlive: true,
      } as Knex.PgConnectionConfig,
      pool: { min: 0, max: 10 },
    },
  };
}

function requirePostgresUrl(url: string): void {
  if (URL.canParse(url)) return;
  const message = `database URL: not a URL (are special characters of the password percent-encoded?); ${allowed}`;
  throw invalidInput([{ path: '', message }]);
}
