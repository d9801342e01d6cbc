import type { Knex } from 'knex';
import type { Surroundings } from '../ledger/ledger-store.ts';
import type { RemedyRange } from '../ledger/remedy-store.ts';
import type { Connection } from './database.ts';

type Place = { readonly service: string; readonly environment: string };

/** Changes of a place of which one may have taken another back; see `RemedyStore.isAnyLikely`. */
function likely(
  sql: Knex,
  { service, environment }: Place,
  { since, until, from }: RemedyRange,
): Knex.QueryBuilder {
  const kept = sql('remedies').whereRaw('remedies.remedy_id = changes.id').select(sql.raw('1'));
  const first = sql('changes as first')
    .where({ 'first.service': service, 'first.environment': environment })
    .whereRaw('first.version = changes.version')
    .whereRaw('first.completed_at < COALESCE(changes.started_at, changes.completed_at)')
    .select(sql.raw('1'));
  return sql('changes')
    .where({ service, environment })
    .whereBetween('reported_at', [since, until])
    .where((query) =>
      query
        .where('completed_at', '>=', from)
        .orWhere((never) => never.whereNull('completed_at').whereExists(kept.clone())),
    )
    .where((query) => query.where('kind', 'rollback').orWhereExists(first).orWhereExists(kept))
    .select(sql.raw('1'));
}

/** See `RemedyStore.isAnyLikely`. */
export async function isAnyLikely(
  connection: Connection,
  place: Place,
  range: RemedyRange,
): Promise<boolean> {
  const found: unknown[] = await connection.run((sql) => likely(sql, place, range).limit(1));
  return found.length > 0;
}

/** Other changes of that version that were out later. */
function later(sql: Knex, { change, after }: Surroundings): Knex.QueryBuilder {
  const { id, service, environment, version } = change;
  return sql('changes')
    .where({ service, environment, version })
    .where('completed_at', '>', after)
    .whereNot({ id })
    .select(sql.raw('1'));
}

/** Incidents that may be put to the change. */
function opened(sql: Knex, { change, opened: span }: Surroundings): Knex.QueryBuilder {
  const { service, environment } = change;
  return sql('incidents')
    .where({ service, environment })
    .whereBetween('opened_at', span)
    .select(sql.raw('1'));
}

/** See `LedgerStore.isAlone`. */
export async function isAlone(connection: Connection, surroundings: Surroundings): Promise<boolean> {
  const { change, remedies } = surroundings;
  const { source, externalId } = change;
  const [one] = await connection.run((sql) => {
    const naming = sql('incidents').where({ link_source: source, link_external_id: externalId });
    const query = sql
      .select<{ one: number }[]>(sql.raw('1 AS one'))
      .whereNotExists(opened(sql, surroundings))
      .whereNotExists(naming.select(sql.raw('1')));
    if (change.version !== null) query.whereNotExists(later(sql, surroundings));
    if (remedies !== null) query.whereNotExists(likely(sql, change, remedies));
    return query;
  });
  return one !== undefined;
}
