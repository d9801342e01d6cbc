import { readFileSync } from 'node:fs';
import { plainMember, totalMember } from './analysis/members.ts';
import { type MetricQuery, queriesOf } from './analysis/metric-queries.ts';
import type { Plan } from './analysis/plan.ts';
import { variablesOf } from './analysis/queries.ts';
import { readQuery } from './analysis/readings.ts';
import { checkAnalysisTemplate } from './cli/argo-check.ts';
import { type Config, fileSources, loadConfig, type ServiceConfig } from './config.ts';
import { formatDuration } from './duration.ts';
import { SerinError } from './errors.ts';
import type { Provider, QueryRequest } from './metrics/provider.ts';
import { createProvider } from './metrics/registry.ts';
import { parseTemplate } from './metrics/template.ts';
import { readSettings } from './settings.ts';

/** One line of the check: a problem makes it fail, an advice does not. */
export type CheckLine = { readonly level: 'problem' | 'advice' | 'ok'; readonly text: string };

type Named = ReadonlyMap<string, Provider>;

const dryRunSteps = 5;
const deadlineMs = 30_000;

/** Scope variables that only a request brings get a value that selects nothing: the backend still checks the query. */
function fillScope(plan: Plan, given: Readonly<Record<string, string>> | undefined): Record<string, string> {
  const used = plan.metrics.flatMap((metric) =>
    queriesOf(metric).flatMap(({ query }) => parseTemplate(query).variables),
  );
  const missing = used
    .filter((name) => name.startsWith('scope.'))
    .map((name) => [name.slice('scope.'.length), 'serin-config-check'] as const);
  return { ...Object.fromEntries(missing), ...given };
}

type Question = Omit<QueryRequest, 'signal'> & {
  readonly where: string;
  readonly provider: Provider | undefined;
  readonly providerName: string;
  readonly memberLabel: MetricQuery['memberLabel'];
};

type Answer = Awaited<ReturnType<typeof readQuery>>;

/** What a query gave: how many steps have a value, and of how many pods or edges. */
function describeAnswer(where: string, label: MetricQuery['memberLabel'], answer: Answer): CheckLine {
  const lead = label === 'le' ? totalMember : plainMember;
  const values = answer.series.find(({ member }) => member === lead)?.series.values ?? [];
  const present = values.filter((value) => value !== null).length;
  const others = answer.series.length - 1;
  const members = {
    pod: ` of ${others} pod${others === 1 ? '' : 's'}`,
    le: ` of ${others} edges and the total`,
  };
  const remarks = answer.warnings.map((warning) => `; ${warning}`).join('');
  const text = `${where}: ${present} of the last ${dryRunSteps} steps have a value${label === null ? '' : members[label]}${remarks}`;
  if (label === 'pod' && others === 1)
    return {
      level: 'advice',
      text: `${text}; with per: pod more than one series is needed to learn how pods differ, so group the query by pod, as avg by (pod) (…) does, if there are several`,
    };
  return { level: 'ok', text };
}

async function ask({ where, provider, providerName, memberLabel, ...request }: Question): Promise<CheckLine> {
  if (provider === undefined)
    return { level: 'problem', text: `${where}: no provider "${providerName}" is configured` };
  try {
    const signal = AbortSignal.timeout(deadlineMs);
    return describeAnswer(where, memberLabel, await readQuery(provider, { ...request, signal }, memberLabel));
  } catch (error) {
    return {
      level: 'problem',
      text: `${where}: ${error instanceof SerinError ? error.message : String(error)}`,
    };
  }
}

/** Every query of a template for each of its arms in a service, over the last few steps. */
function questionsOf(
  plan: Plan,
  service: Pick<ServiceConfig, 'name' | 'environment' | 'scopes'>,
  providers: Named,
  now: number,
): Question[] {
  const { step } = plan;
  const to = Math.floor((now - plan.delay) / step) * step;
  const from = to - (dryRunSteps - 1) * step;
  const scopes = {
    canary: fillScope(plan, service.scopes.canary),
    baseline: fillScope(plan, service.scopes.baseline),
  };
  const subject = {
    service: service.name,
    environment: service.environment,
    target: null,
    version: 'config-check',
    ...scopes,
    start: from,
    end: to,
    plan,
  };
  return plan.metrics.flatMap((metric) =>
    queriesOf(metric).flatMap(({ field, query, arms, memberLabel }) =>
      arms.map((arm) => ({
        where: `template ${plan.name}, service ${service.name}, ${metric.name} ${field} (${arm})`,
        provider: providers.get(metric.provider),
        providerName: metric.provider,
        memberLabel,
        ...{ query, variables: variablesOf(subject, arm), arm, from, to, step },
      })),
    ),
  );
}

function judgeStep(plan: Plan, provider: string, interval: number): CheckLine[] {
  const times = plan.step / interval;
  const where = `template ${plan.name}: step ${formatDuration(plan.step)} against the scrape interval ${formatDuration(interval)} of ${provider}`;
  if (times < 2)
    return [
      {
        level: 'problem',
        text: `${where}; at least ${formatDuration(2 * interval)} is needed, or rate() and increase() see no two samples in a step`,
      },
    ];
  if (times < 4)
    return [
      {
        level: 'advice',
        text: `${where}; ${formatDuration(4 * interval)} or more is advised, so that a lost scrape leaves no gap`,
      },
    ];
  return [{ level: 'ok', text: where }];
}

async function compareSteps(config: Config, providers: Named): Promise<CheckLine[]> {
  const intervals = new Map<string, number | null>();
  for (const [name, provider] of providers) {
    intervals.set(name, await provider.scrapeInterval(AbortSignal.timeout(deadlineMs)).catch(() => null));
  }
  return config.templates.flatMap((plan) =>
    [...new Set(plan.metrics.map((metric) => metric.provider))].flatMap((name) => {
      const interval = intervals.get(name) ?? null;
      return interval === null ? [] : judgeStep(plan, name, interval);
    }),
  );
}

/** Checks a configuration that has been read: every query once, every step against the scrape interval. */
export async function checkConfig(config: Config, now: number): Promise<CheckLine[]> {
  const providers: Named = new Map(
    Object.entries(config.providers).map(([name, one]) => [name, createProvider(name, one, {})]),
  );
  try {
    const asked = config.templates.flatMap((plan) => {
      const users = config.services.filter((service) => service.template === plan.name);
      const anybody = { name: 'any', environment: 'production', scopes: {} };
      return (users.length > 0 ? users : [anybody]).flatMap((service) =>
        questionsOf(plan, service, providers, now),
      );
    });
    return [...(await Promise.all(asked.map(ask))), ...(await compareSteps(config, providers))];
  } finally {
    for (const provider of providers.values()) provider.close();
  }
}

export type ConfigCheckOptions = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly config: string | null;
  /** Path of an Argo AnalysisTemplate whose polls are to outlast the plans. */
  readonly argo: string | null;
  readonly say: (line: string) => void;
};

/** `serin config check`: prints each line and resolves with the exit code, 0 when there is no problem, else 2. */
export async function runConfigCheck(options: ConfigCheckOptions): Promise<number> {
  const path = options.config ?? readSettings(options.env).configPath;
  const config = loadConfig(path, fileSources(options.env));
  const lines = await checkConfig(config, Date.now());
  if (options.argo !== null) {
    const problems = checkAnalysisTemplate(readFileSync(options.argo, 'utf8'), config.templates);
    lines.push(
      ...problems.map((text): CheckLine => ({ level: 'problem', text: `${options.argo}: ${text}` })),
    );
    if (problems.length === 0)
      lines.push({
        level: 'ok',
        text: `${options.argo}: its polls outlast the plan and both conditions are set`,
      });
  }
  for (const { level, text } of lines) options.say(`${level.padEnd(8)}${text}`);
  const problems = lines.filter(({ level }) => level === 'problem').length;
  options.say(
    problems === 0
      ? `${path ?? 'the empty configuration'} is fine`
      : `${problems} problem${problems === 1 ? '' : 's'}`,
  );
  return problems === 0 ? 0 : 2;
}
