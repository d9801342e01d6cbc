import { formatDuration, parseDuration } from '../../duration.ts';
import { hasCode, type InputIssue, invalidInput } from '../../errors.ts';
import type { KayentaConfig, KayentaMetric, KayentaThresholds } from '../../judge/kayenta/config.ts';
import { weightsOf } from '../../judge/kayenta/score.ts';
import { type Plan, parsePlan } from '../plan.ts';
import { type CanaryConfig, planKeys } from './canary-config.ts';
import { planNames } from './metric-names.ts';
import type { TranslatedQuery } from './queries/query.ts';

/** What a request decides of the plan; times in milliseconds. */
export type PlanTerms = {
  /** The grid that the request asks for. */
  readonly step: number;
  /** How long the window of the request is. */
  readonly window: number;
  readonly thresholds: KayentaThresholds;
  /** What judges configs that name Kayenta's own judge. */
  readonly netflixJudge: 'kayenta' | 'sequential';
  /** The name of the provider that answers queries of a type. */
  readonly providerOf: (type: string, path: string) => string;
};

/** Which of our judges a config asks for. `RemoteJudge-v1.0` is Kayenta's way of asking somebody else, so it is ours. */
export function judgeOf(
  { judgeName }: Pick<CanaryConfig, 'judgeName'>,
  netflixJudge: PlanTerms['netflixJudge'],
): 'kayenta' | 'sequential' {
  return judgeName === 'NetflixACAJudge-v1.0' ? netflixJudge : 'sequential';
}

const usual = { margin: 0.02, acceptable: 0.1 };
/** A pass must exclude that much more than what is nobody's business. */
const beyond = 0.1;

/** The relative worsening that the config allows; `null` where it says nothing of it. */
function allowedWorsening({ direction, effectSize }: KayentaMetric): number | null {
  if (effectSize.measure !== 'meanRatio') return null;
  const [more, less] = [effectSize.allowedIncrease - 1, 1 - effectSize.allowedDecrease];
  const allowed = direction === 'increase' ? more : direction === 'decrease' ? less : Math.min(more, less);
  return allowed > usual.margin ? allowed : null;
}

/** What of a metric carries over to the sequential judge: the worsening allowed, and series told apart by pod. */
export function sequentialTerms(metric: KayentaMetric, groups: readonly string[]): Record<string, unknown> {
  const allowed = allowedWorsening(metric);
  return {
    ...(allowed === null ? {} : { margin: allowed, acceptable: { relative: allowed + beyond } }),
    ...(groups.length === 1 && groups[0] === 'pod' ? { per: 'pod' } : {}),
  };
}

function kayentaTerms(metric: KayentaMetric): Record<string, unknown> {
  const { groups, nanStrategy, mustHaveData, muted, outliers, effectSize } = metric;
  const named = groups.length === 0 ? {} : { groups: [...groups] };
  return { kayenta: { ...named, nanStrategy, mustHaveData, muted, outliers, effectSize } };
}

/** Each metric's share of the score, per cent; at least one, for nothing that is judged weighs nothing. */
export function weightOf(metric: KayentaMetric, judging: KayentaConfig): number {
  const names = [...new Set(judging.metrics.flatMap(({ groups }) => groups))];
  if (names.length === 0) return 1;
  const scored = names.map((name) => ({ name, score: 0, noData: false }));
  const weights = weightsOf(scored, judging.groupWeights);
  const share = metric.groups.reduce((sum, group) => {
    const members = judging.metrics.filter(({ groups }) => groups.includes(group)).length;
    return sum + (weights[names.indexOf(group)] ?? 0) / members;
  }, 0);
  return Math.max(1, share);
}

/** A metric of a config and its place in it. */
export type JudgedMetric = { readonly metric: KayentaMetric; readonly index: number };

/** The metrics that are judged: muted ones have no part in the sequential judge. */
export function judgedMetrics(
  config: CanaryConfig,
  judge: 'kayenta' | 'sequential',
): readonly JudgedMetric[] {
  const all = config.judging.metrics.map((metric, index) => ({ metric, index }));
  return judge === 'kayenta' ? all : all.filter(({ metric }) => !metric.muted);
}

function writeMetric(
  config: CanaryConfig,
  { metric, index }: JudgedMetric,
  name: string,
  judge: 'kayenta' | 'sequential',
  { providerOf }: PlanTerms,
): Record<string, unknown> {
  const { type, query, groups } = config.queries[index] as TranslatedQuery;
  return {
    name,
    kind: 'gauge',
    provider: providerOf(type, `metrics[${index}].query.type`),
    query,
    direction: metric.direction,
    critical: metric.critical,
    weight: weightOf(metric, config.judging),
    ...(judge === 'kayenta' ? kayentaTerms(metric) : sequentialTerms(metric, groups)),
  };
}

function durationOf(value: unknown): number {
  return typeof value === 'string' ? (parseDuration(value) ?? 0) : 0;
}

const fewestSteps = 4;

/** As long as the request's window and the config's own duration, and long enough to be judged at all. */
function chooseDuration({ planSettings }: CanaryConfig, { step, window }: PlanTerms): number {
  const shortest = durationOf(planSettings.warmup) + fewestSteps * step;
  return Math.max(window, durationOf(planSettings.duration), shortest, durationOf(planSettings.interval));
}

/** Paths of the plan as paths of the config. */
function inConfig({ path, message }: InputIssue, judged: readonly JudgedMetric[]): InputIssue {
  const metric = /^metrics\[(\d+)\](.*)$/.exec(path);
  if (metric !== null)
    return { path: `metrics[${judged[Number(metric[1])]?.index ?? metric[1]}]${metric[2]}`, message };
  const key = path.split(/[.[]/, 1)[0] ?? '';
  return (planKeys as readonly string[]).includes(key)
    ? { path: `judge.judgeConfigurations.${path}`, message }
    : { path, message };
}

/**
 * The plan that a canary config amounts to under a request, as a plan is written: `parsePlan` reads it. Under Kayenta's
 * rule with everything the config says of it; under the sequential judge `direction`, `critical`, the weights of groups
 * and the allowed effect are what carries over.
 *
 * @throws `invalid_input` with paths of the config
 */
export function planOfConfig(
  config: CanaryConfig,
  terms: PlanTerms,
): { readonly written: Record<string, unknown>; readonly plan: Plan } {
  const judge = judgeOf(config, terms.netflixJudge);
  const judged = judgedMetrics(config, judge);
  if (judged.length === 0)
    throw invalidInput([{ path: 'metrics', message: 'are all muted; at least one must be judged' }]);
  const names = planNames(judged.map(({ metric }) => metric.name));
  const { duration: _, ...settings } = config.planSettings;
  const step = formatDuration(terms.step);
  const written = {
    interval: step,
    ...settings,
    step,
    duration: formatDuration(chooseDuration(config, terms)),
    judge,
    ...(judge === 'kayenta'
      ? {
          kayenta: {
            thresholds: { ...terms.thresholds },
            groupWeights: Object.fromEntries(config.judging.groupWeights),
          },
        }
      : {}),
    metrics: judged.map((one, at) => writeMetric(config, one, names[at] ?? '', judge, terms)),
  };
  try {
    return { written, plan: parsePlan(written) };
  } catch (error) {
    if (!hasCode(error, 'invalid_input')) throw error;
    throw invalidInput(error.issues.map((issue) => inConfig(issue, judged)));
  }
}
