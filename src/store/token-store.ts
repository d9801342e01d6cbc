import type { Role } from '../auth/caller.ts';
import type { Token, TokenStore } from '../auth/token-store.ts';
import type { StoredRow } from './change-rows.ts';
import {
  readInteger,
  readIntegerOrNull,
  readJson,
  readJsonOrNull,
  writeInstant,
  writeInstantOrNull,
  writeJson,
  writeJsonOrNull,
} from './columns.ts';
import type { Connection } from './database.ts';
import { newestFirst } from './paging.ts';

const table = 'tokens';

/** Keeps tokens in the database, or as one of its transactions sees them. */
export function createTokenStore(connection: Connection): TokenStore {
  return {
    insert: (token) => insert(connection, token),
    findByHash: async (hash) => (await select(connection, { hash }))[0] ?? null,
    list: () => select(connection, {}),
    find: (nameOrId) => find(connection, nameOrId),
    revoke: (id, at) => revoke(connection, id, at),
    touch: (id, at) => touch(connection, id, at),
    any: async () => (await connection.run((sql) => sql(table).select('id').limit(1))).length > 0,
  };
}

function toRow(token: Token) {
  return {
    id: token.id,
    name: token.name,
    hash: token.hash,
    roles: writeJson(token.roles),
    services: writeJsonOrNull(token.services),
    created_at: writeInstant(token.createdAt, 'tokens.created_at'),
    created_by: token.createdBy,
    expires_at: writeInstantOrNull(token.expiresAt, 'tokens.expires_at'),
    revoked_at: writeInstantOrNull(token.revokedAt, 'tokens.revoked_at'),
    last_used_at: writeInstantOrNull(token.lastUsedAt, 'tokens.last_used_at'),
  };
}

function fromRow(row: StoredRow): Token {
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    hash: row['hash'] as string,
    roles: readJson<readonly Role[]>(row['roles'], 'tokens.roles'),
    services: readJsonOrNull<readonly string[]>(row['services'], 'tokens.services'),
    createdAt: readInteger(row['created_at'], 'tokens.created_at'),
    createdBy: row['created_by'] as string,
    expiresAt: readIntegerOrNull(row['expires_at'], 'tokens.expires_at'),
    revokedAt: readIntegerOrNull(row['revoked_at'], 'tokens.revoked_at'),
    lastUsedAt: readIntegerOrNull(row['last_used_at'], 'tokens.last_used_at'),
  };
}

async function select(connection: Connection, where: Readonly<Record<string, string>>): Promise<Token[]> {
  const rows: StoredRow[] = await connection.run((sql) => sql(table).where(where).orderBy(newestFirst));
  return rows.map(fromRow);
}

async function insert(connection: Connection, token: Token): Promise<boolean> {
  const free = connection.run((sql) =>
    sql(table)
      .insert(toRow(token))
      .onConflict(sql.raw('(name) WHERE revoked_at IS NULL'))
      .ignore()
      .returning('id'),
  );
  return (await free).length === 1;
}

async function find(connection: Connection, nameOrId: string): Promise<Token | null> {
  const [byId] = await select(connection, { id: nameOrId });
  if (byId !== undefined) return byId;
  const named = await select(connection, { name: nameOrId });
  return named.find(({ revokedAt }) => revokedAt === null) ?? named[0] ?? null;
}

async function revoke(connection: Connection, id: string, at: number): Promise<boolean> {
  const revoked_at = writeInstant(at, 'tokens.revoked_at');
  const changed = await connection.run((sql) =>
    sql(table).where({ id }).whereNull('revoked_at').update({ revoked_at }),
  );
  return changed === 1;
}

async function touch(connection: Connection, id: string, at: number): Promise<void> {
  const last_used_at = writeInstant(at, 'tokens.last_used_at');
  await connection.run((sql) =>
    sql(table)
      .where({ id })
      .where((row) => row.whereNull('last_used_at').orWhere('last_used_at', '<', at))
      .update({ last_used_at }),
  );
}
