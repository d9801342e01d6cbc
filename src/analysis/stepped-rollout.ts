import { formatDuration } from '../duration.ts';
import type { Run } from './run.ts';
import { isOver } from './transitions.ts';

/**
 * A rollout whose controller asks before each step instead of telling of each: what was granted, and which analysis
 * the next step waits for. `revision` counts the rollouts under one `uid` from 1; `checksum` is the controller's own
 * name for what is rolled out, and may come again in a later revision. Times in milliseconds.
 */
export type SteppedRollout = {
  readonly uid: string;
  readonly revision: number;
  readonly checksum: string;
  readonly service: string;
  readonly environment: string;
  readonly target: string | null;
  /** How many steps were granted. */
  readonly grants: number;
  /** The analysis of the window that the last grant opened; `null` for a rollout that was only told of. */
  readonly analysisId: string | null;
  /** How long a step is held after an analysis that ended without a verdict. */
  readonly patience: number;
  readonly createdAt: number;
  readonly endedAt: number | null;
  readonly endedAs: 'completed' | 'aborted' | null;
};

/** Rollouts that are asked for step by step. Implemented in `store/`; rejects with `store_unavailable`. */
export interface SteppedRolloutStore {
  /** The one with the highest revision; `null` when there is none. */
  findLatest(uid: string): Promise<SteppedRollout | null>;
  /** `false` when that revision is there already (another request was quicker). */
  insert(rollout: SteppedRollout): Promise<boolean>;
  /** Writes what may change; `false`, with nothing written, when it is no longer granted or ended as in `expected`. */
  save(rollout: SteppedRollout, expected: SteppedRollout): Promise<boolean>;
}

/** The answer to a controller's question, with one sentence that says why. */
export type Advice = { readonly yes: boolean; readonly reason: string };

function sentence(run: Run): string {
  return run.verdict === 'running'
    ? `the analysis still runs: ${run.reason}`
    : `${run.verdict}: ${run.reason}`;
}

/** Whether nothing speaks against the rollout as it stands: only a fail does. */
export function adviseStay(run: Run): Advice {
  return { yes: run.verdict !== 'fail', reason: sentence(run) };
}

/** Whether the next step may be taken: only after a pass. */
export function adviseStep(run: Run): Advice {
  return { yes: run.verdict === 'pass', reason: sentence(run) };
}

/**
 * Whether the rollout must be taken back: after a fail, and when a step was held for `patience` since its analysis
 * ended without a verdict. An analysis that has not ended never counts, so that a time in which Serin was away does
 * not take anything back.
 */
export function adviseRollback(run: Run, patience: number, now: number): Advice {
  if (run.verdict === 'fail') return { yes: true, reason: sentence(run) };
  if (!isOver(run) || run.verdict !== 'inconclusive' || run.concludedAt === null)
    return { yes: false, reason: sentence(run) };
  const held = now - run.concludedAt;
  return held >= patience
    ? { yes: true, reason: `held for ${formatDuration(patience)} without a verdict, ${sentence(run)}` }
    : { yes: false, reason: sentence(run) };
}
