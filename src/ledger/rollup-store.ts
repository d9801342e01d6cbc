/** A place and week whose roll-up is not what its changes come to; times in milliseconds. */
export type RollupDifference = {
  readonly service: string;
  readonly environment: string;
  /** The week [from, to). */
  readonly from: number;
  readonly to: number;
  /** How many changes the roll-up holds, `null` when it cannot be read, and how many there are. */
  readonly rolledUp: number | null;
  readonly counted: number;
  /** Of them, those that the other side has not got, or not in this state. */
  readonly onlyRolledUp: number;
  readonly onlyCounted: number;
};

/** What was gone through. */
export type RollupWork = { readonly cells: number; readonly changes: number };

/** Tends the roll-ups that reports are read from. Implemented in `store/`. */
export interface RollupStore {
  /** Whether reports are read from roll-ups; `false` only between an upgrade and the first rebuild's end. */
  isLive(): Promise<boolean>;
  /** How far a rebuild under way has come, by whichever process; `null` when there is none. */
  progress(): Promise<{ readonly generation: number; readonly through: number | null } | null>;
  /**
   * Counts all changes anew beside the roll-ups in use, which stay as they are until the new ones take their place at
   * once. Changes may be written meanwhile. Rejects with `conflict` when another rebuild began after this one.
   */
  rebuild(): Promise<RollupWork>;
  /** Compares every roll-up with the changes it is of. Changes may be written meanwhile. */
  check(): Promise<RollupWork & { readonly differences: readonly RollupDifference[] }>;
}
