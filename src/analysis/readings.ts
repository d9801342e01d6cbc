import { SerinError } from '../errors.ts';
import type { Series } from '../judge/types.ts';
import type { Provider, QueryAnswer } from '../metrics/provider.ts';
import { type Plan, type PlanMetric, queriesOf } from './plan.ts';
import { historyPoints, variablesOf } from './queries.ts';
import type { Run } from './run.ts';
import type { KeptSeries, SeriesName } from './run-store.ts';
import { extend, firstPoint, readFrom } from './window.ts';

/** What a look read: all series kept so far, and by metric name why it could not be read this time. */
export type Readings = { readonly kept: readonly KeptSeries[]; readonly errors: ReadonlyMap<string, string> };

/** Finds the providers of a plan by name; `null` when none is configured under it. */
export type FindProvider = (name: string) => Provider | null;

type Task = {
  readonly metric: PlanMetric;
  readonly name: SeriesName;
  readonly query: string;
  readonly from: number;
  readonly to: number;
};

/** The kept series of that name; `null` when there is none yet. */
export function findSeries(kept: readonly KeptSeries[], name: SeriesName): Series | null {
  const found = kept.find(
    (one) => one.metric === name.metric && one.arm === name.arm && one.field === name.field,
  );
  return found?.series ?? null;
}

function windowTasks(run: Run, kept: readonly KeptSeries[], to: number): Task[] {
  const first = firstPoint(run);
  return run.plan.metrics.flatMap((metric) =>
    queriesOf(metric).flatMap(({ field, query }) =>
      (['canary', 'baseline'] as const).map((arm) => {
        const name = { metric: metric.name, arm, field };
        return { metric, name, query, from: readFrom(findSeries(kept, name), first, run.plan.settle), to };
      }),
    ),
  );
}

/** The baseline's past is read once, at the first look, and frozen: a prior that changed would rewrite past evidence. */
function historyTasks(run: Run, kept: readonly KeptSeries[]): Task[] {
  if (run.looks > 0) return [];
  return run.plan.metrics.flatMap((metric) => {
    const name = { metric: metric.name, arm: 'history', field: 'value' } as const;
    if (metric.kind !== 'gauge' || findSeries(kept, name) !== null) return [];
    return [{ metric, name, query: metric.query, ...historyPoints(run) }];
  });
}

async function readOne(
  run: Run,
  task: Task,
  findProvider: FindProvider,
  signal: AbortSignal,
): Promise<QueryAnswer> {
  const provider = findProvider(task.metric.provider);
  if (provider === null)
    throw new SerinError('unknown_provider', `provider "${task.metric.provider}" is no longer configured`);
  const arm = task.name.arm === 'canary' ? 'canary' : 'baseline';
  const { from, to, query } = task;
  return provider.fetch({
    query,
    variables: variablesOf(run, arm),
    arm,
    from,
    to,
    step: run.plan.step,
    signal,
  });
}

function merge(kept: readonly KeptSeries[], task: Task, read: Series, plan: Plan): KeptSeries[] {
  const { metric, arm, field } = task.name;
  const others = kept.filter((one) => !(one.metric === metric && one.arm === arm && one.field === field));
  return [...others, { ...task.name, series: extend(findSeries(kept, task.name), read, plan.settle) }];
}

/**
 * Absent events are none, but events that are no number are not known: their total is blanked, so that the step is
 * missing instead of free of errors.
 */
function blankTotals(
  kept: readonly KeptSeries[],
  { name }: Task,
  points: readonly number[],
): readonly KeptSeries[] {
  if (name.field !== 'events' || points.length === 0) return kept;
  return kept.map((one) => {
    if (one.metric !== name.metric || one.arm !== name.arm || one.field !== 'total') return one;
    const { start, step, values } = one.series;
    return {
      ...one,
      series: {
        start,
        step,
        values: values.map((value, index) => (points.includes(start + index * step) ? null : value)),
      },
    };
  });
}

function explain(task: Task, error: unknown): string {
  const cause = error instanceof SerinError ? error.message : 'an unexpected error';
  return `${task.name.arm} ${task.name.field}: ${cause}`;
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
  const tasks = [...windowTasks(run, kept, to).filter((task) => task.from <= to), ...historyTasks(run, kept)];
  const answers = await Promise.allSettled(tasks.map((task) => readOne(run, task, findProvider, signal)));
  let merged = kept;
  const errors = new Map<string, string>();
  answers.forEach((answer, index) => {
    const task = tasks[index];
    if (task === undefined) return;
    if (answer.status === 'fulfilled') merged = merge(merged, task, answer.value.series, run.plan);
    else if (task.name.arm !== 'history' && !errors.has(task.metric.name))
      errors.set(task.metric.name, explain(task, answer.reason));
  });
  answers.forEach((answer, index) => {
    const task = tasks[index];
    if (task !== undefined && answer.status === 'fulfilled')
      merged = blankTotals(merged, task, answer.value.notNumbers);
  });
  return { kept: merged, errors };
}
