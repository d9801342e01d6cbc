import type { Knex } from 'knex';

/** No rollout is taken to go on for longer than 30 days: what ended later is not looked through for each write. */
const longestRollout = 30 * 86_400_000;

/**
 * Leaves the changes that lie in [since, until]: those that reports count then, and those that had begun by `until` and
 * are counted later. A canary may take its time, and what happened meanwhile belongs to it.
 */
export function whereLiesWithin(
  query: Knex.QueryBuilder,
  [since, until]: readonly [since: number, until: number],
): void {
  query
    .whereBetween('reported_at', [since, until + longestRollout])
    .where((either) => either.where('reported_at', '<=', until).orWhere('started_at', '<=', until));
}
