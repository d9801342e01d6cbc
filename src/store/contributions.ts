import type { Change } from '../ledger/change.ts';
import { factOf } from '../ledger/fact.ts';
import type { StoredRow } from './change-rows.ts';
import type { Connection } from './database.ts';
import { factColumns, factFromRow } from './fact-rows.ts';
import type { Contribution } from './rollups.ts';

/** What a change adds to reports. */
export function contributionOf(change: Change): Contribution {
  return { service: change.service, environment: change.environment, fact: factOf(change) };
}

/** What the stored change adds to reports; nobody else writes it until the transaction ends. */
export async function holdContribution(connection: Connection, id: string): Promise<Contribution> {
  const [row]: StoredRow[] = await connection.run((sql) => {
    const query = sql('changes')
      .where({ id })
      .select(...factColumns);
    return connection.dialect === 'postgres' ? query.forUpdate() : query;
  });
  if (row === undefined) return null;
  const [service, environment] = [row['service'] as string, row['environment'] as string];
  return { service, environment, fact: factFromRow(row) };
}
