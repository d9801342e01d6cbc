import type { Knex } from 'knex';
import type {
  Execution,
  ExecutionFilter,
  ExecutionState,
  KayentaStore,
  StoredConfig,
} from '../analysis/kayenta/kayenta-store.ts';
import type { Phase, Run } from '../analysis/run.ts';
import { SerinError } from '../errors.ts';
import type { StoredRow } from './change-rows.ts';
import { writeJson } from './columns.ts';
import type { Connection } from './database.ts';
import { fromConfigRow, fromExecutionRow, toConfigRow, toExecutionRow } from './kayenta-rows.ts';

const configs = 'kayenta_configs';
const names = 'kayenta_config_names';
const executions = 'kayenta_executions';

const phasesOf: Readonly<Record<ExecutionState, readonly Phase[]>> = {
  running: ['waiting', 'running'],
  succeeded: ['concluded'],
  canceled: ['cancelled'],
};

/** Keeps canary configs and executions in the database, or as one of its transactions sees them. */
export function createKayentaStore(connection: Connection): KayentaStore {
  return {
    listConfigs: () => selectConfigs(connection, (query) => query.orderBy(['name', 'id'])),
    findConfig: async (id) => (await selectConfigs(connection, (query) => query.where({ id })))[0] ?? null,
    insertConfig: (config) => insertConfig(connection, config),
    replaceConfig: (config) => replaceConfig(connection, config),
    removeConfig: async (id) => {
      await connection.run((sql) => sql(configs).where({ id }).del());
    },
    nameTaken: (name, applications, exceptId) => nameTaken(connection, name, applications, exceptId),
    insertExecution: (execution) => insertExecution(connection, execution),
    findExecution: (id) => findExecution(connection, id),
    listExecutions: (filter, limit, offset) => listExecutions(connection, filter, limit, offset),
    settleExecutions: (run) => settleExecutions(connection, run),
  };
}

async function selectConfigs(
  connection: Connection,
  narrow: (query: Knex.QueryBuilder) => Knex.QueryBuilder,
): Promise<readonly StoredConfig[]> {
  const rows: StoredRow[] = await connection.run((sql) => narrow(sql(configs).select('*')));
  return rows.map(fromConfigRow);
}

/** Rejects with `conflict` when a name was taken since it was asked for; the transaction then takes all back. */
async function insertNames(connection: Connection, { id, name, applications }: StoredConfig): Promise<void> {
  const rows = [...new Set(applications)].map((application) => ({ application, name, config_id: id }));
  const inserted = await connection.run((sql) =>
    sql(names).insert(rows).onConflict(['application', 'name']).ignore().returning('config_id'),
  );
  if (inserted.length < rows.length)
    throw new SerinError('conflict', `the name "${name}" was just given to another canary config`);
}

async function insertConfig(connection: Connection, config: StoredConfig): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql(configs).insert(toConfigRow(config)).onConflict('id').ignore().returning('id'),
  );
  if (inserted.length === 0) return false;
  await insertNames(connection, config);
  return true;
}

async function replaceConfig(connection: Connection, config: StoredConfig): Promise<boolean> {
  const { id, ...row } = toConfigRow(config);
  const changed = await connection.run((sql) => sql(configs).where({ id }).update(row));
  if (changed === 0) return false;
  await connection.run((sql) => sql(names).where({ config_id: id }).del());
  await insertNames(connection, config);
  return true;
}

async function nameTaken(
  connection: Connection,
  name: string,
  applications: readonly string[],
  exceptId: string | null,
): Promise<string | null> {
  const [taken]: StoredRow[] = await connection.run((sql) => {
    const query = sql(names)
      .where({ name })
      .whereIn('application', [...applications])
      .orderBy('application');
    return (exceptId === null ? query : query.whereNot({ config_id: exceptId }))
      .limit(1)
      .select('application');
  });
  return taken === undefined ? null : (taken['application'] as string);
}

async function insertExecution(connection: Connection, execution: Execution): Promise<boolean> {
  const inserted = await connection.run((sql) =>
    sql(executions).insert(toExecutionRow(execution)).onConflict('id').ignore().returning('id'),
  );
  return inserted.length === 1;
}

async function findExecution(connection: Connection, id: string): Promise<Execution | null> {
  const [row]: StoredRow[] = await connection.run((sql) => sql(executions).where({ id }).select('*'));
  return row === undefined ? null : fromExecutionRow(row);
}

/** An execution that was told its end stays so, whatever its run does afterwards. */
function whereState(query: Knex.QueryBuilder, states: readonly ExecutionState[]): void {
  const phases = states.flatMap((state) => phasesOf[state]);
  query.where((either) => {
    either.where((open) => open.whereNull('concluded').whereIn('runs.phase', phases));
    if (states.includes('succeeded')) either.orWhereNotNull('concluded');
  });
}

async function listExecutions(
  connection: Connection,
  { application, states, kind }: ExecutionFilter,
  limit: number,
  offset: number,
): Promise<readonly Execution[]> {
  const rows: StoredRow[] = await connection.run((sql) => {
    const query = sql(executions).join('runs', 'runs.id', `${executions}.run_id`);
    if (application !== null) query.where({ application });
    if (kind !== null) query.where({ kind });
    if (states !== null) query.modify(whereState, states);
    return query
      .orderBy([
        { column: `${executions}.created_at`, order: 'desc' },
        { column: `${executions}.id`, order: 'desc' },
      ])
      .limit(limit)
      .offset(offset)
      .select(`${executions}.*`);
  });
  return rows.map(fromExecutionRow);
}

async function settleExecutions(connection: Connection, run: Run): Promise<void> {
  await connection.run((sql) =>
    sql(executions)
      .where({ run_id: run.id })
      .whereNull('concluded')
      .update({ concluded: writeJson(run) }),
  );
}
