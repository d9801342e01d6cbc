import type { SteppedRollout, SteppedRolloutStore } from '../analysis/stepped-rollout.ts';
import { readInteger, readIntegerOrNull, writeInstant, writeInstantOrNull } from './columns.ts';
import type { Connection } from './database.ts';

const table = 'stepped_rollouts';

type Row = {
  readonly uid: string;
  readonly revision: unknown;
  readonly checksum: string;
  readonly service: string;
  readonly environment: string;
  readonly target_key: string;
  readonly grants: unknown;
  readonly analysis_id: string | null;
  readonly patience_ms: unknown;
  readonly created_at: unknown;
  readonly ended_at: unknown;
  readonly ended_as: SteppedRollout['endedAs'];
};

/** Keeps rollouts that are asked for step by step in the database, or as one of its transactions sees it. */
export function createSteppedRolloutStore(connection: Connection): SteppedRolloutStore {
  return {
    findLatest: (uid) => findLatest(connection, uid),
    insert: (rollout) => insert(connection, rollout),
    save: (rollout, expected) => save(connection, rollout, expected),
  };
}

/** What changes while the rollout goes on. */
function stateOf({ grants, analysisId, patience, endedAt, endedAs }: SteppedRollout) {
  return {
    grants,
    analysis_id: analysisId,
    patience_ms: writeInstant(patience, 'stepped_rollouts.patience_ms'),
    ended_at: writeInstantOrNull(endedAt, 'stepped_rollouts.ended_at'),
    ended_as: endedAs,
  };
}

function toRow(rollout: SteppedRollout): Row {
  const { uid, revision, checksum, service, environment, target } = rollout;
  const created_at = writeInstant(rollout.createdAt, 'stepped_rollouts.created_at');
  return {
    ...{ uid, revision, checksum, service, environment },
    ...{ target_key: target ?? '', created_at },
    ...stateOf(rollout),
  };
}

function fromRow(row: Row): SteppedRollout {
  const { uid, checksum, service, environment } = row;
  return {
    uid,
    revision: readInteger(row.revision, 'stepped_rollouts.revision'),
    checksum,
    service,
    environment,
    target: row.target_key === '' ? null : row.target_key,
    grants: readInteger(row.grants, 'stepped_rollouts.grants'),
    analysisId: row.analysis_id,
    patience: readInteger(row.patience_ms, 'stepped_rollouts.patience_ms'),
    createdAt: readInteger(row.created_at, 'stepped_rollouts.created_at'),
    endedAt: readIntegerOrNull(row.ended_at, 'stepped_rollouts.ended_at'),
    endedAs: row.ended_as,
  };
}

async function findLatest(connection: Connection, uid: string): Promise<SteppedRollout | null> {
  const row = await connection.run((sql) =>
    sql(table).where({ uid }).orderBy('revision', 'desc').first<Row | undefined>(),
  );
  return row === undefined ? null : fromRow(row);
}

async function insert(connection: Connection, rollout: SteppedRollout): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql(table).insert(toRow(rollout)).onConflict(['uid', 'revision']).ignore().returning('uid'),
  );
  return inserted.length === 1;
}

async function save(
  connection: Connection,
  rollout: SteppedRollout,
  expected: SteppedRollout,
): Promise<boolean> {
  const { uid, revision, grants, analysisId, endedAs } = expected;
  const changed = await connection.run((sql) =>
    sql(table)
      .where({ uid, revision, grants, analysis_id: analysisId, ended_as: endedAs })
      .update(stateOf(rollout)),
  );
  return changed === 1;
}
