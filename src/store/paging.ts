import type { Knex } from 'knex';
import { readCursor, writeCursor } from './cursor.ts';

/** Newest first, and by identity among those of one millisecond: an order that no two rows share. */
export const newestFirst = [
  { column: 'created_at', order: 'desc' },
  { column: 'id', order: 'desc' },
];

/** One page of rows in the order of `newestFirst`. */
export type PageOf<T> = { readonly items: readonly T[]; readonly nextCursor: string | null };

/**
 * Reads one page: `select` runs a query that was narrowed by the function it is given.
 * Rejects with `invalid_input` for a cursor that was not written here.
 */
export async function readPage<T extends { readonly createdAt: number; readonly id: string }>(
  select: (narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder) => Promise<readonly T[]>,
  limit: number,
  cursor: string | null,
): Promise<PageOf<T>> {
  const after = cursor === null ? null : readCursor(cursor);
  const found = await select((query) => {
    // One more than asked for tells whether there is a next page.
    query.orderBy(newestFirst).limit(limit + 1);
    return after === null ? query : query.whereRaw('(created_at, id) < (?, ?)', [after.createdAt, after.id]);
  });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: found.length > limit && last !== undefined ? writeCursor(last) : null };
}
