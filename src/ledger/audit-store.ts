import type { Actor } from './actor.ts';

/** One write, as the audit trail keeps it. */
export type AuditEntry = {
  /** Milliseconds. */
  readonly at: number;
  /** The caller's name, and in brackets what else is known of it. */
  readonly actor: string;
  /** What was done: `analysis.start`, `change.outcome`, `token.revoke`, … */
  readonly action: string;
  readonly subject: { readonly type: string; readonly id: string };
  /** What the write concerned, before and after it; plain data without secrets, `null` where there was nothing. */
  readonly before: unknown;
  readonly after: unknown;
  readonly reason: string | null;
  readonly requestId: string | null;
};

export type StoredAuditEntry = AuditEntry & { readonly id: string };

export type AuditFilter = {
  /** `analysis/<id>` or an id alone. */
  readonly subject?: string | undefined;
  /** Its name, with or without what stands in brackets. */
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** By time, `from` ≤ at < `to`, milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** The audit trail. The database itself refuses to change or remove an entry. Implemented in `store/`. */
export interface AuditStore {
  /** Call it in the transaction of the write. */
  append(...entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first. An unreadable cursor is `invalid_input`. */
  list(
    filter: AuditFilter,
    limit: number,
    cursor: string | null,
  ): Promise<{ readonly items: readonly StoredAuditEntry[]; readonly nextCursor: string | null }>;
}

/** Times (milliseconds) as entries show them. */
export function timesOf<Name extends string>(
  times: Readonly<Record<Name, number | null>>,
): Record<Name, string | null> {
  const shown = Object.entries<number | null>(times).map(([name, time]) => [
    name,
    time === null ? null : new Date(time).toISOString(),
  ]);
  return Object.fromEntries(shown) as Record<Name, string | null>;
}

/** An entry of something that `actor` did. */
export function entryOf(
  actor: Actor,
  at: number,
  what: Pick<AuditEntry, 'action' | 'subject'> & Partial<Pick<AuditEntry, 'before' | 'after' | 'reason'>>,
): AuditEntry {
  const { action, subject, before = null, after = null, reason = null } = what;
  return {
    at,
    actor: actor.detail === undefined ? actor.name : `${actor.name} (${actor.detail})`,
    action,
    subject,
    before,
    after,
    reason,
    requestId: actor.requestId ?? null,
  };
}
