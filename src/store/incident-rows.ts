import type { Incident } from '../ledger/incident.ts';
import type { StoredRow } from './change-rows.ts';
import {
  readInteger,
  readIntegerOrNull,
  readJson,
  writeInstant,
  writeInstantOrNull,
  writeJson,
} from './columns.ts';

/** The one place that derives columns from an incident: what is queried is a column, the rest is in `state`. */
export function incidentToRow(incident: Incident) {
  const { id, source, externalId, service, environment, status, openedAt, resolvedAt, createdAt, ...state } =
    incident;
  return {
    ...{ id, source, service, environment, status },
    external_id: externalId,
    opened_at: writeInstant(openedAt, 'incidents.opened_at'),
    resolved_at: writeInstantOrNull(resolvedAt, 'incidents.resolved_at'),
    created_at: writeInstant(createdAt, 'incidents.created_at'),
    change_id: incident.attribution.changeId,
    method: incident.attribution.method,
    link_source: incident.link?.source ?? null,
    link_external_id: incident.link?.externalId ?? null,
    state: writeJson(state),
  };
}

/** What is in `state`. */
type State = Omit<
  Incident,
  | 'id'
  | 'source'
  | 'externalId'
  | 'service'
  | 'environment'
  | 'status'
  | 'openedAt'
  | 'resolvedAt'
  | 'createdAt'
>;

/** The incident as it was written. */
export function incidentFromRow(row: StoredRow): Incident {
  return {
    id: row['id'] as string,
    source: row['source'] as string,
    externalId: row['external_id'] as string,
    service: row['service'] as string | null,
    environment: row['environment'] as string | null,
    status: row['status'] as Incident['status'],
    openedAt: readInteger(row['opened_at'], 'incidents.opened_at'),
    resolvedAt: readIntegerOrNull(row['resolved_at'], 'incidents.resolved_at'),
    createdAt: readInteger(row['created_at'], 'incidents.created_at'),
    ...readJson<State>(row['state'], 'incidents.state'),
  };
}
