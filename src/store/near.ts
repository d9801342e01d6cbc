import type { Knex } from 'knex';

/** A rollout may be paused for weeks, and a failure be told long after. */
const longest = 30 * 86_400_000;

/** See `LedgerStore.findNear`. */
export function whereNear(
  query: Knex.QueryBuilder,
  { service, environment }: { readonly service: string; readonly environment: string },
  since: number,
  until: number,
): void {
  query
    .where({ service, environment })
    .whereBetween('reported_at', [since, until + longest])
    .where((either) => either.where('reported_at', '<=', until).orWhere('started_at', '<=', until));
}
