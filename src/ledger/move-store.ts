import type { Change } from './change.ts';
import type { ChangeEvent } from './change-event.ts';

/** All that one source told of one change. */
export type Telling = {
  readonly changeId: string;
  readonly source: string;
  /** What it calls the change, in the order of text; mostly one. */
  readonly names: readonly string[];
  /** Without verdicts and rulings, which are of the change whoever told of it. */
  readonly events: readonly ChangeEvent[];
};

/**
 * Puts what sources told from one change to another, when it turns out what belongs together. Call it in a transaction
 * that holds the place (`LedgerStore.holdPlace`). Implemented in `store/`.
 */
export interface MoveStore {
  /**
   * Whether any other source told of a change of that place near [since, until], as `LedgerStore.findNear` finds them.
   */
  isToldByOthers(
    place: Pick<Change, 'service' | 'environment'>,
    since: number,
    until: number,
    source: string,
  ): Promise<boolean>;
  /** What was told of these changes, by each source. */
  tellings(changeIds: readonly string[]): Promise<readonly Telling[]>;
  /** Makes a change without a name, for a telling to be moved to. */
  make(change: Change): Promise<void>;
  /** Moves tellings to other changes, with the analyses that were asked for under their names and their verdicts. */
  move(moves: readonly { readonly telling: Telling; readonly to: string }[]): Promise<void>;
  /**
   * Ends a change that has no name any longer. What people and analyses said of it is said of `into` from then on, and
   * its id means that one.
   */
  dissolve(id: string, into: string): Promise<void>;
}
