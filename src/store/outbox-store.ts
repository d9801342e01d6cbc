import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import {
  type ClaimedMessage,
  type MessageState,
  messageStates,
  type NewMessage,
  type OutboxStore,
  type Settlement,
} from '../notify/outbox-store.ts';
import { readInteger } from './columns.ts';
import type { Connection } from './database.ts';
import {
  messageColumns,
  messageFromRow,
  messageToRow,
  type StoredMessageRow,
  settlementToRow,
} from './outbox-rows.ts';
import { noLease, whereFree } from './run-leases.ts';

const table = 'outbox_messages';

/** Keeps messages in the database, or as one of its transactions sees them. */
export function createOutboxStore(connection: Connection): OutboxStore {
  return {
    add: (message, createdAt) => add(connection, message, createdAt),
    claimDue: (now, limit, leaseMs) => claimDue(connection, now, limit, leaseMs),
    settle: (id, token, settlement) => settle(connection, id, token, settlement),
    forgetDelivered: (before) => forgetDelivered(connection, before),
    census: () => census(connection),
  };
}

async function add(connection: Connection, message: NewMessage, createdAt: number): Promise<boolean> {
  const added = await connection.run((sql) =>
    sql(table)
      .insert(messageToRow(randomUUID(), message, createdAt))
      .onConflict(['channel', 'dedupe_key'])
      .ignore()
      .returning('id'),
  );
  return added.length === 1;
}

/** Due, held by nobody, and with nothing of its order key waiting before it. */
function whereDue(query: Knex.QueryBuilder, { clock }: Connection, now: number): void {
  query.where('state', 'waiting').where('due_at', '<=', now);
  whereFree(query, clock);
  query.where((either) =>
    either
      .whereNull('order_key')
      .orWhereRaw(
        `not exists (select 1 from ${table} as earlier where earlier.channel = ${table}.channel and earlier.order_key = ${table}.order_key and earlier.state = 'waiting' and earlier.sequence < ${table}.sequence)`,
      ),
  );
}

/** Candidates are found first and then taken one by one, each by one conditional update, as runs are. */
async function claimDue(
  connection: Connection,
  now: number,
  limit: number,
  leaseMs: number,
): Promise<readonly ClaimedMessage[]> {
  const ids = await connection.run((sql) =>
    sql(table)
      .modify(whereDue, connection, now)
      .orderBy(['due_at', 'sequence'])
      .limit(limit)
      .pluck<string[]>('id'),
  );
  const claims: ClaimedMessage[] = [];
  for (const id of ids) {
    const claim = await claimOne(connection, id, now, leaseMs);
    if (claim !== null) claims.push(claim);
  }
  return claims;
}

/** The attempt is counted when it begins, so that one that nobody lived to tell of counts too. */
async function claimOne(
  connection: Connection,
  id: string,
  now: number,
  leaseMs: number,
): Promise<ClaimedMessage | null> {
  const token = randomUUID();
  const [row] = await connection.run((sql) =>
    sql(table)
      .where({ id })
      .modify(whereDue, connection, now)
      .update({
        lease_token: token,
        lease_expires_at: sql.raw(`${connection.clock} + ?`, [leaseMs]),
        attempts: sql.raw('attempts + 1'),
      })
      .returning<StoredMessageRow[]>([...messageColumns]),
  );
  return row === undefined ? null : { message: messageFromRow(row), token };
}

async function settle(
  connection: Connection,
  id: string,
  token: string,
  settlement: Settlement,
): Promise<boolean> {
  const changed = await connection.run((sql) =>
    sql(table)
      .where({ id, lease_token: token })
      .update({ ...settlementToRow(settlement), ...noLease }),
  );
  return changed === 1;
}

function forgetDelivered(connection: Connection, before: number): Promise<number> {
  return connection.run((sql) =>
    sql(table).where('state', 'delivered').where('settled_at', '<', before).del(),
  );
}

async function census(connection: Connection): Promise<Record<MessageState, number>> {
  const counts: { state: MessageState; count: unknown }[] = await connection.run((sql) =>
    sql(table).groupBy('state').select('state').count({ count: '*' }),
  );
  const found = new Map(counts.map(({ state, count }) => [state, readInteger(count, table)]));
  return Object.fromEntries(messageStates.map((state) => [state, found.get(state) ?? 0])) as Record<
    MessageState,
    number
  >;
}
