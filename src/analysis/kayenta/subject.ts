import { createHash } from 'node:crypto';
import { invalidInput, SerinError } from '../../errors.ts';
import type { KayentaThresholds } from '../../judge/kayenta/config.ts';
import type { JudgeName } from '../../judge/kayenta/parse-config.ts';
import type { Actor } from '../../ledger/actor.ts';
import { type Catalog, findService } from '../catalog.ts';
import type { Plan } from '../plan.ts';
import type { StartRequest } from '../runs.ts';
import { environmentOf, providerFor } from './accounts.ts';
import { readCanaryConfig } from './canary-config.ts';
import { type CanaryRequest, choosePair, type ScopePair, windowOf } from './canary-request.ts';
import { judgedMetrics, judgeOf, planOfConfig } from './config-plan.ts';
import type { CanaryMetric, StoredConfig } from './kayenta-store.ts';
import { planNames } from './metric-names.ts';
import { scopeVariables } from './scope.ts';
import type { KayentaSettings } from './settings.ts';
import { findTemplate, isTemplateId } from './templates.ts';
import { parseThresholds } from './thresholds.ts';

/** A request with everything looked up: the run it means, and what is kept to answer for it. */
export type Subject = {
  readonly start: StartRequest;
  /** Where the window that was asked for ends, milliseconds. */
  readonly end: number;
  readonly thresholds: KayentaThresholds;
  readonly application: string;
  readonly configId: string | null;
  readonly configName: string;
  readonly judgeName: JudgeName;
  readonly metrics: readonly CanaryMetric[];
};

/** The judging that a request means: by a template, or by a plan made of its canary config. */
type Judging = Pick<Subject, 'configId' | 'configName' | 'judgeName' | 'metrics'> & {
  readonly pair: ScopePair;
  readonly template: string | null;
  readonly plan: Record<string, unknown> | null;
  readonly vetted: boolean;
  /** How long the run must last beyond what the plan says; `null`: as the plan says. */
  readonly duration: number | null;
  /** What of it tells runs apart. */
  readonly identity: unknown;
  readonly applications: readonly string[] | null;
};

export type SubjectDeps = {
  readonly catalog: () => Catalog;
  readonly settings: () => KayentaSettings;
  readonly findConfig: (id: string) => Promise<StoredConfig | null>;
};

const usualStep = 60_000;
const second = 1_000;

function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

function judgeNameOf(judge: Plan['judge']): JudgeName {
  return judge === 'kayenta' ? 'NetflixACAJudge-v1.0' : 'Serin-v1.0';
}

function wholeSeconds(milliseconds: number): number {
  return Math.ceil(milliseconds / second) * second;
}

function byTemplate(id: string, request: CanaryRequest, catalog: Catalog): Judging {
  const template = findTemplate(catalog, id);
  if (template === null) throw new SerinError('not_found', `there is no canary config ${id}`);
  const pair = choosePair(request.scopes, null);
  const { start, end } = windowOf(pair);
  const window = wholeSeconds(end - start);
  return {
    pair,
    configId: id,
    configName: template.name,
    judgeName: judgeNameOf(template.plan.judge),
    metrics: [],
    template: template.name,
    plan: null,
    vetted: false,
    duration: window > template.plan.duration ? window : null,
    identity: ['template', template.name],
    applications: null,
  };
}

function byConfig(
  body: unknown,
  id: string | null,
  request: CanaryRequest,
  thresholds: KayentaThresholds,
  settings: KayentaSettings,
): Judging {
  const config = readCanaryConfig(body, id === null ? 'canaryConfig' : '');
  const pair = choosePair(request.scopes, config.scopeName);
  const { start, end } = windowOf(pair);
  const judge = judgeOf(config, settings.judge);
  const { written } = planOfConfig(config, {
    step: pair.experiment.step ?? usualStep,
    window: wholeSeconds(end - start),
    thresholds,
    netflixJudge: settings.judge,
    providerOf: (type, path) => providerFor(settings, request.accounts, type, path),
  });
  const judged = judgedMetrics(config, judge).map(({ metric }) => metric);
  const names = planNames(judged.map(({ name }) => name));
  return {
    pair,
    configId: id,
    configName: config.name,
    judgeName: config.judgeName,
    metrics: judged.map(({ name, groups }, at) => ({ name, groups, planName: names[at] ?? '' })),
    template: null,
    plan: written,
    vetted: id !== null,
    duration: null,
    // Kayenta's rule judges by the thresholds of the request, so with others it is another judging.
    identity: [id ?? fingerprint(body), judge === 'kayenta' ? thresholds : null],
    applications: config.applications,
  };
}

async function judgingOf(
  deps: SubjectDeps,
  request: CanaryRequest,
  thresholds: KayentaThresholds,
): Promise<Judging> {
  const { config } = request;
  if ('body' in config) return byConfig(config.body, null, request, thresholds, deps.settings());
  if (isTemplateId(config.id)) return byTemplate(config.id, request, deps.catalog());
  const stored = await deps.findConfig(config.id);
  if (stored === null) throw new SerinError('not_found', `there is no canary config ${config.id}`);
  return byConfig(stored.body, stored.id, request, thresholds, deps.settings());
}

function chooseApplication({ application }: CanaryRequest, { applications }: Judging): string {
  const only = applications?.length === 1 ? applications[0] : undefined;
  const chosen = application ?? only;
  if (chosen === undefined)
    throw invalidInput([{ path: 'application', message: 'is missing; it names the service' }]);
  if (applications === null || applications.includes(chosen)) return chosen;
  throw invalidInput([
    {
      path: 'application',
      message: `found ${JSON.stringify(chosen)}; the canary config is for ${applications.join(', ')}`,
    },
  ]);
}

/**
 * What a request means: its config looked up and translated, its scopes as variables, its accounts as environment and
 * provider. The same application, config, scopes and start give the same key, wherever the window ends.
 *
 * @throws `invalid_input`, `not_found`
 */
export async function readSubject(deps: SubjectDeps, request: CanaryRequest, by: Actor): Promise<Subject> {
  const thresholds = parseThresholds(request.thresholds);
  const judging = await judgingOf(deps, request, thresholds);
  const application = chooseApplication(request, judging);
  const service = findService(deps.catalog(), application);
  const { start, end } = windowOf(judging.pair);
  const { control, experiment } = judging.pair;
  const canary = scopeVariables(experiment, service?.scopes.canary ?? null);
  const baseline = scopeVariables(control, service?.scopes.baseline ?? null);
  const sorted = (scope: typeof canary) =>
    Object.entries(scope).sort(([left], [right]) => (left < right ? -1 : 1));
  const environment =
    environmentOf(deps.settings(), request.accounts) ?? service?.environment ?? 'production';
  return {
    start: {
      key: `kayenta/${fingerprint([judging.identity, sorted(canary), sorted(baseline), start])}`,
      service: service?.name ?? application,
      environment,
      target: experiment.location,
      change: {},
      rollout: null,
      template: judging.template,
      plan: judging.plan,
      vetted: judging.vetted,
      canary,
      baseline,
      start,
      end: null,
      duration: judging.duration,
      interval: null,
      dryRun: false,
      polled: true,
      by,
    },
    end,
    thresholds,
    application,
    configId: judging.configId,
    configName: judging.configName,
    judgeName: judging.judgeName,
    metrics: judging.metrics,
  };
}
