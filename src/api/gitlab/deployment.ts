import { z } from 'zod';
import { type InputIssue, invalidInput } from '../../errors.ts';
import type { ChangeReport } from '../../ledger/changes.ts';
import { numberLike, parseWith } from '../../parse.ts';
import type { HookHouse, HookService } from '../hook-house.ts';

/** Only what is read; GitLab adds members from version to version. */
const deployment = z.looseObject({
  status: z.string().min(1).max(50),
  status_changed_at: z.string().min(1).max(60),
  deployment_id: numberLike,
  deployable_url: z
    .url({ protocol: /^https?$/ })
    .optional()
    .catch(undefined),
  environment: z.string().min(1).max(200),
  environment_tier: z.string().optional(),
  project: z.looseObject({
    id: numberLike,
    path_with_namespace: z.string().min(1).max(500),
    web_url: z.string().max(2000).optional(),
  }),
  short_sha: z.string().max(64).optional(),
  commit_url: z.string().max(2000).optional(),
  user: z.looseObject({ username: z.string().max(200).optional() }).optional(),
});

type Deployment = z.output<typeof deployment>;

/**
 * A time as GitLab writes it in this webhook, `2021-04-28 21:50:00 +0200`, in others `… UTC`, or RFC 3339; whole
 * milliseconds. What is none is added to `issues` and gives 0.
 */
export function parseGitlabTime(text: string, path: string, issues: InputIssue[]): number {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})? ?(UTC|Z|[+-]\d\d:?\d\d)$/.exec(text);
  const [, date = '', time = '', fraction = '', zone = ''] = match ?? [];
  const offset = /^(UTC|Z)$/.test(zone) ? 'Z' : zone.replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2');
  const milliseconds = Date.parse(`${date}T${time}${fraction}${offset}`);
  // The engine rolls the 31st of a short month over into the next one.
  const day = new Date(`${date}T00:00:00Z`);
  const isReal = Number.isFinite(milliseconds) && day.toISOString().startsWith(date);
  if (match !== null && isReal) return milliseconds;
  issues.push({ path, message: `found "${text}"; allowed are times such as 2021-04-28 21:50:00 +0200` });
  return 0;
}

/** `group/project` of a path, an address or a clone address. */
function normalise(repository: string): string {
  return repository
    .replace(/^(?:https?:\/\/[^/]+\/|git@[^:]+:)/, '')
    .replace(/(\.git)?\/*$/, '')
    .toLowerCase();
}

type Place = { readonly service: string; readonly environment: string };

/** Environments of a project with several services are called after them: `production/checkout`. */
function divide(candidates: readonly HookService[], environment: string): Place | null {
  const parts = environment.split('/');
  const found = candidates.find(({ name, aliases }) => [name, ...aliases].some((one) => parts.includes(one)));
  if (found === undefined) return null;
  const rest = parts.filter((part) => part !== found.name && !found.aliases.includes(part));
  return { service: found.name, environment: rest.join('/') || environment };
}

/**
 * The service that a project deploys: the one with its path as `repository`, else the one called like its path or the
 * last part of it. `null` when there is none, or several and the environment names none of them.
 */
function findPlace({ project, environment }: Deployment, { services }: HookHouse): Place | null {
  const path = project.path_with_namespace;
  const own = services.filter(
    ({ repository }) => repository !== null && normalise(repository) === path.toLowerCase(),
  );
  if (own.length > 1) return divide(own, environment);
  const names = [path, path.split('/').at(-1) ?? path];
  const service =
    own[0] ?? services.find((one) => [one.name, ...one.aliases].some((name) => names.includes(name)));
  return service === undefined ? null : { service: service.name, environment };
}

/**
 * GitLab knows of an environment whether it is production, whatever it is called. A declared one keeps its name; any
 * other of that tier is the production that reports count, and its name becomes the target.
 */
function placeTier(
  { environment_tier: tier }: Deployment,
  environment: string,
  { environments }: HookHouse,
): Pick<ChangeReport, 'environment' | 'targets'> {
  const keeps = environments.includes(environment) || ['production', 'prod'].includes(environment);
  if (tier !== 'production' || keeps) return { environment, targets: [] };
  return { environment: 'production', targets: [environment] };
}

type Progress = Pick<ChangeReport, 'finishedAt' | 'outcome' | 'failureClass'> & {
  readonly startedAt?: number;
};

/** What a status tells; `null` for words that say nothing of a deployment under way. */
function progressOf(status: string, at: number): Progress | null {
  switch (status) {
    case 'created':
    case 'blocked':
    case 'approved':
      return {};
    case 'running':
      return { startedAt: at };
    case 'success':
      return { finishedAt: at, outcome: 'succeeded' };
    case 'failed':
      return { finishedAt: at, outcome: 'failed', failureClass: 'failed_to_deploy' };
    case 'canceled':
    case 'rejected':
      return { finishedAt: at, outcome: 'abandoned' };
    default:
      return null;
  }
}

/** The whole commit stands only at the end of its address. */
function commitOf({ commit_url: url = '', short_sha: short }: Deployment): string | undefined {
  return /\/([0-9a-f]{40}|[0-9a-f]{64})$/i.exec(url)?.[1] ?? short;
}

function hostOf({ project }: Deployment): string {
  return URL.canParse(project.web_url ?? '') ? new URL(project.web_url ?? '').host : 'gitlab';
}

function factsOf(told: Deployment, startedAt: number | undefined): ChangeReport['facts'] {
  const commit = commitOf(told);
  const actor = told.user?.username;
  return {
    ...(commit === undefined ? {} : { commit }),
    ...(actor === undefined ? {} : { actor }),
    ...(told.deployable_url === undefined ? {} : { url: told.deployable_url }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}

/**
 * The body of a deployment webhook as a report of the change; `null` when it concerns no service of ours, or tells
 * nothing of the deployment. Rejects with `invalid_input`.
 */
export function readDeployment(body: unknown, house: HookHouse): ChangeReport | null {
  const told = parseWith(deployment, body);
  const issues: InputIssue[] = [];
  const at = parseGitlabTime(told.status_changed_at, 'status_changed_at', issues);
  if (issues.length > 0) throw invalidInput(issues);
  const place = findPlace(told, house);
  const progress = progressOf(told.status, at);
  if (place === null || progress === null) return null;
  const { startedAt, ...ended } = progress;
  return {
    source: 'gitlab',
    externalId: `${hostOf(told)}/${told.project.id}/${told.deployment_id}`,
    service: place.service,
    ...placeTier(told, place.environment, house),
    facts: factsOf(told, startedAt),
    ...ended,
  };
}
