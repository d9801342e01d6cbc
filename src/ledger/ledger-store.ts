import type { Blame } from './blame.ts';
import type { Change, Outcome } from './change.ts';
import type { ChangeEvent } from './change-event.ts';
import type { IncidentStore } from './incident-store.ts';
import type { MoveStore } from './move-store.ts';
import type { RemedyRange, RemedyStore } from './remedy-store.ts';

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

/** What around a change may concern it. Times in milliseconds, both ends included. */
export type Surroundings = {
  readonly change: Pick<
    Change,
    'id' | 'source' | 'externalId' | 'service' | 'environment' | 'version' | 'commit'
  >;
  /** `null`: no change takes another back. */
  readonly remedies: RemedyRange | null;
  /** Changes of the same version that were out after this. */
  readonly after: number;
  /** When incidents that may be put to it begin. */
  readonly opened: readonly [from: number, to: number];
};

/** Changes and the events they fold from. Implemented in `store/`. */
export interface LedgerStore {
  readonly incidents: IncidentStore;
  readonly remedies: RemedyStore;
  readonly moves: MoveStore;
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
  /** By its id, or by one that means it since two changes turned out to be one. */
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
   * lies in [since, until], or that had started by `until` and are reported up to 30 days later; newest first, at most
   * 200. Until the transaction ends nobody else finds changes there, so that two sources that tell of the same change at
   * once do not both make one.
   */
  findRecent(service: string, environment: string, since: number, until: number): Promise<readonly Change[]>;
  /**
   * The same for those who only look: nobody is kept from anything, and those in the middle of the range come first.
   *
   * @param besides leaves out those that only this source gave a name
   */
  findNear(
    service: string,
    environment: string,
    since: number,
    until: number,
    besides?: string,
  ): Promise<readonly Change[]>;
  /** The sources that gave each of these changes a name; a change that has none is left out. */
  sourcesOf(changeIds: readonly string[]): Promise<ReadonlyMap<string, readonly string[]>>;
  /** What this source told of each of these changes; those of which it told nothing are left out. */
  toldBy(source: string, changeIds: readonly string[]): Promise<ReadonlyMap<string, readonly ChangeEvent[]>>;
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
  /** Changes whose `settlesAt` has come, at most `limit`, longest due first. */
  findSettling(now: number, limit: number): Promise<readonly Change[]>;
}
