import type { Knex } from 'knex';
import type { StoredReport, StoredReportStore } from '../ledger/stored-reports.ts';
import type { StoredRow } from './change-rows.ts';
import { readInteger, readJson, writeInstant, writeJson } from './columns.ts';
import type { Connection, Database } from './database.ts';
import { readPage } from './paging.ts';

function fromRow(row: StoredRow): StoredReport {
  return {
    id: row['id'] as string,
    schedule: row['schedule'] as string,
    dueAt: readInteger(row['due_at'], 'stored_reports.due_at'),
    createdAt: readInteger(row['created_at'], 'stored_reports.created_at'),
    report: readJson(row['report'], 'stored_reports.report'),
  };
}

async function select(
  connection: Connection,
  narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<StoredReport[]> {
  const rows: StoredRow[] = await connection.run((sql) => narrow(sql('stored_reports').select('*')));
  return rows.map(fromRow);
}

async function seenThrough(connection: Connection, name: string, now: number): Promise<number> {
  await connection.run((sql) =>
    sql('report_schedules').insert({ name, seen_through: now }).onConflict('name').ignore(),
  );
  const [row] = await connection.run((sql) =>
    sql('report_schedules').where({ name }).select<{ seen_through: unknown }[]>('seen_through'),
  );
  return readInteger(row?.seen_through, 'report_schedules.seen_through');
}

async function keep(
  connection: Connection,
  { id, schedule, dueAt, createdAt, report }: StoredReport,
): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql('stored_reports')
      .insert({
        ...{ id, schedule },
        due_at: writeInstant(dueAt, 'stored_reports.due_at'),
        created_at: writeInstant(createdAt, 'stored_reports.created_at'),
        report: writeJson(report),
      })
      .onConflict(['schedule', 'due_at'])
      .ignore()
      .returning('id'),
  );
  // Never back: another process may be further.
  await connection.run((sql) =>
    sql('report_schedules')
      .where({ name: schedule })
      .where('seen_through', '<', dueAt)
      .update({ seen_through: dueAt }),
  );
  return inserted.length === 1;
}

/** Keeps reports that were made by schedule. */
export function createStoredReportStore(database: Database): StoredReportStore {
  return {
    seenThrough: (schedule, now) => seenThrough(database, schedule, now),
    keep: (report) => database.transaction((connection) => keep(connection, report)),
    list: (schedule, limit, cursor) =>
      readPage(
        (narrow) =>
          select(database, (query) => {
            if (schedule !== undefined) query.where({ schedule });
            return narrow(query);
          }),
        limit,
        cursor,
      ),
    find: async (id) => (await select(database, (query) => query.where({ id })))[0] ?? null,
  };
}
