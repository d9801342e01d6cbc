import type { ChangeFacts } from '../ledger/change.ts';
import type { Rollout } from './run.ts';

/** What a rollout controller told of one revision. */
export type RolloutEvent = {
  readonly source: string;
  readonly type: 'started' | 'paused' | 'resumed' | 'completed' | 'aborted';
  readonly rollout: Rollout;
  /** The event's own time, milliseconds. */
  readonly at: number;
  /** `null` when the event does not say; then the name of the rollout is looked up among services and aliases. */
  readonly service: string | null;
  readonly environment: string | null;
  readonly target: string | null;
  readonly facts: Partial<ChangeFacts>;
  readonly reason: string | null;
};

/** Takes a controller's event into the ledger and ends the windows of runs whose rollout is over. */
export type RolloutEvents = {
  /** Resolves also for duplicates and for services nobody configured (which are recorded nowhere: `ignored`). */
  take(event: RolloutEvent): Promise<'recorded' | 'duplicate' | 'ignored'>;
};
