import type { Change } from '../ledger/change.ts';
import type { ChangeEvent } from '../ledger/change-event.ts';
import type { MoveStore, Telling } from '../ledger/move-store.ts';
import { changeToRow, eventFromRow, type StoredRow } from './change-rows.ts';
import { contributionOf, holdContribution } from './contributions.ts';
import type { Connection } from './database.ts';
import { groupBy } from './group-by.ts';
import { whereNear } from './near.ts';
import { partsOf } from './parts.ts';
import { rollUp } from './rollups.ts';
import { noLease } from './run-leases.ts';

/** Moves what was told in the database, as one of its transactions sees it. */
export function createMoveStore(connection: Connection): MoveStore {
  return {
    isToldByOthers: (place, since, until, source) =>
      isToldByOthers(connection, place, [since, until], source),
    tellings: (changeIds) => tellings(connection, changeIds),
    make: async (change) => {
      await connection.run((sql) => sql('changes').insert(changeToRow(change)));
      rollUp(connection, null, contributionOf(change));
    },
    move: (moves) => move(connection, moves),
    dissolve: (id, into) => dissolve(connection, id, into),
  };
}

async function isToldByOthers(
  connection: Connection,
  place: Pick<Change, 'service' | 'environment'>,
  [since, until]: readonly [since: number, until: number],
  source: string,
): Promise<boolean> {
  const found: unknown[] = await connection.run((sql) =>
    sql('changes')
      .join('change_names', 'change_names.change_id', 'changes.id')
      .modify(whereNear, place, since, until)
      .whereNot('change_names.source', source)
      .select(sql.raw('1'))
      .limit(1),
  );
  return found.length > 0;
}

type NameRow = { readonly change_id: string; readonly source: string; readonly external_id: string };

/** What is of the change itself, whoever told of it. */
const ofTheChange: readonly ChangeEvent['type'][] = ['verdict', 'ruled'];

function keyOf({ changeId, source }: Pick<Telling, 'changeId' | 'source'>): string {
  return JSON.stringify([changeId, source]);
}

async function tellings(connection: Connection, changeIds: readonly string[]): Promise<readonly Telling[]> {
  const names: NameRow[] = await connection.run((sql) =>
    sql('change_names').whereIn('change_id', changeIds).select('change_id', 'source', 'external_id'),
  );
  const rows: StoredRow[] = await connection.run((sql) =>
    sql('change_events').whereIn('change_id', changeIds).whereNotIn('type', ofTheChange),
  );
  const events = groupBy(rows.map(eventFromRow), keyOf);
  const found = new Map<string, Telling & { readonly names: string[] }>();
  for (const { change_id: changeId, source, external_id: name } of names) {
    const key = keyOf({ changeId, source });
    const known = found.get(key);
    if (known === undefined)
      found.set(key, { changeId, source, names: [name], events: events.get(key) ?? [] });
    else known.names.push(name);
  }
  for (const { names: all } of found.values()) all.sort();
  return [...found.values()];
}

type Move = Parameters<MoveStore['move']>[0][number];

/** What goes along is looked up before anything is moved: two changes may give each other what they have. */
async function move(connection: Connection, moves: readonly Move[]): Promise<void> {
  const runs = new Map<Move, readonly string[]>();
  for (const one of moves) runs.set(one, await runsOf(connection, one.telling));
  for (const [{ telling, to }, ids] of runs) {
    const { changeId, source, names, events } = telling;
    await connection.run((sql) =>
      sql('change_names').where({ source }).whereIn('external_id', names).update({ change_id: to }),
    );
    const told = events.map(({ id }) => id);
    await moveEvents(connection, told, to);
    await moveRuns(connection, ids, changeId, to);
  }
}

/** The analyses of a change that were asked for under the names of one source. */
async function runsOf(
  connection: Connection,
  { changeId, source, names }: Telling,
): Promise<readonly string[]> {
  const rows: { id: string; rollout_uid: string | null; rollout_revision: string | null }[] =
    await connection.run((sql) =>
      sql('runs').where({ change_id: changeId }).select('id', 'rollout_uid', 'rollout_revision'),
    );
  return rows
    .filter(({ rollout_uid: uid, rollout_revision: revision }) =>
      uid === null ? source === 'analysis' : names.includes(`${uid}/${revision}`),
    )
    .map(({ id }) => id);
}

async function moveEvents(connection: Connection, ids: readonly string[], to: string): Promise<void> {
  for (const part of partsOf(ids))
    await connection.run((sql) => sql('change_events').whereIn('id', part).update({ change_id: to }));
}

/**
 * Analyses hold the id of their change in their state, too. Whoever is looking at one loses its lease: the look is made
 * once more, of the analysis as it is then.
 */
async function moveRuns(
  connection: Connection,
  runs: readonly string[],
  from: string,
  to: string,
): Promise<void> {
  if (runs.length === 0) return;
  const [before = '', after = ''] = [from, to].map((id) => `"changeId":${JSON.stringify(id)}`);
  await connection.run((sql) => {
    const state = sql.raw('replace(state, ?, ?)', [before, after]);
    return sql('runs')
      .whereIn('id', runs)
      .update({ ...noLease, change_id: to, state });
  });
  await connection.run((sql) => sql('noise_profiles').whereIn('run_id', runs).update({ change_id: to }));
  const rows: StoredRow[] = await connection.run((sql) =>
    sql('change_events').where({ change_id: from, type: 'verdict' }),
  );
  const verdicts = rows
    .map(eventFromRow)
    .filter((event) => event.type === 'verdict' && runs.includes(event.analysisId));
  const ids = verdicts.map(({ id }) => id);
  await moveEvents(connection, ids, to);
}

async function dissolve(connection: Connection, id: string, into: string): Promise<void> {
  const contribution = await holdContribution(connection, id);
  if (contribution !== null) rollUp(connection, contribution, null);
  const runs: { id: string }[] = await connection.run((sql) =>
    sql('runs').where({ change_id: id }).select('id'),
  );
  const ids = runs.map((run) => run.id);
  await moveRuns(connection, ids, id, into);
  await connection.run((sql) => sql('change_events').where({ change_id: id }).update({ change_id: into }));
  await moveIncidents(connection, id, into);
  await connection.run((sql) => sql('change_aliases').where({ change_id: id }).update({ change_id: into }));
  await connection.run((sql) => sql('change_aliases').insert({ id, change_id: into }));
  await connection.run((sql) => sql('changes').where({ id }).del());
}

/** Incidents hold the id of their change in their state, too. */
async function moveIncidents(connection: Connection, from: string, to: string): Promise<void> {
  const [before = '', after = ''] = [from, to].map((id) => `"attribution":{"changeId":${JSON.stringify(id)}`);
  await connection.run((sql) => {
    const state = sql.raw('replace(state, ?, ?)', [before, after]);
    return sql('incidents').where({ change_id: from }).update({ change_id: to, state });
  });
}
