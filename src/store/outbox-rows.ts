import type { NewMessage, OutboxMessage, Settlement } from '../notify/outbox-store.ts';
import { readInteger, readJson, writeInstant, writeJson } from './columns.ts';

/** A row as it comes back: PostgreSQL gives big integers as text. */
export type StoredMessageRow = Readonly<Record<(typeof messageColumns)[number], unknown>>;

/** The columns that `messageFromRow` needs. */
export const messageColumns = [
  'id',
  'channel',
  'dedupe_key',
  'order_key',
  'payload',
  'created_at',
  'due_at',
  'expires_at',
  'attempts',
  'last_error',
] as const;

/** The row of a message that is added. */
export function messageToRow(id: string, message: NewMessage, createdAt: number) {
  return {
    id,
    channel: message.channel,
    dedupe_key: message.dedupeKey,
    order_key: message.orderKey ?? null,
    payload: writeJson(message.payload),
    state: 'waiting',
    attempts: 0,
    created_at: writeInstant(createdAt, 'outbox_messages.created_at'),
    due_at: writeInstant(message.dueAt, 'outbox_messages.due_at'),
    expires_at: writeInstant(message.expiresAt, 'outbox_messages.expires_at'),
  };
}

/** The message as it was written. */
export function messageFromRow(row: StoredMessageRow): OutboxMessage {
  const integer = (column: (typeof messageColumns)[number]): number =>
    readInteger(row[column], `outbox_messages.${column}`);
  return {
    id: row.id as string,
    channel: row.channel as string,
    dedupeKey: row.dedupe_key as string,
    orderKey: row.order_key as string | null,
    payload: readJson(row.payload, 'outbox_messages.payload'),
    createdAt: integer('created_at'),
    dueAt: integer('due_at'),
    expiresAt: integer('expires_at'),
    attempts: integer('attempts'),
    lastError: row.last_error as string | null,
  };
}

/** What a settlement changes of its message. */
export function settlementToRow(settlement: Settlement) {
  switch (settlement.state) {
    case 'delivered':
      return { state: 'delivered', settled_at: settlement.at, last_error: null };
    case 'dead':
      return { state: 'dead', settled_at: settlement.at, last_error: settlement.reason };
    case 'waiting':
      return { due_at: settlement.dueAt, last_error: settlement.reason };
  }
}
