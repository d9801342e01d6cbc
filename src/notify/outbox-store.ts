/** A message as it is put in the outbox. `payload` is plain data, which the channel's folder knows how to read. */
export type NewMessage = {
  /** Name of the channel that delivers it, `github`. */
  readonly channel: string;
  /** Of messages with the same channel and dedupe key the first is kept and the others are dropped. */
  readonly dedupeKey: string;
  readonly payload: unknown;
  /** Not before this, milliseconds. */
  readonly dueAt: number;
  /** Given up after this, milliseconds. */
  readonly expiresAt: number;
  /** Messages of one channel with the same order key go out one after the other, in the order they were added. */
  readonly orderKey?: string | undefined;
};

/** A message on its way. */
export type OutboxMessage = {
  readonly id: string;
  readonly channel: string;
  readonly dedupeKey: string;
  readonly orderKey: string | null;
  readonly payload: unknown;
  readonly createdAt: number;
  readonly dueAt: number;
  readonly expiresAt: number;
  /** How often it was taken to be sent, this time included: above 1 it may have arrived already. */
  readonly attempts: number;
  /** Why the last attempt did not deliver it; `null` before. */
  readonly lastError: string | null;
};

/** A message that this process may send until the lease ends. Whatever is written of it names the token. */
export type ClaimedMessage = { readonly message: OutboxMessage; readonly token: string };

/** What became of one attempt. `at` and `dueAt` in milliseconds. */
export type Settlement =
  | { readonly state: 'delivered'; readonly at: number }
  | { readonly state: 'waiting'; readonly dueAt: number; readonly reason: string }
  | { readonly state: 'dead'; readonly at: number; readonly reason: string };

export const messageStates = ['waiting', 'delivered', 'dead'] as const;
export type MessageState = (typeof messageStates)[number];

/** Messages to others. Implemented in `store/`; rejects with `store_unavailable` when the database is away. */
export interface OutboxStore {
  /** Call it in the transaction of the fact it tells of. `false` when it was added before. */
  add(message: NewMessage, createdAt: number): Promise<boolean>;
  /**
   * Takes up to `limit` messages with `dueAt ≤ now` that nobody holds, longest due first; of an order key only the
   * oldest that is still waiting.
   */
  claimDue(now: number, limit: number, leaseMs: number): Promise<readonly ClaimedMessage[]>;
  /** Writes what became of it and gives up the lease; `false`, with nothing written, when the lease is lost. */
  settle(id: string, token: string, settlement: Settlement): Promise<boolean>;
  /** Removes what was delivered before then; gives how many. Dead messages stay. */
  forgetDelivered(before: number): Promise<number>;
  /** How many messages there are in each state. */
  census(): Promise<Readonly<Record<MessageState, number>>>;
}
