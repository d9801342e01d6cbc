import type { Database } from '../../src/store/database.ts';
import { incidentOf, makeRows, type Row } from './ledger-rows.ts';

const rowsAtOnce = 5000;

/** Rows as one JSON text: building statements of a hundred thousand values takes longer than running them. */
function insertOf(database: Database, table: string, row: Row): string {
  const columns = Object.keys(row);
  const names = columns.map((name) => `"${name}"`).join(', ');
  const source =
    database.dialect === 'postgres'
      ? `${names} FROM json_populate_recordset(null::${table}, ?::json)`
      : `${columns.map((name) => `value ->> '${name}'`).join(', ')} FROM json_each(?)`;
  return `INSERT INTO ${table} (${names}) SELECT ${source}`;
}

async function insert(database: Database, table: string, rows: readonly Row[]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  await database.run((sql) => sql.raw(insertOf(database, table, first), [JSON.stringify(rows)]));
}

async function writeChanges(database: Database, rows: readonly Row[]): Promise<number> {
  const incidents = rows.map(incidentOf).filter((row) => row !== null);
  await insert(database, 'changes', rows);
  await insert(database, 'incidents', incidents);
  return incidents.length;
}

/** What recording would have left beside the changes: a name, a beginning and an end of each. */
const besides = [
  'INSERT INTO change_names (source, external_id, change_id) SELECT source, external_id, id FROM changes',
  ...['started', 'completed'].map(
    (type) => `INSERT INTO change_events (id, change_id, source, dedupe_key, type, at, received_at, body)
      SELECT id || '/${type}', id, source, '["' || external_id || '","${type}"]', '${type}',
        COALESCE(${type === 'started' ? 'started_at' : 'finished_at'}, started_at), created_at,
        '{"facts":{},"target":null${type === 'started' ? '' : ',"reason":null'}}' FROM changes`,
  ),
];

async function setPragmas(database: Database, pragmas: readonly string[]): Promise<void> {
  if (database.dialect !== 'sqlite') return;
  for (const pragma of pragmas) await database.run((sql) => sql.raw(`PRAGMA ${pragma}`));
}

/** Fills an empty ledger in bulk; gives how many incidents there are. Roll-ups are left to be built. */
export async function fill(database: Database): Promise<number> {
  await setPragmas(database, ['synchronous = OFF', 'cache_size = -500000']);
  let incidents = 0;
  let rows: Row[] = [];
  for (const row of makeRows()) {
    rows.push(row);
    if (rows.length < rowsAtOnce) continue;
    incidents += await writeChanges(database, rows);
    rows = [];
  }
  incidents += await writeChanges(database, rows);
  for (const statement of besides) await database.run((sql) => sql.raw(statement));
  if (database.dialect === 'postgres') await database.run((sql) => sql.raw('VACUUM ANALYZE'));
  // As the service has them, and nothing left for it to write.
  await setPragmas(database, ['wal_checkpoint(TRUNCATE)', 'synchronous = FULL', 'cache_size = -2000']);
  return incidents;
}
