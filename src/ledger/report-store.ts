import type { PlaceFacts } from './fact.ts';

export type FactFilter = {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  /** Says false of environments in which no place is wanted, so that they need not be read. */
  readonly inEnvironment?: ((environment: string) => boolean) | undefined;
  /** Places for which it says false are left out. */
  readonly wanted?: ((service: string, environment: string) => boolean) | undefined;
};

/** Reads for reports; a report query is no store method. Implemented in `store/`. */
export interface ReportStore {
  /**
   * Facts of the changes whose reporting time lies in [from, to), milliseconds, in no particular order; a place may
   * come several times. Taken from the roll-ups once they are complete, from the changes themselves before.
   */
  facts(from: number, to: number, filter: FactFilter): Promise<readonly PlaceFacts[]>;
}

/** Counts incidents for which no change was found; what keeps incidents implements it. */
export interface UnattributedIncidents {
  /** Incidents opened in [from, to) in the places wanted; `null` while nobody keeps incidents. */
  count(from: number, to: number, filter: FactFilter): Promise<number | null>;
}
