import type { Change } from '../ledger/change.ts';
import type { Remedy } from '../ledger/remedies.ts';
import type { RemedyStore } from '../ledger/remedy-store.ts';
import { changeFromRow, type StoredRow } from './change-rows.ts';
import { readInteger, writeInstant } from './columns.ts';
import type { Connection } from './database.ts';
import { isAnyLikely, releaseIn } from './surroundings.ts';

const mostLater = 20;

/** Keeps which changes took others back, or as one of the database's transactions sees it. */
export function createRemedyStore(connection: Connection): RemedyStore {
  return {
    firstOut: (service, environment, releases) => firstOut(connection, { service, environment }, releases),
    isAnyLikely: (service, environment, range) => isAnyLikely(connection, { service, environment }, range),
    findLater: (service, environment, release, after) =>
      findLater(connection, { service, environment }, release, after),
    ofRemedies: async (remedyIds) => {
      if (remedyIds.length === 0) return [];
      const rows: StoredRow[] = await connection.run((sql) =>
        sql('remedies').whereIn('remedy_id', remedyIds).orderBy(['remedy_id', 'undone_id']),
      );
      return rows.map(remedyFromRow);
    },
    replace: (remedyIds, remedies) => replace(connection, remedyIds, remedies),
    undoneAt: (changeIds) => undoneAt(connection, changeIds),
  };
}

/** The remedy as it was written. */
export function remedyFromRow(row: StoredRow): Remedy {
  return {
    remedyId: row['remedy_id'] as string,
    undoneId: row['undone_id'] as string,
    startedAt: readInteger(row['started_at'], 'remedies.started_at'),
    at: readInteger(row['at'], 'remedies.at'),
    ground: row['ground'] as Remedy['ground'],
  };
}

async function firstOut(
  connection: Connection,
  place: { readonly service: string; readonly environment: string },
  releases: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (releases.length === 0) return new Map();
  const rows: { release: string; first: unknown }[] = await connection.run((sql) =>
    sql('changes')
      .where(place)
      .whereRaw(`${releaseIn('changes')} IN (${releases.map(() => '?').join(', ')})`, [...releases])
      .whereNotNull('completed_at')
      .groupByRaw(releaseIn('changes'))
      .select(sql.raw(`${releaseIn('changes')} AS release`))
      .min({ first: 'completed_at' }),
  );
  return new Map(rows.map(({ release, first }) => [release, readInteger(first, 'changes.completed_at')]));
}

async function findLater(
  connection: Connection,
  place: { readonly service: string; readonly environment: string },
  release: string,
  after: number,
): Promise<readonly Change[]> {
  const rows: StoredRow[] = await connection.run((sql) =>
    sql('changes')
      .where(place)
      .whereRaw(`${releaseIn('changes')} = ?`, [release])
      .where('completed_at', '>', after)
      .orderBy('completed_at')
      .orderBy('id')
      .limit(mostLater)
      .select('*'),
  );
  return rows.map(changeFromRow);
}

async function replace(
  connection: Connection,
  remedyIds: readonly string[],
  remedies: readonly Remedy[],
): Promise<void> {
  await connection.run((sql) => sql('remedies').whereIn('remedy_id', remedyIds).del());
  if (remedies.length === 0) return;
  const rows = remedies.map(({ remedyId, undoneId, startedAt, at, ground }) => ({
    remedy_id: remedyId,
    undone_id: undoneId,
    started_at: writeInstant(startedAt, 'remedies.started_at'),
    at: writeInstant(at, 'remedies.at'),
    ground,
  }));
  await connection.run((sql) => sql('remedies').insert(rows));
}

async function undoneAt(
  connection: Connection,
  changeIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (changeIds.length === 0) return new Map();
  const rows: { undone_id: string; first: unknown }[] = await connection.run((sql) =>
    sql('remedies')
      .whereIn('undone_id', changeIds)
      .groupBy('undone_id')
      .select('undone_id')
      .min({ first: 'started_at' }),
  );
  return new Map(rows.map(({ undone_id, first }) => [undone_id, readInteger(first, 'remedies.started_at')]));
}
