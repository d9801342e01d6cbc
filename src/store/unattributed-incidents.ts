import type { FactFilter, UnattributedIncidents } from '../ledger/report-store.ts';
import type { StoredRow } from './change-rows.ts';
import { readInteger } from './columns.ts';
import type { Connection } from './database.ts';

/**
 * Counts incidents that no rule and no person put anywhere. Those that a person put to no change, and those dismissed,
 * are settled; those that map to no service are of no place, and listed by themselves.
 */
export function createUnattributedIncidents(connection: Connection): UnattributedIncidents {
  return { count: (from, to, filter) => count(connection, from, to, filter) };
}

async function count(
  connection: Connection,
  from: number,
  to: number,
  { service, environment, wanted = () => true }: FactFilter,
): Promise<number> {
  const rows: StoredRow[] = await connection.run((sql) => {
    const query = sql('incidents')
      .whereNull('change_id')
      .where('method', 'none')
      .whereNot('status', 'dismissed')
      .whereNotNull('service')
      .whereNotNull('environment')
      .where('opened_at', '>=', from)
      .where('opened_at', '<', to);
    if (service !== undefined) query.where({ service });
    if (environment !== undefined) query.where({ environment });
    return query.groupBy('service', 'environment').select('service', 'environment').count({ incidents: '*' });
  });
  return rows
    .filter((row) => wanted(row['service'] as string, row['environment'] as string))
    .reduce((sum, row) => sum + readInteger(row['incidents'], 'incidents.count'), 0);
}
