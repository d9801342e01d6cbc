import { parseAllDocuments } from 'yaml';
import { formatDuration } from '../duration-text.ts';
import { type ArgoMetric, durationOf, isMapping, numberOf, readArgoMetrics } from './argo-template.ts';

/** The times of a plan that polls have to outlast; milliseconds. */
export type PlanTimes = {
  readonly name: string | null;
  readonly maxDuration: number;
  readonly delay: number;
};

/** How often Argo polls again after an error, whatever `interval` says. */
const errorRetry = 10_000;
/** An outage this long must not abort a rollout. */
const outage = 300_000;
const defaultTimeout = 10_000;
const spare = 5;

function checkRequest(metric: ArgoMetric): string[] {
  const problems: string[] = [];
  const method = metric.web['method'] ?? 'GET';
  if (method !== 'POST') problems.push(`provider.web.method: found ${String(method)}; it must be POST`);
  const { body } = metric;
  if (body === null) problems.push('provider.web.jsonBody: is missing; it says what to judge');
  for (const name of ['service', 'environment', 'canary', 'baseline']) {
    if (body !== null && body[name] === undefined) problems.push(`provider.web.jsonBody.${name}: is missing`);
  }
  if (metric.query.get('onBadInput') !== 'inconclusive') {
    problems.push(
      'provider.web.url: add ?onBadInput=inconclusive; otherwise a slip in the body is an error whose reason Argo never shows, and five of them abort the rollout',
    );
  }
  return problems;
}

const squeeze = (text: unknown): string => String(text).replace(/\s+/g, '').replaceAll("'", '"');

/**
 * Both conditions must be set, for with one alone Argo takes every other answer for its opposite. The first may be
 * narrowed with `&&`, the second widened with `||`, nothing else.
 */
function checkConditions(metric: ArgoMetric): string[] {
  const problems: string[] = [];
  const path = squeeze(metric.web['jsonPath'] ?? '{$}');
  const subject = path === '{$}' ? 'result.verdict' : path === '{$.verdict}' ? 'result' : null;
  if (subject === null) return [`provider.web.jsonPath: found ${path}; leave it out, or say {$.verdict}`];
  const success = metric.spec['successCondition'];
  const failure = metric.spec['failureCondition'];
  const passes = `${subject}=="pass"`;
  const fails = `${subject}=="fail"`;
  if (success === undefined) problems.push(`successCondition: is missing; say ${subject} == "pass"`);
  else if (squeeze(success).includes('||') || !squeeze(success).split('&&').includes(passes)) {
    problems.push(
      `successCondition: found ${String(success)}; it must be ${subject} == "pass", so that nothing else passes`,
    );
  }
  if (failure === undefined) problems.push(`failureCondition: is missing; say ${subject} == "fail"`);
  else if (squeeze(failure).includes('&&') || !squeeze(failure).split('||').includes(fails)) {
    problems.push(
      `failureCondition: found ${String(failure)}; it must be ${subject} == "fail", so that every fail aborts`,
    );
  }
  return problems;
}

function checkTimes(metric: ArgoMetric, interval: number | null): string[] {
  if (interval === null) return ['interval: is missing; polls need one, such as 30s'];
  const timeout = (numberOf(metric.web, 'timeoutSeconds') ?? defaultTimeout / 1000) * 1000;
  const duration = metric.body?.['duration'];
  const wait = durationOf(metric.body?.['wait']) ?? 0;
  const problems: string[] = [];
  if (typeof duration === 'string' && duration.includes('{{')) {
    problems.push(
      'provider.web.jsonBody.duration: comes with the rollout, so that no poll can be shown to outlast it; give the argument a value',
    );
  }
  if (timeout > interval) {
    problems.push(
      `provider.web.timeoutSeconds: found ${formatDuration(timeout)}; it must not be longer than the interval, ${formatDuration(interval)}`,
    );
  }
  if (wait >= timeout) {
    problems.push(
      `provider.web.jsonBody.wait: found ${formatDuration(wait)}; it must be shorter than timeoutSeconds, ${formatDuration(timeout)}`,
    );
  }
  return problems;
}

/**
 * While Serin answers `running`, and when its verdict is inconclusive, a poll is an Inconclusive measurement. Up to
 * `inconclusiveLimit` of them Argo goes on; when `count` is used up first it takes the metric for Successful, unless
 * `consecutiveSuccessLimit` is set and understood (Argo Rollouts 1.8 and later). With a limit below `count` the last
 * poll ends Inconclusive in every version.
 */
function checkLimits(metric: ArgoMetric, count: number | null): string[] {
  const limit = (name: string): number | null => numberOf(metric.spec, name);
  const problems: string[] = [];
  const inconclusive = limit('inconclusiveLimit') ?? 0;
  if (count === null) problems.push('count: is missing; without it the metric never ends');
  else if (inconclusive >= count) {
    problems.push(
      `inconclusiveLimit: found ${inconclusive}; it must be at most ${count - 1}, one less than count, or polls without a verdict end as Successful`,
    );
  }
  if (limit('consecutiveSuccessLimit') !== 1)
    problems.push('consecutiveSuccessLimit: it must be 1, so that the first pass ends the metric');
  if ((limit('failureLimit') ?? 0) !== 0)
    problems.push('failureLimit: it must be 0, so that the first fail ends the metric');
  const errors = limit('consecutiveErrorLimit') ?? 4;
  if ((errors + 1) * errorRetry < outage) {
    problems.push(
      `consecutiveErrorLimit: found ${errors}; ${outage / errorRetry - 1} or more keeps an outage of ${formatDuration(outage)} from aborting the rollout`,
    );
  }
  return problems;
}

/** `count ≥ (maxDuration + delay) / interval + 5`, for the polls that `count` and `inconclusiveLimit` both allow. */
function checkBudget(
  metric: ArgoMetric,
  interval: number | null,
  count: number | null,
  plan: PlanTimes,
): string[] {
  if (interval === null || count === null) return [];
  const longest = Math.max(plan.maxDuration, durationOf(metric.body?.['duration']) ?? 0);
  const needed = Math.ceil((longest + plan.delay) / interval) + spare;
  const budget = Math.min(count, (numberOf(metric.spec, 'inconclusiveLimit') ?? 0) + 1);
  if (budget >= needed) return [];
  const what =
    budget === count
      ? `count: found ${count}`
      : `inconclusiveLimit: found ${budget - 1}, which ends the metric after ${budget} polls`;
  return [
    `${what}; template ${plan.name ?? 'without a name'} may take ${formatDuration(longest + plan.delay)}, so ${needed} polls of ${formatDuration(interval)} are needed: count ${needed}, inconclusiveLimit ${needed - 1}`,
  ];
}

function checkPlans(
  metric: ArgoMetric,
  interval: number | null,
  count: number | null,
  plans: readonly PlanTimes[],
): string[] {
  if (metric.body?.['plan'] !== undefined) {
    return [
      'provider.web.jsonBody.plan: its times are not compared with the polls; configure it as a template and name that',
    ];
  }
  if (plans.length === 0) return ['no template is configured to compare the polls with'];
  const name = metric.body?.['template'];
  const named = typeof name === 'string' && name !== '' && !name.includes('{{');
  const meant = named ? plans.filter((plan) => plan.name === name) : plans;
  if (named && meant.length === 0) {
    const known = plans.map((plan) => plan.name).join(', ') || 'none';
    return [`provider.web.jsonBody.template: found ${name}; configured are ${known}`];
  }
  return meant.flatMap((plan) => checkBudget(metric, interval, count, plan));
}

function checkMetric(metric: ArgoMetric, plans: readonly PlanTimes[]): string[] {
  const interval = durationOf(metric.spec['interval']);
  const count = numberOf(metric.spec, 'count');
  const problems = [
    ...metric.unresolved.map((name) => `{{args.${name}}}: is not among spec.args`),
    ...checkRequest(metric),
    ...checkConditions(metric),
    ...checkTimes(metric, interval),
    ...checkLimits(metric, count),
    ...checkPlans(metric, interval, count, plans),
  ];
  return problems.map((problem) => `${metric.at}: ${problem}`);
}

/**
 * What is wrong with the AnalysisTemplates in `yamlText` that poll Serin, one sentence each, empty when nothing is:
 * both conditions set, polls that outlast every one of `plans` they may name, limits under which polls without a
 * verdict never end as Successful, and an outage that does not abort. Metrics of other providers are not looked at.
 */
export function checkAnalysisTemplate(yamlText: string, plans: readonly PlanTimes[]): string[] {
  const documents = parseAllDocuments(yamlText);
  const broken = documents.flatMap((document) => ('errors' in document ? document.errors : []))[0];
  if (broken !== undefined) return [`is no valid YAML: ${broken.message.split('\n')[0] ?? ''}`];
  const templates = [...documents]
    .map((document): unknown => document.toJS())
    .filter(isMapping)
    .filter(({ kind }) => kind === 'AnalysisTemplate' || kind === 'ClusterAnalysisTemplate');
  if (templates.length === 0) return ['holds no AnalysisTemplate and no ClusterAnalysisTemplate'];
  const metrics = templates.flatMap(readArgoMetrics);
  if (metrics.length === 0)
    return ['has no metric whose provider.web.url ends in /v1/hooks/argo-rollouts/analysis'];
  return metrics.flatMap((metric) => checkMetric(metric, plans));
}
