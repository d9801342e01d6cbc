import { SerinError } from '../errors.ts';
import type { Provider } from '../metrics/provider.ts';
import { blankTotals, findGroup, mergeGroup, writeGroup } from './kept-series.ts';
import { type NamedSeries, nameEdges, namePods, type Points, plainMember } from './members.ts';
import { type MetricQuery, queriesOf } from './metric-queries.ts';
import { noiseFrom, type PlanMetric } from './plan.ts';
import { historyPoints, variablesOf } from './queries.ts';
import type { Run } from './run.ts';
import type { KeptSeries, SeriesGroup } from './run-store.ts';
import { firstPoint, readFrom } from './window.ts';

/** What a look read: all series kept so far, and by metric name why it could not be read this time. */
export type Readings = { readonly kept: readonly KeptSeries[]; readonly errors: ReadonlyMap<string, string> };

/** Finds the providers of a plan by name; `null` when none is configured under it. */
export type FindProvider = (name: string) => Provider | null;

type Task = {
  readonly metric: PlanMetric;
  readonly name: SeriesGroup;
  readonly query: MetricQuery;
  readonly points: Points;
};

type Answer = {
  readonly series: readonly NamedSeries[];
  /** Grid points at which a plain query gave no number. */
  readonly notNumbers: readonly number[];
  readonly warnings: readonly string[];
};

function windowTasks(run: Run, kept: readonly KeptSeries[], to: number): Task[] {
  const { step, settle } = run.plan;
  const first = firstPoint(run);
  return run.plan.metrics.flatMap((metric) =>
    queriesOf(metric).flatMap((query) =>
      query.arms.map((arm) => {
        const name = { metric: metric.name, arm, field: query.field };
        const group = findGroup(kept, name).map(({ series }) => readFrom(series, first, settle));
        const from = group.length === 0 ? first : Math.min(...group);
        return { metric, name, query, points: { from, to, step } };
      }),
    ),
  );
}

/** The baseline's past is read once, at the first look, and frozen: a prior that changed would rewrite past evidence. */
function historyTasks(run: Run, kept: readonly KeptSeries[]): Task[] {
  if (run.looks > 0 || !noiseFrom(run.plan).history) return [];
  return run.plan.metrics.flatMap((metric) => {
    const name = { metric: metric.name, arm: 'history', field: 'value' } as const;
    const query = queriesOf(metric).find(({ field }) => field === 'value');
    if (metric.kind !== 'gauge' || query === undefined || findGroup(kept, name).length > 0) return [];
    return [{ metric, name, query, points: { ...historyPoints(run), step: run.plan.step } }];
  });
}

/** The answer of a provider to one query, its series named as they are kept. */
export async function readQuery(
  provider: Provider,
  request: Parameters<Provider['fetch']>[0],
  label: MetricQuery['memberLabel'],
): Promise<Answer> {
  if (label === null) {
    const { series, ...others } = await provider.fetch(request);
    return { series: [{ member: plainMember, series }], ...others };
  }
  const { members, warnings } = await provider.fetchMembers(request);
  const name = label === 'le' ? nameEdges : namePods;
  return { series: name(members, request), notNumbers: [], warnings };
}

async function readTask(
  run: Run,
  task: Task,
  findProvider: FindProvider,
  signal: AbortSignal,
): Promise<Answer> {
  const provider = findProvider(task.metric.provider);
  if (provider === null)
    throw new SerinError('unknown_provider', `provider "${task.metric.provider}" is no longer configured`);
  const arm = task.name.arm === 'canary' ? 'canary' : 'baseline';
  const { query, memberLabel } = task.query;
  const request = { query, variables: variablesOf(run, arm), arm, ...task.points, signal } as const;
  return readQuery(provider, request, memberLabel);
}

function explain(task: Task, error: unknown): string {
  const cause = error instanceof SerinError ? error.message : 'an unexpected error';
  return `${task.name.arm} ${task.name.field}: ${cause}`;
}

/** A task with what came of it: its answer put to what was kept before, or why there is none. */
type Outcome = { readonly task: Task } & (
  | { readonly group: readonly KeptSeries[]; readonly notNumbers: readonly number[] }
  | { readonly error: unknown }
);

async function perform(
  run: Run,
  kept: readonly KeptSeries[],
  task: Task,
  findProvider: FindProvider,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const { series, notNumbers } = await readTask(run, task, findProvider, signal);
    return { task, group: mergeGroup(run, findGroup(kept, task.name), task, series), notNumbers };
  } catch (error) {
    return { task, error };
  }
}

/**
 * Reads, all at once, what the run's queries have to say through the grid point `to`: both arms of every metric from
 * the oldest point not frozen, and at the first look the baseline's past. A metric that fails is named in `errors` and
 * keeps what was read before; a missing past is no error. Never rejects for a provider's failure.
 */
export async function read(
  run: Run,
  kept: readonly KeptSeries[],
  to: number,
  findProvider: FindProvider,
  signal: AbortSignal,
): Promise<Readings> {
  const due = windowTasks(run, kept, to).filter(({ points }) => points.from <= to);
  const tasks = [...due, ...historyTasks(run, kept)];
  const outcomes = await Promise.all(tasks.map((task) => perform(run, kept, task, findProvider, signal)));
  const errors = new Map<string, string>();
  const answered = outcomes.flatMap((outcome) => ('group' in outcome ? [outcome] : []));
  for (const outcome of outcomes) {
    const { metric, name } = outcome.task;
    if ('error' in outcome && name.arm !== 'history' && !errors.has(metric.name))
      errors.set(metric.name, explain(outcome.task, outcome.error));
  }
  const replaced = new Set(answered.map(({ task }) => writeGroup(task.name)));
  const untouched = kept.filter((one) => !replaced.has(writeGroup(one)));
  const merged = [...untouched, ...answered.flatMap(({ group }) => group)];
  return {
    kept: answered.reduce((all, { task, notNumbers }) => blankTotals(all, task.name, notNumbers), merged),
    errors,
  };
}
