import type { Blame } from './blame.ts';
import type { Change, ChangeFacts, FailureClass, Outcome } from './change.ts';
import type { IncidentStore } from './incident-store.ts';
import type { RemedyStore } from './remedy-store.ts';
import type { Surroundings } from './surroundings.ts';

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
  | {
      readonly type: 'reported' | 'started' | 'paused' | 'resumed';
      readonly facts: Partial<ChangeFacts>;
      readonly target: string | null;
    }
  | {
      readonly type: 'completed' | 'aborted' | 'superseded' | 'cancelled';
      readonly facts: Partial<ChangeFacts>;
      readonly target: string | null;
      readonly reason: string | null;
      /** `at` is only about right; lacking where it was told. */
      readonly estimated?: true;
    }
  | {
      /** The source itself says that the change failed. `null` class: escaped once it had completed, else caught in the canary. */
      readonly type: 'failed';
      readonly facts: Partial<ChangeFacts>;
      readonly target: string | null;
      readonly failureClass: FailureClass | null;
      readonly reason: string | null;
      readonly estimated?: true;
    }
  | {
      readonly type: 'verdict';
      readonly analysisId: string;
      readonly verdict: 'pass' | 'fail' | 'inconclusive';
      readonly enforced: boolean;
      readonly reason: string | null;
    }
  | {
      readonly type: 'ruled';
      readonly outcome: Outcome;
      readonly failureClass: FailureClass | null;
      readonly by: string;
      readonly reason: string | null;
    }
);

export type ChangeFilter = {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  readonly outcome?: Outcome | undefined;
  /** Those that this source gave a name, and those that some source calls so; both: the one. */
  readonly source?: string | undefined;
  readonly externalId?: string | undefined;
  /** Only those with suspected doubles: others within `joinWindow` milliseconds, by version, commit and artifact as written. */
  readonly suspected?: boolean | undefined;
  readonly joinWindow?: number | undefined;
  /** By creation time, `from` ≤ created < `to`, milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

/** Changes and the events they fold from. Implemented in `store/`. */
export interface LedgerStore {
  readonly incidents: IncidentStore;
  readonly remedies: RemedyStore;
  /**
   * Until the transaction ends nobody else works on the changes and incidents of that place. Call it before anything is
   * written there, so that two transactions never wait for each other.
   */
  holdPlace(service: string, environment: string): Promise<void>;
  /**
   * Whether nothing around a change can concern it: no change there may have taken another back (`isAnyLikely`), no
   * other of its version was out later, no incident began within `opened`, and none names it.
   */
  isAlone(surroundings: Surroundings): Promise<boolean>;
  /** What incidents and later changes hold against a change. */
  blamesOf(changeId: string): Promise<readonly Blame[]>;
  find(id: string): Promise<Change | null>;
  /** By a name some source gave it; a change has one name per source that reported it. */
  findByName(source: string, externalId: string): Promise<Change | null>;
  /**
   * Changes whose name in `source` starts with `prefix`, the newest 200, each with that name. A rollout's revisions
   * are named `<uid>/<revision>`.
   */
  findByNamePrefix(
    source: string,
    prefix: string,
  ): Promise<readonly { readonly externalId: string; readonly change: Change }[]>;
  /**
   * Changes of a service in an environment whose reporting time (finished, else failed, else started, else created)
   * lies in [since, until], newest first, at most 200. Until the transaction ends nobody else finds changes there, so
   * that two sources that tell of the same change at once do not both make one.
   *
   * @param unnamedBy leaves out those that this source gave a name
   */
  findRecent(
    service: string,
    environment: string,
    since: number,
    until: number,
    unnamedBy?: string,
  ): Promise<readonly Change[]>;
  /** The same for those who only look: nobody is kept from anything. */
  findNear(service: string, environment: string, since: number, until: number): Promise<readonly Change[]>;
  /** The sources that gave each of these changes a name; a change that has none is left out. */
  sourcesOf(changeIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  list(
    filter: ChangeFilter,
    limit: number,
    cursor: string | null,
  ): Promise<{ readonly items: readonly Change[]; readonly nextCursor: string | null }>;
  /** Inserts a change under its first name; `false` when that name is taken (another request was quicker). */
  insert(change: Change): Promise<boolean>;
  /** Gives a change a further name; harmless when it has it already. */
  addName(changeId: string, source: string, externalId: string): Promise<void>;
  /**
   * Adds events of one change; gives how many of them are no duplicates. Until the transaction ends nobody else adds to
   * that change, so that the state folded from its events and saved is of all of them.
   */
  append(events: readonly ChangeEvent[]): Promise<number>;
  eventsOf(changeId: string): Promise<readonly ChangeEvent[]>;
  /** Replaces the folded state. */
  save(change: Change): Promise<void>;
  /** Changes whose `settlesAt` has come, at most `limit`, longest due first; those that another transaction holds are left out. */
  findSettling(now: number, limit: number): Promise<readonly Change[]>;
}
