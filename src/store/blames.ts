import { type Blame, blameOfIncident, blameOfRemedy } from '../ledger/blame.ts';
import { changeFromRow, type StoredRow } from './change-rows.ts';
import type { Connection } from './database.ts';
import { incidentFromRow } from './incident-rows.ts';
import { remedyFromRow } from './remedy-store.ts';

/** What incidents and later changes hold against a change. */
export async function blamesOf(connection: Connection, changeId: string): Promise<readonly Blame[]> {
  const incidents: StoredRow[] = await connection.run((sql) =>
    sql('incidents').where({ change_id: changeId }).orderBy('opened_at').orderBy('id'),
  );
  const remedies: StoredRow[] = await connection.run((sql) =>
    sql('remedies').where({ undone_id: changeId }).orderBy('at').orderBy('remedy_id'),
  );
  const told = incidents.flatMap((row) => blameOfIncident(incidentFromRow(row)) ?? []);
  return [...told, ...(await blamesOfRemedies(connection, remedies))];
}

async function blamesOfRemedies(connection: Connection, rows: readonly StoredRow[]): Promise<Blame[]> {
  if (rows.length === 0) return [];
  const ids = rows.map((row) => row['remedy_id'] as string);
  const changes: StoredRow[] = await connection.run((sql) => sql('changes').whereIn('id', ids));
  const byId = new Map(changes.map((row) => [row['id'], changeFromRow(row)]));
  return rows.flatMap((row) => {
    const by = byId.get(row['remedy_id']);
    return by === undefined ? [] : [blameOfRemedy(remedyFromRow(row), by)];
  });
}
