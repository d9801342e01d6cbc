import { randomUUID } from 'node:crypto';
import type { NewMessage, OutboxMessage } from '../../src/notify/outbox-store.ts';
import type { Database } from '../../src/store/database.ts';

/** A message for the channel `test`, due at once and good for an hour. */
export function makeMessage(changes: Partial<NewMessage> = {}): NewMessage {
  return {
    channel: 'test',
    dedupeKey: randomUUID(),
    payload: { text: 'hello' },
    dueAt: 0,
    expiresAt: 3_600_000,
    ...changes,
  };
}

/** A message as a channel gets it: the first attempt. */
export function makeTaken(changes: Partial<OutboxMessage> = {}): OutboxMessage {
  const { orderKey = null, ...message } = makeMessage();
  return { ...message, orderKey, id: randomUUID(), createdAt: 0, attempts: 1, lastError: null, ...changes };
}

/** The payloads of all messages, whatever became of them, in the order they were added. */
export async function readPayloads<T>(database: Database): Promise<T[]> {
  const payloads = await database.run((sql) =>
    sql('outbox_messages').orderBy('sequence').pluck<string[]>('payload'),
  );
  return payloads.map((payload) => JSON.parse(payload) as T);
}
