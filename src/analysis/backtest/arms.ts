import { type InputIssue, invalidInput, SerinError } from '../../errors.ts';
import type { Provider } from '../../metrics/provider.ts';
import { parseTemplate } from '../../metrics/template.ts';
import { queriesOf } from '../metric-queries.ts';
import type { PlanMetric } from '../plan.ts';
import { variablesOf } from '../queries.ts';
import type { FindProvider } from '../readings.ts';
import type { Run } from '../run.ts';
import type { KeptSeries } from '../run-store.ts';
import { type NamedPlan, type PastWindow, pastRun } from './past-window.ts';

function writeScope(scope: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(scope).map(([name, value]) => `${name}=${value}`);
  return pairs.length === 0 ? 'everything' : pairs.sort().join(' ');
}

/** A limit looks at the canary alone. */
function isCompared({ kind }: PlanMetric): boolean {
  return kind !== 'limit';
}

/** Whether two arms are the same population read at the same time, so that there is nothing to compare. */
export function areSameArms({ subject: { canary, baseline }, offset }: Omit<PastWindow, 'start'>): boolean {
  return offset === 0 && writeScope(canary) === writeScope(baseline);
}

/** Refuses arms that are one and the same, unless no metric compares them. */
export function refuseSameArms(window: PastWindow, plans: readonly NamedPlan[]): void {
  const compared = plans.some(({ plan }) => plan.metrics.some(isCompared));
  if (!compared || !areSameArms(window)) return;
  throw invalidInput([
    {
      path: '',
      message:
        `both arms select ${writeScope(window.subject.canary)}, so there is nothing to compare; ` +
        'give two populations that ran side by side as --canary and --baseline, such as two zones, ' +
        'or --offset 24h to hold one population against itself a day earlier',
    },
  ]);
}

/** What the provider has against a query of one arm; `null` when nothing. */
function objectTo(provider: Provider, query: string, run: Run, arm: 'canary' | 'baseline'): string | null {
  try {
    provider.checkQuery(query, Object.keys(variablesOf(run, arm)));
    return null;
  } catch (error) {
    if (error instanceof SerinError) return `${error.message} (for the ${arm})`;
    throw error;
  }
}

/** One issue at most for each query: what is wrong for one arm mostly is for the other. */
function checkMetric(findProvider: FindProvider, run: Run, metric: PlanMetric, at: string): InputIssue[] {
  const provider = findProvider(metric.provider);
  if (provider === null)
    return [
      { path: `${at}.provider`, message: `found "${metric.provider}"; no such provider is configured` },
    ];
  return queriesOf(metric).flatMap(({ field, query, arms }) => {
    const path = `${at}.${field === 'value' ? 'query' : field}`;
    const objections = arms.map((arm) => objectTo(provider, query, run, arm));
    const message = objections.find((objection) => objection !== null) ?? null;
    return message === null ? [] : [{ path, message }];
  });
}

/** Rejects, before anything is read, plans whose providers or variables are not known for this window. */
export function checkQueries(
  window: PastWindow,
  plans: readonly NamedPlan[],
  findProvider: FindProvider,
): void {
  const issues = plans.flatMap(({ label, plan }) => {
    const run = pastRun(window, plan);
    return plan.metrics.flatMap((metric) =>
      checkMetric(findProvider, run, metric, `${label}: ${metric.name}`),
    );
  });
  if (issues.length > 0) throw invalidInput(issues);
}

/** The scope variables that a metric's queries use. */
function usedVariables(metric: PlanMetric): string[] {
  return queriesOf(metric).flatMap(({ query }) => parseTemplate(query).variables);
}

function asksTheSame(run: Run, metric: PlanMetric): boolean {
  const canary = variablesOf(run, 'canary');
  const baseline = variablesOf(run, 'baseline');
  return usedVariables(metric).every((name) => canary[name] === baseline[name]);
}

function seriesOf(kept: readonly KeptSeries[], metric: string, arm: KeptSeries['arm']): string {
  const own = kept.filter((one) => one.metric === metric && one.arm === arm);
  return JSON.stringify(own.map(({ arm: _, ...rest }) => rest));
}

/**
 * Refuses a plan with a metric whose queries ask the same for both arms and got the same: comparing a population with
 * itself never fails, and would be counted as a harmless window that was judged well.
 */
export function refuseSameSeries(
  window: PastWindow,
  run: Run,
  kept: readonly KeptSeries[],
  label: string,
): void {
  if (window.offset !== 0) return;
  for (const metric of run.plan.metrics) {
    if (!isCompared(metric) || !asksTheSame(run, metric)) continue;
    const canary = seriesOf(kept, metric.name, 'canary');
    const hasData = kept.some(
      ({ metric: name, series }) => name === metric.name && series.values.some((value) => value !== null),
    );
    if (!hasData || canary !== seriesOf(kept, metric.name, 'baseline')) continue;
    const { canary: one, baseline: other } = window.subject;
    throw invalidInput([
      {
        path: `${label}: ${metric.name}`,
        message:
          `its queries use no variable in which the arms differ (canary ${writeScope(one)}, baseline ` +
          `${writeScope(other)}), and both arms have the same values; name such a variable in them as {{scope.<name>}}`,
      },
    ]);
  }
}
