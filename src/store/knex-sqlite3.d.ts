/** The class that knex takes for `client: 'sqlite3'`; knex itself gives no types for it. */
declare module 'knex/lib/dialects/sqlite3/index.js' {
  import { Knex } from 'knex';

  type SqliteTransaction = Knex.Transaction & { begin(connection: unknown): unknown };

  class SqliteClient extends Knex.Client {
    transaction(...definition: unknown[]): SqliteTransaction;
  }

  export = SqliteClient;
}
