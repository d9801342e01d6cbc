import type { ChangeFacts, FailureClass, Outcome } from './change.ts';

/**
 * One thing that was reported of a change. Events are facts: they are only ever added, and a change's state is what
 * they fold to in the order of their own time (`at`), whatever the order of arrival.
 */
export type ChangeEvent = {
  readonly id: string;
  readonly changeId: string;
  /** Who reported: `argo-rollouts`, `analysis`, `api`, … */
  readonly source: string;
  /** Tells duplicates: the same source and dedupe key is stored once. */
  readonly dedupeKey: string;
  /** The event's own time, milliseconds. */
  readonly at: number;
  readonly receivedAt: number;
} & (
  | {
      readonly type: 'reported' | 'started' | 'paused' | 'resumed';
      readonly facts: Partial<ChangeFacts>;
      readonly target: string | null;
    }
  | {
      readonly type: 'completed' | 'aborted' | 'superseded' | 'cancelled';
      readonly facts: Partial<ChangeFacts>;
      readonly target: string | null;
      readonly reason: string | null;
      /** `at` is only about right; lacking where it was told. */
      readonly estimated?: true;
    }
  | {
      /** The source itself says that the change failed. `null` class: escaped once it had completed, else caught in the canary. */
      readonly type: 'failed';
      readonly facts: Partial<ChangeFacts>;
      readonly target: string | null;
      readonly failureClass: FailureClass | null;
      readonly reason: string | null;
      readonly estimated?: true;
    }
  | {
      readonly type: 'verdict';
      readonly analysisId: string;
      readonly verdict: 'pass' | 'fail' | 'inconclusive';
      readonly enforced: boolean;
      readonly reason: string | null;
    }
  | {
      readonly type: 'ruled';
      readonly outcome: Outcome;
      readonly failureClass: FailureClass | null;
      readonly by: string;
      readonly reason: string | null;
    }
);
