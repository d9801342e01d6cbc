import type { Knex } from 'knex';
import { releaseOf } from '../ledger/change.ts';
import type { Surroundings } from '../ledger/ledger-store.ts';
import type { RemedyRange } from '../ledger/remedy-store.ts';
import type { Connection } from './database.ts';

type Place = { readonly service: string; readonly environment: string };

/** SQL for `releaseOf` a change, as the index has it. */
export function releaseIn(table: string): string {
  return `COALESCE(${table}.version, ${table}."commit")`;
}

/** Changes of a place of which one may have taken another back; see `RemedyStore.isAnyLikely`. */
function likely(
  sql: Knex,
  { service, environment }: Place,
  { since, until, from }: RemedyRange,
): Knex.QueryBuilder {
  const kept = sql('remedies').whereRaw('remedies.remedy_id = changes.id').select(sql.raw('1'));
  const first = sql('changes as first')
    .where({ 'first.service': service, 'first.environment': environment })
    .whereRaw(`${releaseIn('first')} = ${releaseIn('changes')}`)
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

/** Other changes that brought the same and were out later. */
function later(sql: Knex, { change, after }: Surroundings, release: string): Knex.QueryBuilder {
  const { id, service, environment } = change;
  return sql('changes')
    .where({ service, environment })
    .whereRaw(`${releaseIn('changes')} = ?`, [release])
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
    const release = releaseOf(change);
    if (release !== null) query.whereNotExists(later(sql, surroundings, release));
    if (remedies !== null) query.whereNotExists(likely(sql, change, remedies));
    return query;
  });
  return one !== undefined;
}
