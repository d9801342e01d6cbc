import type { Actor } from '../ledger/actor.ts';
import type { ChangeFacts } from '../ledger/change.ts';
import type { Callback, OverrideRequest, Rollout, Run, Scope } from './run.ts';
import type { KeptSeries, KeySpace, Page, RunFilter } from './run-store.ts';

/** What a caller asks to have judged; every caller's own body is translated to this. Times in milliseconds. */
export type StartRequest = {
  /** `null`: derived from the other fields. */
  readonly key: string | null;
  readonly service: string;
  readonly environment: string;
  readonly target: string | null;
  readonly change: Partial<ChangeFacts>;
  readonly rollout: Rollout | null;
  /** Whose rollout it is, as the ledger knows its source; `argo-rollouts` when left out. */
  readonly source?: string | undefined;
  /** Name of a configured template; `null`: the service's. */
  readonly template: string | null;
  /** A plan in place, as it came; parsed and refused here. */
  readonly plan: unknown;
  /** True for a plan that an admin stored: it needs no permission of this caller. */
  readonly vetted?: boolean;
  readonly canary: Scope | null;
  readonly baseline: Scope | null;
  readonly start: number | null;
  readonly end: number | null;
  readonly duration: number | null;
  readonly interval: number | null;
  readonly dryRun: boolean;
  /** True for callers that poll until the verdict; such a run expires when no longer asked for. */
  readonly polled: boolean;
  /** Who is told when the run is over, by the outbox; told at once when it is over already. None by default. */
  readonly callbacks?: readonly Callback[] | undefined;
  /** Who asks: an admin may loosen, and nobody may start what is outside its scope. */
  readonly by: Actor;
};

/** What happened to a run, as told to those who watch it. */
export type RunEvent = { readonly type: 'look' | 'concluded'; readonly run: Run };

/** The use cases around analysis runs. All reject with a SerinError. */
export type Runs = {
  /** Starts a run or joins the one with the same key; a concluded key replays its verdict. */
  start(request: StartRequest): Promise<Run>;
  /** Notes that the run was asked for. `not_found` when there is none. */
  get(id: string): Promise<Run>;
  /** The run, without noting that it was asked for. `not_found` when there is none. */
  find(id: string): Promise<Run>;
  /** The newest run under a key, the service by its name or an alias; `null` when there is none. */
  findByKey(keySpace: KeySpace): Promise<Run | null>;
  list(filter: RunFilter, limit: number, cursor: string | null): Promise<Page<Run>>;
  /** The verdict becomes inconclusive; harmless when the run is over already. */
  cancel(id: string, by: Actor): Promise<Run>;
  /**
   * Puts a person's verdict in the place of the judge's. `forbidden` to the caller who asked for the run, `conflict`
   * for a dry run.
   */
  override(id: string, asked: OverrideRequest, by: Actor): Promise<Run>;
  /** The series that were judged. */
  series(id: string): Promise<readonly KeptSeries[]>;
  /** Resolves with the run as soon as it is over, after `waitMs`, or when `signal` aborts; whichever is first. */
  waitFor(id: string, waitMs: number, signal: AbortSignal): Promise<Run>;
  /** Yields looks and the conclusion, then ends; ends early when `signal` aborts. A run that is over yields once. */
  watch(id: string, signal: AbortSignal): AsyncIterable<RunEvent>;
};
