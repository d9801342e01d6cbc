import type { Knex } from 'knex';
import { SerinError } from '../errors.ts';
import { changeKinds, failureClasses, outcomes } from '../ledger/change.ts';
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

/** Which column of a row a change cannot have, and what stands there; `null`: there is none. */
function oddColumn(row: StoredRow, { at, kind, outcome, failureClass }: Fact): string | null {
  if (!changeKinds.includes(kind)) return `kind holds "${kind}"`;
  if (!outcomes.includes(outcome)) return `outcome holds "${outcome}"`;
  if (failureClass !== null && !failureClasses.includes(failureClass))
    return `failure_class holds "${failureClass}"`;
  const reportedAt = readInteger(row['reported_at'], 'changes.reported_at');
  return reportedAt === at ? null : `reported_at holds ${reportedAt}, and its other times come to ${at}`;
}

/** The fact of a stored change; rejects with `internal` what only somebody's hand in the database can have written. */
function checkedFact(row: StoredRow): Fact {
  const fact = factFromRow(row);
  const odd = oddColumn(row, fact);
  if (odd === null) return fact;
  throw new SerinError('internal', `the change ${row['id']} cannot be counted: ${odd}; mend its row`);
}

/** A name for a place that no other place has. */
export function placeKey(service: string, environment: string): string {
  return JSON.stringify([service, environment]);
}

/**
 * Facts of the changes whose reporting time lies in [from, to), each place once. Rejects with `internal` when a row is
 * none that Serin writes, and names it: counted as it is it would make figures that nobody can mend.
 */
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
        .select('id', 'reported_at', ...factColumns),
    ),
  );
  const places = new Map<string, PlaceFacts & { facts: Fact[] }>();
  for (const row of rows) {
    const [service, environment] = [row['service'] as string, row['environment'] as string];
    const key = placeKey(service, environment);
    const place = places.get(key) ?? { service, environment, facts: [] };
    place.facts.push(checkedFact(row));
    places.set(key, place);
  }
  return [...places.values()];
}
