import type { Connection } from './database.ts';

/** What the transactions under way hold until they end. */
const holds = new WeakMap<Connection, Set<string>>();

/**
 * Whether a transaction holds something for the first time, and so has to say it to the database. Outside of one
 * nothing is held for longer than a statement: every time is the first.
 */
export function isFirstHold(connection: Connection, name: string): boolean {
  if (connection.beforeCommit === null) return true;
  const held = holds.get(connection) ?? new Set();
  holds.set(connection, held);
  if (held.has(name)) return false;
  held.add(name);
  return true;
}
