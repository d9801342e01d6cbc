import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { Phase } from '../analysis/run.ts';
import type { Claim } from '../analysis/run-store.ts';
import type { Connection } from './database.ts';
import { fromRow, runColumns, type StoredRunRow } from './run-rows.ts';

const openPhases: readonly Phase[] = ['waiting', 'running'];

/** What ends a lease, whoever held it. */
export const noLease = { lease_token: null, lease_expires_at: null };

/** Runs that nobody holds, by the database's clock: processes need not agree on the time. */
export function whereFree(query: Knex.QueryBuilder, clock: string): void {
  query.where((either) => either.whereNull('lease_token').orWhereRaw(`lease_expires_at <= ${clock}`));
}

function whereDue(query: Knex.QueryBuilder, clock: string, now: number): void {
  query.whereIn('phase', openPhases).where('next_look_at', '<=', now);
  whereFree(query, clock);
}

/**
 * Takes up to `limit` due runs, oldest due first. Candidates are found first and then taken one by one, each by one
 * conditional update, so that of many claimers one has it. Whoever lost a candidate looks for others.
 */
export async function claimDue(
  connection: Connection,
  now: number,
  limit: number,
  leaseMs: number,
): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  let lost = 0;
  do {
    const ids = await findDue(connection, now, limit - claims.length);
    const taken = claims.length;
    for (const id of ids) {
      const claim = await claimOne(connection, id, now, leaseMs);
      if (claim !== null) claims.push(claim);
    }
    lost = ids.length - (claims.length - taken);
  } while (lost > 0);
  return claims;
}

function findDue(connection: Connection, now: number, limit: number): Promise<string[]> {
  return connection.run((sql) =>
    sql('runs')
      .modify(whereDue, connection.clock, now)
      .orderBy(['next_look_at', 'id'])
      .limit(limit)
      .pluck<string[]>('id'),
  );
}

async function claimOne(
  connection: Connection,
  id: string,
  now: number,
  leaseMs: number,
): Promise<Claim | null> {
  const token = randomUUID();
  const [row] = await connection.run((sql) =>
    sql('runs')
      .where({ id })
      .modify(whereDue, connection.clock, now)
      .update({ lease_token: token, lease_expires_at: leaseEnd(sql, connection, leaseMs) })
      .returning<StoredRunRow[]>([...runColumns]),
  );
  return row === undefined ? null : { run: fromRow(row), token };
}

/** `false` when another holds the lease by now, or nobody. */
export async function renewLease(
  connection: Connection,
  id: string,
  token: string,
  leaseMs: number,
): Promise<boolean> {
  const changed = await connection.run((sql) =>
    sql('runs')
      .where({ id, lease_token: token })
      .update({ lease_expires_at: leaseEnd(sql, connection, leaseMs) }),
  );
  return changed === 1;
}

/** Harmless when the lease is lost already. */
export async function releaseLease(connection: Connection, id: string, token: string): Promise<void> {
  await connection.run((sql) => sql('runs').where({ id, lease_token: token }).update(noLease));
}

function leaseEnd(sql: Knex, connection: Connection, leaseMs: number): Knex.Raw {
  return sql.raw(`${connection.clock} + ?`, [leaseMs]);
}
