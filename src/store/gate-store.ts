import type { PendingGate, PendingGateStore } from '../gate/pending-gate.ts';
import {
  readInteger,
  readIntegerOrNull,
  readJson,
  writeInstant,
  writeInstantOrNull,
  writeJson,
} from './columns.ts';
import type { Connection } from './database.ts';

const table = 'pending_gates';

/** What is queried is a column; all of it is in `body`, from which alone it is read back. */
function toRow(gate: PendingGate) {
  return {
    id: gate.id,
    key: gate.key,
    group_key: gate.group,
    state: gate.state,
    revision: gate.revision,
    next_at: writeInstantOrNull(gate.nextAt, 'pending_gates.next_at'),
    created_at: writeInstant(gate.createdAt, 'pending_gates.created_at'),
    closed_at: writeInstantOrNull(gate.closedAt, 'pending_gates.closed_at'),
    body: writeJson(gate),
  };
}

async function insert(connection: Connection, gate: PendingGate): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql(table).insert(toRow(gate)).onConflict('key').ignore().returning('id'),
  );
  return inserted.length === 1;
}

function fromBodies(bodies: readonly unknown[]): readonly PendingGate[] {
  return bodies.map((body) => readJson<PendingGate>(body, 'pending_gates.body'));
}

async function findDue(connection: Connection, now: number, limit: number): Promise<readonly PendingGate[]> {
  const bodies = await connection.run((sql) =>
    sql(table)
      .where({ state: 'open' })
      .where('next_at', '<=', now)
      .orderBy(['next_at', 'id'])
      .limit(limit)
      .pluck<unknown[]>('body'),
  );
  return fromBodies(bodies);
}

async function findOpenOf(connection: Connection, group: string): Promise<readonly PendingGate[]> {
  const bodies = await connection.run((sql) =>
    sql(table).where({ group_key: group, state: 'open' }).pluck<unknown[]>('body'),
  );
  return fromBodies(bodies);
}

async function save(connection: Connection, gate: PendingGate): Promise<boolean> {
  const changed = await connection.run((sql) =>
    sql(table)
      .where({ id: gate.id, revision: gate.revision - 1 })
      .update(toRow(gate)),
  );
  return changed === 1;
}

function forgetClosed(connection: Connection, before: number): Promise<number> {
  return connection.run((sql) => sql(table).where('closed_at', '<', before).del());
}

async function census(connection: Connection): ReturnType<PendingGateStore['census']> {
  const [row] = await connection.run((sql) =>
    sql(table).where({ state: 'open' }).count({ open: '*' }).min({ oldest: 'created_at' }),
  );
  return {
    open: readInteger(row?.['open'], table),
    oldest: readIntegerOrNull(row?.['oldest'] ?? null, 'pending_gates.created_at'),
  };
}

/** Keeps gates in the database, or as one of its transactions sees them. */
export function createGateStore(connection: Connection): PendingGateStore {
  return {
    insert: (gate) => insert(connection, gate),
    findDue: (now, limit) => findDue(connection, now, limit),
    findOpenOf: (group) => findOpenOf(connection, group),
    save: (gate) => save(connection, gate),
    forgetClosed: (before) => forgetClosed(connection, before),
    census: () => census(connection),
  };
}
