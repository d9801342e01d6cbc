import type { Knex } from 'knex';
import type { AuditEntry, AuditFilter, AuditStore, StoredAuditEntry } from '../ledger/audit-store.ts';
import type { StoredRow } from './change-rows.ts';
import { readInteger, readJsonOrNull, writeInstant, writeJsonOrNull } from './columns.ts';
import type { Connection } from './database.ts';
import { makeOrderedId } from './ordered-ids.ts';
import { readPage } from './paging.ts';
import { partsOf } from './parts.ts';

const table = 'audit';

/** Keeps the audit trail in the database, or as one of its transactions sees it. */
export function createAuditStore(connection: Connection): AuditStore {
  return {
    append: (...entries) => append(connection, entries),
    list: (filter, limit, cursor) => list(connection, filter, limit, cursor),
  };
}

async function append(connection: Connection, entries: readonly AuditEntry[]): Promise<void> {
  for (const rows of partsOf(entries.map(toRow))) await connection.run((sql) => sql(table).insert(rows));
}

function toRow(entry: AuditEntry) {
  return {
    id: makeOrderedId(entry.at),
    created_at: writeInstant(entry.at, 'audit.created_at'),
    actor: entry.actor,
    action: entry.action,
    subject_type: entry.subject.type,
    subject_id: entry.subject.id,
    before: writeJsonOrNull(entry.before),
    after: writeJsonOrNull(entry.after),
    reason: entry.reason,
    request_id: entry.requestId,
  };
}

function fromRow(row: StoredRow): StoredAuditEntry {
  return {
    id: row['id'] as string,
    at: readInteger(row['created_at'], 'audit.created_at'),
    actor: row['actor'] as string,
    action: row['action'] as string,
    subject: { type: row['subject_type'] as string, id: row['subject_id'] as string },
    before: readJsonOrNull(row['before'], 'audit.before'),
    after: readJsonOrNull(row['after'], 'audit.after'),
    reason: row['reason'] as string | null,
    requestId: row['request_id'] as string | null,
  };
}

async function list(
  connection: Connection,
  filter: AuditFilter,
  limit: number,
  cursor: string | null,
): ReturnType<AuditStore['list']> {
  const page = await readPage(
    async (narrow) => {
      const rows: StoredRow[] = await connection.run((sql) =>
        narrow(sql(table).select('*').modify(whereMatches, filter)),
      );
      return rows.map(fromRow).map((entry) => ({ id: entry.id, createdAt: entry.at, entry }));
    },
    limit,
    cursor,
  );
  return { items: page.items.map(({ entry }) => entry), nextCursor: page.nextCursor };
}

function whereMatches(query: Knex.QueryBuilder, filter: AuditFilter): void {
  const { subject, actor, action, from, to } = filter;
  if (subject !== undefined) query.where((row) => whereSubject(row, subject));
  if (actor !== undefined) query.where((row) => whereActor(row, actor));
  if (action !== undefined) query.where({ action });
  if (from !== undefined) query.where('created_at', '>=', from);
  if (to !== undefined) query.where('created_at', '<', to);
}

/** A name stands for itself with whatever is known besides, as in `oidc:…:octocat/shop (run_id 42)`. */
function whereActor(query: Knex.QueryBuilder, actor: string): void {
  const begin = `${actor} (`;
  query.where({ actor }).orWhereRaw('substr(actor, 1, ?) = ?', [[...begin].length, begin]);
}

/** `change/<id>` is a type and an id; what is no such pair, or an id with a slash, is an id alone. */
function whereSubject(query: Knex.QueryBuilder, subject: string): void {
  query.where({ subject_id: subject });
  const slash = subject.indexOf('/');
  if (slash > 0)
    query.orWhere({ subject_type: subject.slice(0, slash), subject_id: subject.slice(slash + 1) });
}
