import type { Knex } from 'knex';
import { type Fact, type FactSource, factOf, type PlaceFacts } from '../ledger/fact.ts';
import type { StoredRow } from './change-rows.ts';
import { readInteger, readIntegerOrNull } from './columns.ts';
import type { Connection } from './database.ts';

/** The columns of a change that its fact is made of. */
export const factColumns = [
  'service',
  'environment',
  'kind',
  'outcome',
  'failure_class',
  'committed_at',
  'started_at',
  'finished_at',
  'outcome_at',
  'recovered_at',
  'created_at',
] as const;

/** The fact of a stored change. */
export function factFromRow(row: StoredRow): Fact {
  const instant = (column: string): number | null => readIntegerOrNull(row[column], `changes.${column}`);
  return factOf({
    kind: row['kind'] as FactSource['kind'],
    outcome: row['outcome'] as FactSource['outcome'],
    failureClass: row['failure_class'] as FactSource['failureClass'],
    committedAt: instant('committed_at'),
    startedAt: instant('started_at'),
    finishedAt: instant('finished_at'),
    outcomeAt: instant('outcome_at'),
    recoveredAt: instant('recovered_at'),
    createdAt: readInteger(row['created_at'], 'changes.created_at'),
  });
}

/** A name for a place that no other place has. */
export function placeKey(service: string, environment: string): string {
  return JSON.stringify([service, environment]);
}

/** Facts of the changes whose reporting time lies in [from, to), each place once. */
export async function readFacts(
  connection: Connection,
  from: number,
  to: number,
  narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder = (query) => query,
): Promise<PlaceFacts[]> {
  const rows: StoredRow[] = await connection.run((sql) =>
    narrow(
      sql('changes')
        .where('reported_at', '>=', from)
        .where('reported_at', '<', to)
        .select(...factColumns),
    ),
  );
  const places = new Map<string, PlaceFacts & { facts: Fact[] }>();
  for (const row of rows) {
    const [service, environment] = [row['service'] as string, row['environment'] as string];
    const key = placeKey(service, environment);
    const place = places.get(key) ?? { service, environment, facts: [] };
    place.facts.push(factFromRow(row));
    places.set(key, place);
  }
  return [...places.values()];
}
