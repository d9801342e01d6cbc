import SqliteClient from 'knex/lib/dialects/sqlite3/index.js';

/**
 * knex lets an SQLite transaction take the write lock with its first write. When it read before and another process
 * wrote in between, SQLite refuses that write at once, however long the busy timeout, and a second try may meet the
 * same (https://www.sqlite.org/lang_transaction.html). Taken at the beginning, the lock is waited for.
 */
export class ImmediateSqliteClient extends SqliteClient {
  override transaction(...definition: Parameters<SqliteClient['transaction']>) {
    const transaction = super.transaction(...definition);
    transaction.begin = (connection) =>
      transaction.query(connection, 'BEGIN IMMEDIATE;', undefined, undefined);
    return transaction;
  }
}
