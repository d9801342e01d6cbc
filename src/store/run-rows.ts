import type { Run } from '../analysis/run.ts';
import type { KeySpace } from '../analysis/run-store.ts';
import { readInteger, readJson, writeInstant, writeInstantOrNull, writeJson } from './columns.ts';

/** A run as it is written. What is queried is a column; all of it is in `state`, from which alone it is read back. */
export type RunRow = {
  readonly id: string;
  readonly key: string;
  readonly service: string;
  readonly environment: string;
  readonly target_key: string;
  readonly attempt: number;
  readonly change_id: string;
  readonly rollout_uid: string | null;
  readonly rollout_revision: string | null;
  readonly phase: string;
  readonly verdict: string;
  readonly next_look_at: number | null;
  readonly created_at: number;
  readonly concluded_at: number | null;
  readonly asked_at: number;
  readonly state: string;
};

/** A row as it comes back: PostgreSQL gives big integers as text. */
export type StoredRunRow = { readonly state: unknown; readonly asked_at: unknown };

/** The columns that `fromRow` needs. */
export const runColumns = ['state', 'asked_at'] as const;

/** The columns under which keys live; nothing is the empty text, for a unique constraint takes nulls for different. */
export function keyColumns({ service, environment, target, key }: KeySpace) {
  return { service, environment, target_key: target ?? '', key };
}

/** `asked_at` is no part of the state: polls move it while a look is under way. */
export function stateOf({ askedAt: _, ...state }: Run): string {
  return writeJson(state);
}

/** The one place that derives columns from a run. */
export function toRow(run: Run): RunRow {
  return {
    id: run.id,
    ...keyColumns(run),
    attempt: run.attempt,
    change_id: run.changeId,
    rollout_uid: run.rollout?.uid ?? null,
    rollout_revision: run.rollout?.revision ?? null,
    phase: run.phase,
    verdict: run.verdict,
    next_look_at: writeInstantOrNull(run.nextLookAt, 'runs.next_look_at'),
    created_at: writeInstant(run.createdAt, 'runs.created_at'),
    concluded_at: writeInstantOrNull(run.concludedAt, 'runs.concluded_at'),
    asked_at: writeInstant(run.askedAt, 'runs.asked_at'),
    state: stateOf(run),
  };
}

/** The run as it was written, with the time somebody last asked for it. */
export function fromRow(row: StoredRunRow): Run {
  const state = readJson<Omit<Run, 'askedAt'>>(row.state, 'runs.state');
  return { ...state, askedAt: readInteger(row.asked_at, 'runs.asked_at') };
}
