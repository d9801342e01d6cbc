import type { KayentaThresholds } from '../../judge/kayenta/config.ts';
import type { JudgeName } from '../../judge/kayenta/parse-config.ts';
import type { Run } from '../run.ts';
import type { NamedAccounts } from './settings.ts';

/** A canary config that was stored. Times in milliseconds. */
export type StoredConfig = {
  readonly id: string;
  readonly name: string;
  readonly applications: readonly string[];
  readonly createdAt: number;
  readonly updatedAt: number;
  /** As it came, without its id and timestamps. */
  readonly body: Readonly<Record<string, unknown>>;
};

/** One metric as its config calls it, and as the run's plan does. */
export type CanaryMetric = {
  readonly name: string;
  readonly planName: string;
  readonly groups: readonly string[];
};

/** What a caller asked to have judged, and the run that judges it. Several may share a run. */
export type Execution = {
  readonly id: string;
  readonly kind: 'canary' | 'standalone';
  readonly runId: string;
  readonly application: string;
  readonly createdAt: number;
  /** Begin and end of the window asked for; it is complete when the run concluded over all of it. */
  readonly start: number;
  readonly end: number;
  readonly thresholds: KayentaThresholds;
  /** `null` for a config that came with the request. */
  readonly configId: string | null;
  readonly configName: string;
  readonly judgeName: JudgeName;
  /** Empty for a template: its metrics go by their own names. */
  readonly metrics: readonly CanaryMetric[];
  readonly accounts: NamedAccounts;
  readonly parentPipelineExecutionId: string | null;
  /** The request as it came. */
  readonly request: unknown;
  /** The run as it stood when this execution was complete and the run went on for another; else `null`. */
  readonly concluded: Run | null;
};

export const executionStates = ['running', 'succeeded', 'canceled'] as const;
/** Kayenta's words for how far an execution is. */
export type ExecutionState = (typeof executionStates)[number];

export type ExecutionFilter = {
  readonly application: string | null;
  /** `null`: all. */
  readonly states: readonly ExecutionState[] | null;
  /** `null`: both. */
  readonly kind: Execution['kind'] | null;
};

/** Canary configs and executions. Rejects with `store_unavailable` when the database is away. */
export interface KayentaStore {
  /** By name. */
  listConfigs(): Promise<readonly StoredConfig[]>;
  findConfig(id: string): Promise<StoredConfig | null>;
  /** `false` when the id is taken. Its names must be free: see `nameTaken`. */
  insertConfig(config: StoredConfig): Promise<boolean>;
  /** `false` when there is none of that id. */
  replaceConfig(config: StoredConfig): Promise<boolean>;
  /** Harmless when there is none. */
  removeConfig(id: string): Promise<void>;
  /** The first of `applications` in which another config than `exceptId` has that name; `null` when none. */
  nameTaken(name: string, applications: readonly string[], exceptId: string | null): Promise<string | null>;
  /** `false` when the id is known already. */
  insertExecution(execution: Execution): Promise<boolean>;
  findExecution(id: string): Promise<Execution | null>;
  /** Newest first. */
  listExecutions(filter: ExecutionFilter, limit: number, offset: number): Promise<readonly Execution[]>;
  /** Keeps how `run` stands for those of its executions that were complete with it, before it goes on. */
  settleExecutions(run: Run): Promise<void>;
}
