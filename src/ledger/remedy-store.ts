import type { Change } from './change.ts';
import type { Remedy } from './remedies.ts';

/** Which changes took others back. Implemented in `store/`. */
export interface RemedyStore {
  /** When each of these versions was first out in that place, milliseconds; those that never were are left out. */
  firstOut(
    service: string,
    environment: string,
    versions: readonly string[],
  ): Promise<ReadonlyMap<string, number>>;
  /** Changes of that place and version that were out after a time, the earliest first, at most 20. */
  findLater(service: string, environment: string, version: string, after: number): Promise<readonly Change[]>;
  /** What these changes took back. */
  ofRemedies(remedyIds: readonly string[]): Promise<readonly Remedy[]>;
  /** Keeps what these changes took back, in the place of what was kept of them. */
  replace(remedyIds: readonly string[], remedies: readonly Remedy[]): Promise<void>;
  /** For each of these changes that was taken back: when that began, milliseconds. */
  undoneAt(changeIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
