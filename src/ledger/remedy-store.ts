import type { Change } from './change.ts';
import type { Remedy } from './remedies.ts';

/** Changes among which one may have taken another back. */
export type RemedyRange = {
  /** By their reporting time, both included. */
  readonly since: number;
  readonly until: number;
  /** When they were out, or later. */
  readonly from: number;
};

/** Which changes took others back. Implemented in `store/`. */
export interface RemedyStore {
  /** When each of these (`releaseOf`) was first out in that place, milliseconds; those that never were are left out. */
  firstOut(
    service: string,
    environment: string,
    releases: readonly string[],
  ): Promise<ReadonlyMap<string, number>>;
  /**
   * Whether any change of that place can have taken another back, or is kept as one that did, of those whose reporting
   * time lies in [since, until] and that were out at `from` or later: it is called a rollback, or what it brought was
   * out before it began. One that never was out counts where it is kept. Without any there is nothing to work out.
   */
  isAnyLikely(service: string, environment: string, range: RemedyRange): Promise<boolean>;
  /** Changes of that place that brought this and were out after a time, the earliest first, at most 20. */
  findLater(service: string, environment: string, release: string, after: number): Promise<readonly Change[]>;
  /** What these changes took back. */
  ofRemedies(remedyIds: readonly string[]): Promise<readonly Remedy[]>;
  /** Keeps what these changes took back, in the place of what was kept of them. */
  replace(remedyIds: readonly string[], remedies: readonly Remedy[]): Promise<void>;
  /** For each of these changes that was taken back: when that began, milliseconds. */
  undoneAt(changeIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
