import { formatDuration, parseDuration } from '../duration.ts';
import { hasCode, type InputIssue, invalidInput } from '../errors.ts';
import { isRecord } from './judging-values.ts';
import { type Plan, parsePlan } from './plan.ts';

/** The queries that a metric of each kind cannot do without in a plan. */
const queriesOfKind: ReadonlyMap<unknown, readonly string[]> = new Map([
  ['gauge', ['query']],
  ['ratio', ['events', 'total']],
  ['count', ['events', 'exposure']],
  ['histogram', ['query']],
  ['limit', ['query']],
]);

/** Stands where a plan needs a provider or a query and the samples are at hand; it is never asked nor shown. */
const unasked = 'none';

function completeMetric(metric: unknown): unknown {
  if (!isRecord(metric)) return metric;
  const support = metric['minSupport'] === undefined ? [] : ['support'];
  const needed = ['provider', ...(queriesOfKind.get(metric['kind']) ?? []), ...support];
  return { ...Object.fromEntries(needed.map((name) => [name, unasked])), ...metric };
}

function durationOf(value: unknown): number | null {
  return typeof value === 'string' ? parseDuration(value) : null;
}

/** Whether a duration can be put in place of what the plan says: a wrong one stays, so that it is told. */
function mayReplace(value: unknown): boolean {
  return value === undefined || durationOf(value) !== null;
}

/** A duration that every rule of a plan allows, for a run that is as long as its data. */
function completeDuration(plan: Readonly<Record<string, unknown>>, step: number): Record<string, unknown> {
  const duration = (durationOf(plan['warmup']) ?? 0) + 4 * step;
  const { maxDuration, ...rest } = plan;
  return { ...rest, ...(mayReplace(maxDuration) ? {} : { maxDuration }), duration: formatDuration(duration) };
}

/** What is told of a step that the plan did not say is told of the samples' own, once. */
function blameStep(issues: readonly InputIssue[], ours: readonly string[]): readonly InputIssue[] {
  const moved = issues.map((issue) =>
    ours.includes(issue.path) ? { ...issue, path: 'stepSeconds' } : issue,
  );
  return moved.filter(
    ({ path }, index) => path !== 'stepSeconds' || moved.findIndex((one) => one.path === path) === index,
  );
}

/** A plan for samples that are at hand. */
export type OfflinePlan = {
  readonly plan: Plan;
  /** Whether the plan says how long the run is; else its `duration` means nothing and the data are all of it. */
  readonly hasDuration: boolean;
};

/**
 * Reads a plan as `parsePlan` does, but for samples at hand: provider, queries and duration may be left out, the step
 * is the samples' own whatever the plan says, and a look falls on every step. Rejects with `invalid_input` under `plan`.
 *
 * @param step milliseconds
 */
export function parseOfflinePlan(value: unknown, step: number): OfflinePlan {
  if (!isRecord(value)) return { plan: parsePlan(value, ['plan']), hasDuration: true };
  const hasDuration = value['duration'] !== undefined;
  const given = hasDuration ? value : completeDuration(value, step);
  const metrics = Array.isArray(given['metrics']) ? given['metrics'].map(completeMetric) : given['metrics'];
  const text = formatDuration(step);
  const complete = {
    ...given,
    metrics,
    ...(mayReplace(given['interval']) ? { interval: text } : {}),
    ...(mayReplace(given['step']) ? { step: text } : {}),
  };
  try {
    return { plan: parsePlan(complete, ['plan']), hasDuration };
  } catch (error) {
    if (!hasCode(error, 'invalid_input')) throw error;
    const ours = ['step', 'interval'].filter((name) => mayReplace(given[name])).map((name) => `plan.${name}`);
    throw invalidInput(blameStep(error.issues, ours));
  }
}
