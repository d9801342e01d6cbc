import type { OutboxMessage } from './outbox-store.ts';

/** What came of one attempt to send. `reason` is one sentence without secrets. */
export type Delivery =
  | { readonly outcome: 'delivered' }
  /** May work later; `retryAfter` is what the receiver asked for, milliseconds from now. */
  | { readonly outcome: 'retry'; readonly reason: string; readonly retryAfter?: number | undefined }
  /** Will never work. */
  | { readonly outcome: 'refused'; readonly reason: string };

/**
 * One way out. A message may be sent more than once (Serin may end between sending and noting it), so a channel makes
 * sure by itself that the second time changes nothing at the receiver's; `message.attempts` tells that there was a
 * first one. What it rejects with counts as `retry`.
 */
export type Channel = {
  send(message: OutboxMessage, signal: AbortSignal): Promise<Delivery>;
  /** Work that belongs to no message; called about once a minute. What it rejects with is logged. */
  sweep?(): Promise<void>;
};

/** The channel of that name; `null` when it is not configured (any more). */
export type FindChannel = (name: string) => Channel | null;

/** All channels of one configuration. */
export type Channels = ReadonlyMap<string, Channel>;
