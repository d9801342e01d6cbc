import type { Change, ChangeFacts, FailureClass, Outcome } from './change.ts';

/**
 * One thing that was reported of a change. Events are facts: they are only ever added, and a change's state is what
 * they fold to in the order of their own time (`at`), whatever the order of arrival.
 */
export type ChangeEvent = {
  readonly id: string;
  readonly changeId: string;
  /** Who reported: `argo-rollouts`, `analysis`, `api`, … */
  readonly source: string;
  /** Tells duplicates: the same source and dedupe key is stored once. */
  readonly dedupeKey: string;
  /** The event's own time, milliseconds. */
  readonly at: number;
  readonly receivedAt: number;
} & (
  | { readonly type: 'reported' | 'started' | 'paused' | 'resumed'; readonly facts: Partial<ChangeFacts>; readonly target: string | null }
  | { readonly type: 'completed' | 'aborted' | 'superseded' | 'cancelled'; readonly facts: Partial<ChangeFacts>; readonly target: string | null; readonly reason: string | null }
  | { readonly type: 'verdict'; readonly analysisId: string; readonly verdict: 'pass' | 'fail' | 'inconclusive'; readonly enforced: boolean; readonly reason: string | null }
  | { readonly type: 'ruled'; readonly outcome: Outcome; readonly failureClass: FailureClass | null; readonly by: string; readonly reason: string | null }
);

export type ChangeFilter = {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** By creation time, `from` ≤ created < `to`, milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** Changes and the events they fold from. Implemented in `store/`. */
export interface LedgerStore {
  find(id: string): Promise<Change | null>;
  /** By a name some source gave it; a change has one name per source that reported it. */
  findByName(source: string, externalId: string): Promise<Change | null>;
  /** Unsettled and recent changes of a service in an environment, newest first, created at or after `since`. */
  findRecent(service: string, environment: string, since: number): Promise<readonly Change[]>;
  list(filter: ChangeFilter, limit: number, cursor: string | null): Promise<{ readonly items: readonly Change[]; readonly nextCursor: string | null }>;
  /** Inserts a change under its first name; `false` when that name is taken (another request was quicker). */
  insert(change: Change): Promise<boolean>;
  /** Gives a change a further name; harmless when it has it already. */
  addName(changeId: string, source: string, externalId: string): Promise<void>;
  /** Adds an event; `false` when it is a duplicate. */
  append(event: ChangeEvent): Promise<boolean>;
  eventsOf(changeId: string): Promise<readonly ChangeEvent[]>;
  /** Replaces the folded state. */
  save(change: Change): Promise<void>;
  /** Changes whose `settlesAt` has come, at most `limit`. */
  findSettling(now: number, limit: number): Promise<readonly Change[]>;
}
