import type { ChangeEvent } from '../ledger/change-event.ts';
import { eventFromRow, eventToRow, type StoredRow } from './change-rows.ts';
import type { Connection } from './database.ts';
import { groupBy } from './group-by.ts';
import { isFirstHold } from './holds.ts';
import { partsOf } from './parts.ts';

/** See `LedgerStore.append`. */
export async function appendEvents(connection: Connection, events: readonly ChangeEvent[]): Promise<number> {
  const [first] = events;
  if (first === undefined) return 0;
  await holdChange(connection, first.changeId);
  let added = 0;
  for (const rows of partsOf(events.map(eventToRow))) {
    const inserted = await connection.run((sql) =>
      sql('change_events').insert(rows).onConflict(['source', 'dedupe_key']).ignore().returning('id'),
    );
    added += inserted.length;
  }
  return added;
}

/** On SQLite the insert that follows makes this transaction the only writer. */
async function holdChange(connection: Connection, id: string): Promise<void> {
  if (connection.dialect !== 'postgres' || !isFirstHold(connection, `change ${id}`)) return;
  await connection.run((sql) => sql('changes').where({ id }).select('id').forUpdate());
}

/** What was told of a change, in the order of its own time. */
export async function eventsOf(connection: Connection, changeId: string): Promise<readonly ChangeEvent[]> {
  const rows: StoredRow[] = await connection.run((sql) =>
    sql('change_events').where({ change_id: changeId }).orderBy('at').orderBy('id'),
  );
  return rows.map(eventFromRow);
}

/** See `LedgerStore.toldBy`. */
export async function toldBy(
  connection: Connection,
  source: string,
  changeIds: readonly string[],
): Promise<ReadonlyMap<string, readonly ChangeEvent[]>> {
  if (changeIds.length === 0) return new Map();
  const rows: StoredRow[] = await connection.run((sql) =>
    sql('change_events').whereIn('change_id', changeIds).where({ source }),
  );
  return groupBy(rows.map(eventFromRow), ({ changeId }) => changeId);
}
