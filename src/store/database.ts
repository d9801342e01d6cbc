import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import knex from 'knex';
import { SerinError } from '../errors.ts';
import { type DatabaseOptions, type Dialect, readDialect } from './dialects.ts';
import { isLostRace, nameFailure, unavailable } from './failures.ts';

export type { DatabaseOptions } from './dialects.ts';

/** What a store speaks to: the database itself, or one transaction on it. */
export type Connection = {
  readonly dialect: Dialect['name'];
  /** The database's own clock as an SQL expression: integer milliseconds since the epoch. */
  readonly clock: string;
  /**
   * Runs one piece of work with the query builder. Rejects with `store_unavailable` when the database is away or
   * cannot take it now; every query of every store goes through here.
   */
  run<T>(work: (sql: Knex) => PromiseLike<T>): Promise<T>;
  /**
   * In a transaction: has `work` done when all else is, before it commits; when `work` rejects, all is rolled back.
   * `null` outside of one.
   */
  readonly beforeCommit: ((work: () => Promise<void>) => void) | null;
};

export type Database = Connection & {
  readonly beforeCommit: null;
  /**
   * Runs `work` in one transaction: commits when it resolves, rolls back and rejects when it rejects. When it lost
   * against another transaction, `work` is run again from the start, up to four times in all (two on SQLite), so it must have no effects
   * besides its queries. Inside, only the connection handed in may be used; anything else is refused at once, on SQLite it would
   * wait for itself.
   */
  transaction<T>(work: (connection: Connection) => Promise<T>): Promise<T>;
  /** Resolves when the database answers, rejects with `store_unavailable` when it does not. */
  ping(): Promise<void>;
  /** Ends all connections. Whatever is asked afterwards rejects with `store_unavailable`. */
  close(): Promise<void>;
};

/** Tells whether the code that runs now was called from within a transaction that is still open. */
type Scope = { open: boolean };

const silent = {
  warn: () => undefined,
  error: () => undefined,
  debug: () => undefined,
  deprecate: () => undefined,
};

/**
 * Opens `sqlite:<path>`, `sqlite::memory:` or `postgres://…`; another URL is `invalid_input`. An SQLite file's folder
 * is created. Connections are made when needed, so that a database that is away now may come back later.
 */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const dialect = readDialect(url, options);
  const sql = knex({
    ...dialect.config,
    acquireConnectionTimeout: options.acquireTimeoutMs ?? 5000,
    // Failures come to the caller; their text must not repeat the values bound to the statement.
    compileSqlOnError: false,
    log: silent,
  });
  const scopes = new AsyncLocalStorage<Scope>();
  const connection = connect(sql, dialect, () => refuseWithin(scopes), null);
  let closed = false;

  return {
    ...connection,
    beforeCommit: null,
    run: async (work) => {
      if (closed) throw unavailable('it was closed', undefined);
      return connection.run(work);
    },
    transaction: async (work) => {
      refuseWithin(scopes);
      if (closed) throw unavailable('it was closed', undefined);
      return transact(sql, dialect, scopes, work);
    },
    ping: async () => {
      await connection.run((builder) => builder.raw('select 1'));
      if (!dialect.isInPlace()) throw unavailable('its file was deleted, moved or replaced', undefined);
    },
    close: async () => {
      closed = true;
      await sql.destroy();
    },
  };
}

function connect(
  sql: Knex,
  dialect: Dialect,
  check: () => void,
  beforeCommit: Connection['beforeCommit'],
): Connection {
  return {
    dialect: dialect.name,
    clock: dialect.clock,
    beforeCommit,
    run: async (work) => {
      check();
      try {
        return await work(sql);
      } catch (error) {
        throw nameFailure(error);
      }
    },
  };
}

function refuseWithin(scopes: AsyncLocalStorage<Scope>): void {
  if (scopes.getStore()?.open !== true) return;
  const message =
    'Within a transaction only the stores handed to it may be used, and transactions are not nested.';
  throw new SerinError('internal', message);
}

/** A transaction that loses against others so often will not get through; on SQLite each has waited long before. */
const mostTries = { sqlite: 2, postgres: 4 } as const;
const longestPauseMs = 50;

async function transact<T>(
  sql: Knex,
  dialect: Dialect,
  scopes: AsyncLocalStorage<Scope>,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const scoped = (trx: Knex) => {
    const scope: Scope = { open: true };
    return scopes
      .run(scope, () => workThrough(trx, dialect, work))
      .finally(() => {
        scope.open = false;
      });
  };
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt(sql, scoped);
    } catch (error) {
      if (tries === mostTries[dialect.name] || !lostAgainstAnother(error)) throw nameFailure(error);
    }
    // Those who lost against each other must not meet again in step; only chance keeps two processes apart.
    await sleep(Math.random() * longestPauseMs);
  }
}

/** Does the work, and then what it left to be done before the commit. */
async function workThrough<T>(
  trx: Knex,
  dialect: Dialect,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const left: (() => Promise<void>)[] = [];
  const result = await work(
    connect(
      trx,
      dialect,
      () => undefined,
      (one) => left.push(one),
    ),
  );
  for (const one of left) await one();
  return result;
}

/** Rejects with what the work rejected with, also when rolling back fails after it: the database may have done so. */
async function attempt<T>(sql: Knex, work: (trx: Knex) => Promise<T>): Promise<T> {
  let failure: { readonly error: unknown } | null = null;
  const watched = (trx: Knex) =>
    work(trx).catch((error: unknown) => {
      failure = { error };
      throw error;
    });
  return sql.transaction(watched).catch((error: unknown) => {
    throw failure === null ? error : failure.error;
  });
}

/** A query's failure was named on its way out of `work`; the cause still tells. */
function lostAgainstAnother(error: unknown): boolean {
  return isLostRace(error) || (error instanceof SerinError && isLostRace(error.cause));
}
