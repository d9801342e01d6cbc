import type { Knex } from 'knex';
import type { Phase, Run } from '../analysis/run.ts';
import type { KeySpace, Page, RunFilter, RunStore } from '../analysis/run-store.ts';
import { readInteger, readIntegerOrNull } from './columns.ts';
import type { Connection } from './database.ts';
import { newestFirst, readPage } from './paging.ts';
import { claimDue, noLease, releaseLease, renewLease, whereFree } from './run-leases.ts';
import { fromRow, keyColumns, runColumns, type StoredRunRow, stateOf, toRow } from './run-rows.ts';
import { loadSeries, saveSeries } from './run-series.ts';

const table = 'runs';

/** A rollout has few runs; more than this many are some mistake's, and the newest are those that matter. */
const rolloutLimit = 100;

/** Keeps runs in the database, or as one of its transactions sees them. */
export function createRunStore(connection: Connection): RunStore {
  return {
    insert: (run) => insert(connection, run),
    find: async (id) => (await select(connection, (query) => query.where({ id })))[0] ?? null,
    findLatest: (keySpace) => findLatest(connection, keySpace),
    list: (filter, limit, cursor) => list(connection, filter, limit, cursor),
    findByRollout: (uid, revision) => findByRollout(connection, uid, revision),
    countByChange: (changeId) => countByChange(connection, changeId),
    findByChange: (changeId, limit) =>
      select(connection, (query) => query.where({ change_id: changeId }).orderBy(newestFirst).limit(limit)),
    claimDue: (now, limit, leaseMs) => claimDue(connection, now, limit, leaseMs),
    renew: (id, token, leaseMs) => renewLease(connection, id, token, leaseMs),
    release: (id, token) => releaseLease(connection, id, token),
    saveClaimed: (run, token) => save(connection, run, { lease_token: token }),
    // Compared by value, without `askedAt`: a poll must not stand in the way of a cancellation.
    saveForced: (run, expected) => save(connection, run, { state: stateOf(expected) }),
    touch: (id, askedAt) => touch(connection, id, askedAt),
    loadSeries: (id) => loadSeries(connection, id),
    saveSeries: (id, series) => saveSeries(connection, id, series),
    census: () => census(connection),
  };
}

async function select(
  connection: Connection,
  narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<Run[]> {
  const rows: StoredRunRow[] = await connection.run((sql) => narrow(sql(table).select(...runColumns)));
  return rows.map(fromRow);
}

async function insert(connection: Connection, run: Run): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql(table)
      .insert(toRow(run))
      .onConflict(['service', 'environment', 'target_key', 'key', 'attempt'])
      .ignore()
      .returning('id'),
  );
  return inserted.length === 1;
}

async function findLatest(connection: Connection, keySpace: KeySpace): Promise<Run | null> {
  const [run] = await select(connection, (query) =>
    query.where(keyColumns(keySpace)).orderBy('attempt', 'desc').limit(1),
  );
  return run ?? null;
}

function list(
  connection: Connection,
  filter: RunFilter,
  limit: number,
  cursor: string | null,
): Promise<Page<Run>> {
  return readPage(
    (narrow) => select(connection, (query) => narrow(query.modify(whereMatches, filter))),
    limit,
    cursor,
  );
}

function whereMatches(query: Knex.QueryBuilder, filter: RunFilter): void {
  const { service, environment, verdict, from, to } = filter;
  if (service !== undefined) query.where({ service });
  if (environment !== undefined) query.where({ environment });
  if (verdict !== undefined) query.where({ verdict });
  if (from !== undefined) query.where('created_at', '>=', from);
  if (to !== undefined) query.where('created_at', '<', to);
}

function findByRollout(
  connection: Connection,
  uid: string,
  revision: string | null,
): Promise<readonly Run[]> {
  const rollout = revision === null ? { rollout_uid: uid } : { rollout_uid: uid, rollout_revision: revision };
  return select(connection, (query) => query.where(rollout).orderBy(newestFirst).limit(rolloutLimit));
}

async function countByChange(connection: Connection, changeId: string): Promise<number> {
  const [row] = await connection.run((sql) =>
    sql(table).where({ change_id: changeId }).count({ count: '*' }),
  );
  return readInteger(row?.['count'], 'runs');
}

/** Writes the row that is as `expected` says and ends its lease; `false` when there is no such row. */
async function save(
  connection: Connection,
  run: Run,
  expected: { readonly lease_token: string } | { readonly state: string },
): Promise<boolean> {
  const { id, asked_at, ...row } = toRow(run);
  const changed = await connection.run((sql) => {
    const later = sql.raw('CASE WHEN asked_at > ? THEN asked_at ELSE ? END', [asked_at, asked_at]);
    return sql(table)
      .where({ id, ...expected })
      .update({ ...row, ...noLease, asked_at: later });
  });
  return changed === 1;
}

async function touch(connection: Connection, id: string, askedAt: number): Promise<void> {
  await connection.run((sql) =>
    sql(table).where({ id }).where('asked_at', '<', askedAt).update({ asked_at: askedAt }),
  );
}

async function census(connection: Connection): ReturnType<RunStore['census']> {
  const counts: { phase: Phase; count: unknown }[] = await connection.run((sql) =>
    sql(table).groupBy('phase').select('phase').count({ count: '*' }),
  );
  const [due] = await connection.run((sql) =>
    sql(table).modify(whereFree, connection.clock).min({ oldest: 'next_look_at' }),
  );
  const byPhase = Object.fromEntries(counts.map(({ phase, count }) => [phase, readInteger(count, 'runs')]));
  return { byPhase, oldestDue: readIntegerOrNull(due?.['oldest'] ?? null, 'runs.next_look_at') };
}
