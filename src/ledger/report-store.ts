import type { ChangeKind, FailureClass, Outcome } from './change.ts';

/** The few columns of a change that a report counts. */
export type ReportRow = {
  readonly service: string;
  readonly environment: string;
  readonly kind: ChangeKind;
  readonly outcome: Outcome;
  readonly failureClass: FailureClass | null;
  readonly committedAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly outcomeAt: number | null;
  readonly recoveredAt: number | null;
};

/** Reads for reports; a report query is no store method. Implemented in `store/`. */
export interface ReportStore {
  /**
   * Changes whose reporting time (`finishedAt`, or `outcomeAt` for failures without one; for pending and abandoned
   * ones `finishedAt`, `startedAt` or creation) lies in [from, to), milliseconds.
   */
  rows(
    from: number,
    to: number,
    filter: { readonly service?: string | undefined; readonly environment?: string | undefined },
  ): Promise<readonly ReportRow[]>;
}
