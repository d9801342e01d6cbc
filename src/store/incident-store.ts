import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { AttributionRuling, Incident, IncidentReport } from '../ledger/incident.ts';
import type { IncidentFilter, IncidentStore } from '../ledger/incident-store.ts';
import type { StoredRow } from './change-rows.ts';
import { readJson, writeInstant, writeJson } from './columns.ts';
import type { Connection } from './database.ts';
import { incidentFromRow, incidentToRow } from './incident-rows.ts';
import { readPage } from './paging.ts';

/** More incidents of one place within a month, or of one change, tell nothing more. */
const mostIncidents = 500;

/** Keeps incidents in the database, or as one of its transactions sees them. */
export function createIncidentStore(connection: Connection): IncidentStore {
  return {
    find: async (id) => (await select(connection, (query) => query.where({ id })))[0] ?? null,
    findByName: async (source, externalId) =>
      (await select(connection, (query) => query.where({ source, external_id: externalId })))[0] ?? null,
    insert: (incident) => insert(connection, incident),
    addReport: (incidentId, report, receivedAt) => addReport(connection, incidentId, report, receivedAt),
    addRuling: (incidentId, ruling, receivedAt) => addRuling(connection, incidentId, ruling, receivedAt),
    reportsOf: (incidentId) => eventsOf<IncidentReport>(connection, incidentId, 'report'),
    rulingsOf: (incidentId) => eventsOf<AttributionRuling>(connection, incidentId, 'ruling'),
    save: (incident) => save(connection, incident),
    openedWithin: (service, environment, from, to) =>
      select(connection, (query) =>
        query
          .where({ service, environment })
          .whereBetween('opened_at', [from, to])
          .orderBy('opened_at')
          .orderBy('id')
          .limit(mostIncidents),
      ),
    naming: (source, externalId) =>
      select(connection, (query) =>
        query.where({ link_source: source, link_external_id: externalId }).orderBy('id').limit(mostIncidents),
      ),
    ofChanges: (changeIds) =>
      select(connection, (query) => query.whereIn('change_id', changeIds).orderBy('id').limit(mostIncidents)),
    list: (filter, limit, cursor) =>
      readPage(
        (narrow) => select(connection, (query) => narrow(query.modify(whereMatches, filter))),
        limit,
        cursor,
      ),
  };
}

async function select(
  connection: Connection,
  narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<Incident[]> {
  const rows: StoredRow[] = await connection.run((sql) => narrow(sql('incidents').select('*')));
  return rows.map(incidentFromRow);
}

async function insert(connection: Connection, incident: Incident): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql('incidents')
      .insert(incidentToRow(incident))
      .onConflict(['source', 'external_id'])
      .ignore()
      .returning('id'),
  );
  return inserted.length === 1;
}

async function addReport(
  connection: Connection,
  incidentId: string,
  report: IncidentReport,
  receivedAt: number,
): Promise<boolean> {
  const body = writeJson(report);
  const dedupeKey = createHash('sha256').update(body).digest('hex');
  return addEvent(connection, { incidentId, type: 'report', dedupeKey, at: report.at, receivedAt, body });
}

/** A person may say the same twice, with something else in between. */
async function addRuling(
  connection: Connection,
  incidentId: string,
  ruling: AttributionRuling,
  receivedAt: number,
): Promise<void> {
  await hold(connection, incidentId);
  const before = await eventsOf(connection, incidentId, 'ruling');
  const event = { incidentId, type: 'ruling', at: ruling.at, receivedAt, body: writeJson(ruling) };
  await addEvent(connection, { ...event, dedupeKey: `ruling ${before.length + 1}` });
}

type NewEvent = {
  readonly incidentId: string;
  readonly type: string;
  readonly dedupeKey: string;
  readonly at: number;
  readonly receivedAt: number;
  readonly body: string;
};

async function addEvent(connection: Connection, event: NewEvent): Promise<boolean> {
  await hold(connection, event.incidentId);
  const inserted = await connection.run((sql) =>
    sql('incident_events')
      .insert({
        incident_id: event.incidentId,
        type: event.type,
        dedupe_key: event.dedupeKey,
        at: writeInstant(event.at, 'incident_events.at'),
        received_at: writeInstant(event.receivedAt, 'incident_events.received_at'),
        body: event.body,
      })
      .onConflict(['incident_id', 'dedupe_key'])
      .ignore()
      .returning('position'),
  );
  return inserted.length === 1;
}

/** On SQLite the insert that follows makes this transaction the only writer. */
async function hold(connection: Connection, id: string): Promise<void> {
  if (connection.dialect !== 'postgres') return;
  await connection.run((sql) => sql('incidents').where({ id }).select('id').forUpdate());
}

async function eventsOf<T>(connection: Connection, incidentId: string, type: string): Promise<readonly T[]> {
  const rows: StoredRow[] = await connection.run((sql) =>
    sql('incident_events').where({ incident_id: incidentId, type }).orderBy('position'),
  );
  return rows.map((row) => readJson<T>(row['body'], 'incident_events.body'));
}

async function save(connection: Connection, incident: Incident): Promise<void> {
  const { id, ...row } = incidentToRow(incident);
  await connection.run((sql) => sql('incidents').where({ id }).update(row));
}

function whereMatches(query: Knex.QueryBuilder, filter: IncidentFilter): void {
  const { service, environment, source, status, changeId, attributed, mapped, from, to } = filter;
  for (const [column, value] of Object.entries({ service, environment, source, status, change_id: changeId }))
    if (value !== undefined) query.where(column, value);
  if (attributed !== undefined) whereKnown(query, 'change_id', attributed);
  if (mapped !== undefined) whereKnown(query, 'service', mapped);
  if (from !== undefined) query.where('opened_at', '>=', from);
  if (to !== undefined) query.where('opened_at', '<', to);
}

function whereKnown(query: Knex.QueryBuilder, column: string, isKnown: boolean): void {
  if (isKnown) query.whereNotNull(column);
  else query.whereNull(column);
}
