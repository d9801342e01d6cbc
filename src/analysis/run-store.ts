import type { Series, Verdict } from '../judge/types.ts';
import type { AuditStore } from '../ledger/audit-store.ts';
import type { DeliveryStore } from '../ledger/delivery-store.ts';
import type { LedgerStore } from '../ledger/ledger-store.ts';
import type { OutboxStore } from '../notify/outbox-store.ts';
import type { KayentaStore } from './kayenta/kayenta-store.ts';
import type { NoiseStore } from './noise-store.ts';
import type { Phase, Run } from './run.ts';
import type { SteppedRolloutStore } from './stepped-rollout.ts';

/** All series that one query of a metric gave for one arm. */
export type SeriesGroup = {
  readonly metric: string;
  readonly arm: 'canary' | 'baseline' | 'history';
  readonly field: 'value' | 'support' | 'events' | 'total';
};

/** Names one kept series. */
export type SeriesName = SeriesGroup & {
  /**
   * Tells apart the series of a query that gives several: the pod, or the upper edge (`0.25`, `+Inf`) of a histogram.
   * Empty for a query that gives one, and for the mean of a gauge's pods.
   */
  readonly member: string;
};
export type KeptSeries = SeriesName & { readonly series: Series };

/** Where keys live. `target` `null` is a value like any other. */
export type KeySpace = {
  readonly service: string;
  readonly environment: string;
  readonly target: string | null;
  readonly key: string;
};

export type RunFilter = {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  readonly verdict?: Verdict | undefined;
  /** By creation time, `from` ≤ created < `to`, milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export type Page<T> = { readonly items: readonly T[]; readonly nextCursor: string | null };

/** A run that this process may look at until the lease ends. Every write names the token. */
export type Claim = { readonly run: Run; readonly token: string };

/** Runs by their identity. Implemented in `store/`; rejects with `store_unavailable` when the database is away. */
export interface RunStore {
  /** Inserts a new run; `false` when that key and attempt exist already (another request was quicker). */
  insert(run: Run): Promise<boolean>;
  find(id: string): Promise<Run | null>;
  /** The run with the highest attempt under a key. */
  findLatest(keySpace: KeySpace): Promise<Run | null>;
  /** Newest first. An unreadable cursor is `invalid_input`. */
  list(filter: RunFilter, limit: number, cursor: string | null): Promise<Page<Run>>;
  /** Runs of a rollout, open and over, newest first, at most 100: all revisions when `revision` is `null`. */
  findByRollout(uid: string, revision: string | null): Promise<readonly Run[]>;
  countByChange(changeId: string): Promise<number>;
  /** Runs of a change, newest first. */
  findByChange(changeId: string, limit: number): Promise<readonly Run[]>;
  /** Takes up to `limit` runs with `nextLookAt ≤ now` that nobody holds, oldest due first. */
  claimDue(now: number, limit: number, leaseMs: number): Promise<readonly Claim[]>;
  /** Puts the lease's end `leaseMs` from now (the database's now); `false` when the lease is lost. */
  renew(id: string, token: string, leaseMs: number): Promise<boolean>;
  /** Gives the run back unchanged. */
  release(id: string, token: string): Promise<void>;
  /** Writes the run and gives up the lease; `false`, with nothing written, when the lease is lost. */
  saveClaimed(run: Run, token: string): Promise<boolean>;
  /**
   * Writes a run that is not claimed by the caller (cancel, rollout over, override) and takes away any lease, so that
   * a look under way is dropped; `false` when the stored run is no longer as `expected` (compare `revision` of the row).
   */
  saveForced(run: Run, expected: Run): Promise<boolean>;
  /** Notes that somebody asked for the run. No lease needed; never moves `askedAt` back. */
  touch(id: string, askedAt: number): Promise<void>;
  loadSeries(id: string): Promise<readonly KeptSeries[]>;
  /** Replaces the named series of the run. Call it in the transaction that saves the run. */
  saveSeries(id: string, series: readonly KeptSeries[]): Promise<void>;
  /** For metrics: runs by phase, and the earliest `nextLookAt` of an unclaimed run (`null` when none). */
  census(): Promise<{
    readonly byPhase: Readonly<Partial<Record<Phase, number>>>;
    readonly oldestDue: number | null;
  }>;
}

/** The stores as one transaction sees them. */
export type Stores = {
  readonly runs: RunStore;
  readonly ledger: LedgerStore;
  readonly noise: NoiseStore;
  readonly steppedRollouts: SteppedRolloutStore;
  readonly outbox: OutboxStore;
  readonly kayenta: KayentaStore;
  readonly audit: AuditStore;
  readonly deliveries: DeliveryStore;
};

/** Several writes that all happen or none. `stores` works outside transactions. */
export interface UnitOfWork {
  readonly stores: Stores;
  /** Commits when `work` resolves, rolls back and rejects when it rejects. Not to be nested. */
  transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
}
