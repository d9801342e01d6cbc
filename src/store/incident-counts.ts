import type { FactFilter, UnattributedIncidents } from '../ledger/report-store.ts';
import type { StoredRow } from './change-rows.ts';
import { readInteger } from './columns.ts';
import type { Connection } from './database.ts';

/** Where an incident of no known service or environment is taken to be. */
const nowhere = { service: '', environment: 'production' } as const;

/**
 * Counts incidents for which no change was found. One that a person put to none is not among them, nor one that was
 * dismissed; one whose service is not known is, as long as no service is asked for.
 */
export function createUnattributedIncidents(connection: Connection): UnattributedIncidents {
  return {
    count: async (from, to, { service, environment, wanted = () => true }: FactFilter) => {
      const rows: StoredRow[] = await connection.run((sql) => {
        const query = sql('incidents')
          .where('opened_at', '>=', from)
          .where('opened_at', '<', to)
          .where('method', 'none')
          .whereNot('status', 'dismissed')
          .groupBy('service', 'environment')
          .select('service', 'environment')
          .count({ count: '*' });
        if (service !== undefined) query.where({ service });
        if (environment !== undefined) query.where({ environment });
        return query;
      });
      return rows
        .filter((row) =>
          wanted(
            (row['service'] as string | null) ?? nowhere.service,
            (row['environment'] as string | null) ?? nowhere.environment,
          ),
        )
        .reduce((sum, row) => sum + readInteger(row['count'], 'incidents.count'), 0);
    },
  };
}
