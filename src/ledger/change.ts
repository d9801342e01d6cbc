/** What is known of a change before and besides its outcome. All times are integer milliseconds. */
export const changeKinds = ['normal', 'rollback', 'hotfix'] as const;
export type ChangeKind = (typeof changeKinds)[number];

export const outcomes = ['pending', 'succeeded', 'failed', 'abandoned'] as const;
export type Outcome = (typeof outcomes)[number];

export const failureClasses = ['caught_in_canary', 'escaped', 'failed_to_deploy'] as const;
export type FailureClass = (typeof failureClasses)[number];

/** Descriptive facts of a change; a later report fills in what an earlier one lacked. */
export type ChangeFacts = {
  readonly version: string | null;
  readonly commit: string | null;
  readonly artifact: string | null;
  readonly url: string | null;
  readonly actor: string | null;
  readonly kind: ChangeKind;
  readonly committedAt: number | null;
  readonly startedAt: number | null;
};

/** One go at bringing the change out: a retry of the same revision is a further attempt of the same change. */
export type Attempt = {
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** The end is only about right; lacking where it was told. */
  readonly endedAtEstimated?: true;
  readonly result: 'completed' | 'aborted' | 'superseded' | 'open';
};

/** Why the outcome is what it is. */
export type Attribution = {
  readonly method:
    | 'manual'
    | 'link'
    | 'version'
    | 'rollback'
    | 'window'
    | 'controller'
    | 'verdict'
    | 'observation'
    | 'silence';
  /** 0–1. */
  readonly confidence: number;
  /** The incident that was put to the change. */
  readonly incidentId?: string | undefined;
  /** Who said so, for `manual`. */
  readonly by?: string | undefined;
  readonly reason?: string | undefined;
};

/** One version of one service reaching one environment; the state that its events fold to. */
export type Change = ChangeFacts & {
  readonly id: string;
  readonly source: string;
  readonly externalId: string;
  readonly service: string;
  readonly environment: string;
  readonly targets: readonly string[];
  readonly finishedAt: number | null;
  readonly outcome: Outcome;
  readonly failureClass: FailureClass | null;
  readonly outcomeAt: number | null;
  readonly recoveredAt: number | null;
  readonly attribution: Attribution | null;
  readonly attempts: readonly Attempt[];
  readonly analysisIds: readonly string[];
  /** A fail verdict that the controller did not follow: the change completed all the same. */
  readonly verdictOverruled: boolean;
  readonly createdAt: number;
  /** When the outcome changes by itself (observation window over, silent too long); `null` when settled. */
  readonly settlesAt: number | null;
};

/** When a change was out, to all it was meant for so far; `null` when it never was. */
export function completedAt({ attempts }: Change): number | null {
  const ends = attempts.flatMap(({ result, endedAt }) =>
    result === 'completed' && endedAt !== null ? [endedAt] : [],
  );
  return ends.length === 0 ? null : Math.max(...ends);
}

/** What a change brought: the version, or the commit where none is told; `null` where neither is. */
export function releaseOf({ version, commit }: Pick<Change, 'version' | 'commit'>): string | null {
  return version ?? commit;
}

/** Whether the time at which a change finished is only about right. */
export function isFinishEstimated({ finishedAt, attempts }: Change): boolean {
  return attempts.some(
    ({ endedAt, endedAtEstimated }) => endedAtEstimated === true && endedAt === finishedAt,
  );
}
