import type { Execution, StoredConfig } from '../analysis/kayenta/kayenta-store.ts';
import type { Run } from '../analysis/run.ts';
import type { StoredRow } from './change-rows.ts';
import {
  readInteger,
  readJson,
  readJsonOrNull,
  writeInstant,
  writeJson,
  writeJsonOrNull,
} from './columns.ts';

/** A canary config as it is written. */
export function toConfigRow(config: StoredConfig) {
  return {
    id: config.id,
    name: config.name,
    applications: writeJson(config.applications),
    created_at: writeInstant(config.createdAt, 'kayenta_configs.created_at'),
    updated_at: writeInstant(config.updatedAt, 'kayenta_configs.updated_at'),
    body: writeJson(config.body),
  };
}

export function fromConfigRow(row: StoredRow): StoredConfig {
  return {
    id: row['id'] as string,
    name: row['name'] as string,
    applications: readJson<string[]>(row['applications'], 'kayenta_configs.applications'),
    createdAt: readInteger(row['created_at'], 'kayenta_configs.created_at'),
    updatedAt: readInteger(row['updated_at'], 'kayenta_configs.updated_at'),
    body: readJson<Record<string, unknown>>(row['body'], 'kayenta_configs.body'),
  };
}

/** An execution as it is written. What is queried is a column; the rest is in `body`. */
export function toExecutionRow(execution: Execution) {
  const { id, kind, runId, application, createdAt, end, concluded, ...body } = execution;
  return {
    id,
    kind,
    run_id: runId,
    application,
    created_at: writeInstant(createdAt, 'kayenta_executions.created_at'),
    window_end: writeInstant(end, 'kayenta_executions.window_end'),
    body: writeJson(body),
    concluded: writeJsonOrNull(concluded),
  };
}

type Body = Omit<Execution, 'id' | 'kind' | 'runId' | 'application' | 'createdAt' | 'end' | 'concluded'>;

export function fromExecutionRow(row: StoredRow): Execution {
  return {
    ...readJson<Body>(row['body'], 'kayenta_executions.body'),
    id: row['id'] as string,
    kind: row['kind'] as Execution['kind'],
    runId: row['run_id'] as string,
    application: row['application'] as string,
    createdAt: readInteger(row['created_at'], 'kayenta_executions.created_at'),
    end: readInteger(row['window_end'], 'kayenta_executions.window_end'),
    concluded: readJsonOrNull<Run>(row['concluded'], 'kayenta_executions.concluded'),
  };
}
