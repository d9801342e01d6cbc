import type { Attribution, Change } from './change.ts';

export type Judged = 'pass' | 'fail' | 'inconclusive';

/** What of a change tells whether a verdict on it was right. */
export type JudgedChange = Pick<
  Change,
  | 'id'
  | 'service'
  | 'environment'
  | 'version'
  | 'commit'
  | 'artifact'
  | 'outcome'
  | 'failureClass'
  | 'finishedAt'
  | 'outcomeAt'
  | 'recoveredAt'
> & {
  readonly method: Attribution['method'] | null;
  /** Whether an incident was put to it. */
  readonly hasIncident: boolean;
};

/** An analysis that concluded, and the change it was of. Times in milliseconds. */
export type JudgedRun = {
  readonly analysisId: string;
  readonly changeId: string;
  readonly service: string;
  readonly environment: string;
  /** What the judge said, whatever was acted on. */
  readonly judged: Judged;
  /** What a person made of it; `null`: nothing. */
  readonly override: Judged | null;
  readonly dryRun: boolean;
  readonly start: number;
  readonly end: number;
  readonly concludedAt: number;
  /** `null` when it is gone. */
  readonly change: JudgedChange | null;
};

/** Reads what judge quality counts. Implemented in `store/`. */
export interface JudgedRunStore {
  /** Analyses made in [from, to) that concluded (those cancelled did not), newest first. */
  judged(
    from: number,
    to: number,
    filter: { readonly service?: string | undefined; readonly environment?: string | undefined },
  ): Promise<readonly JudgedRun[]>;
  /** Settled changes of the places of these, among them any that say the same version, commit or artifact later. */
  alike(changes: readonly JudgedChange[]): Promise<readonly JudgedChange[]>;
}
