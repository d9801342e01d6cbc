import { createHash } from 'node:crypto';
import { invalidInput, SerinError } from '../errors.ts';
import { type Catalog, findService, type Service } from './catalog.ts';
import { queriesOf } from './metric-queries.ts';
import { overridePlan, type Plan, parsePlan } from './plan.ts';
import { variablesOf } from './queries.ts';
import type { FindProvider } from './readings.ts';
import type { Scope } from './run.ts';
import type { StartRequest } from './runs.ts';

/** Which run a request means, and a fingerprint of the plan and scopes it asks for. */
export type RequestIdentity = { readonly service: string; readonly key: string; readonly digest: string };

/** A request with everything looked up and checked: nothing can go wrong for its contents any more. */
export type ResolvedRequest = RequestIdentity & {
  readonly plan: Plan;
  readonly canary: Scope;
  readonly baseline: Scope;
  /** The window asked for; `null`: from now on, as long as the plan says. */
  readonly start: number | null;
};

function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

function sorted(scope: Scope | null): readonly (readonly [string, string])[] | null {
  return scope === null ? null : Object.entries(scope).sort(([left], [right]) => (left < right ? -1 : 1));
}

function requirePermission(
  service: Service | null,
  { by }: StartRequest,
  what: 'inlinePlans' | 'callerMayLoosen',
  path: string,
): void {
  if (by.isAdmin || service?.[what] === true) return;
  throw new SerinError(
    'forbidden',
    `${path}: needs the role admin, or ${what}: true on the service in the configuration`,
  );
}

function findTemplate(request: StartRequest, service: Service | null, catalog: Catalog): Plan {
  const name = request.template ?? service?.template ?? null;
  const known = [...catalog.templates.keys()].join(', ') || 'none';
  if (name === null) {
    throw new SerinError(
      'unknown_template',
      `service "${request.service}" has no template: name one in the request (configured: ${known}) or in the configuration of the service`,
    );
  }
  const template = catalog.templates.get(name);
  if (template !== undefined) return template;
  throw new SerinError('unknown_template', `template: found "${name}"; configured are ${known}`, {
    issues: [{ path: 'template', message: `found "${name}"; configured are ${known}` }],
  });
}

function choosePlan(request: StartRequest, service: Service | null, catalog: Catalog): Plan {
  if (request.plan === null || request.plan === undefined) return findTemplate(request, service, catalog);
  if (request.template !== null)
    throw invalidInput([{ path: 'plan', message: 'is given beside template; give one of them' }]);
  if (request.vetted !== true) requirePermission(service, request, 'inlinePlans', 'plan');
  return parsePlan(request.plan, ['plan']);
}

/** The duration asked for: its own field, or the distance of start and end. */
function chooseDuration({ start, end, duration }: StartRequest): number | null {
  if (end === null) return duration;
  if (start === null)
    throw invalidInput([{ path: 'end', message: 'is given without start; give both or neither' }]);
  if (duration !== null)
    throw invalidInput([
      { path: 'duration', message: 'is given beside start and end; leave one of them out' },
    ]);
  if (end <= start)
    throw invalidInput([
      {
        path: 'end',
        message: `found ${new Date(end).toISOString()}; it must be after start, ${new Date(start).toISOString()}`,
      },
    ]);
  return end - start;
}

function applyOverrides(plan: Plan, request: StartRequest, service: Service | null): Plan {
  const duration = chooseDuration(request);
  if (duration !== null && duration < plan.duration)
    requirePermission(service, request, 'callerMayLoosen', request.end === null ? 'duration' : 'end');
  if (request.dryRun) requirePermission(service, request, 'callerMayLoosen', 'dryRun');
  return overridePlan(plan, duration, request.interval);
}

function chooseScopes(request: StartRequest, service: Service | null): { canary: Scope; baseline: Scope } {
  const canary = request.canary ?? service?.scopes.canary ?? {};
  const baseline = request.baseline ?? service?.scopes.baseline ?? {};
  return { canary, baseline };
}

function checkStart({ start }: StartRequest, plan: Plan, now: number): void {
  if (start === null) return;
  const latest = now + plan.maxDuration;
  if (start > latest)
    throw invalidInput([
      {
        path: 'start',
        message: `found ${new Date(start).toISOString()}; it may lie at most ${plan.maxDuration / 1000} s ahead`,
      },
    ]);
}

/** Every query must be answerable for both arms: its provider known and each of its variables given. */
function checkQueries(
  plan: Plan,
  request: StartRequest,
  scopes: { canary: Scope; baseline: Scope },
  findProvider: FindProvider,
): void {
  const subject = { ...request, ...scopes, version: '', start: 0, end: 0, plan };
  const prefix = (request.plan ?? null) === null ? '' : 'plan.';
  plan.metrics.forEach((metric, index) => {
    const provider = findProvider(metric.provider);
    const path = `${prefix}metrics[${index}].provider`;
    if (provider === null)
      throw new SerinError(
        'unknown_provider',
        `${path}: found "${metric.provider}"; no such provider is configured`,
        { issues: [{ path, message: `found "${metric.provider}"; no such provider is configured` }] },
      );
    for (const { field, query, arms } of queriesOf(metric)) {
      for (const arm of arms)
        checkQuery(
          provider,
          query,
          variablesOf(subject, arm),
          `${prefix}metrics[${index}].${field === 'value' ? 'query' : field}`,
          arm,
        );
    }
  });
}

function checkQuery(
  provider: NonNullable<ReturnType<FindProvider>>,
  query: string,
  variables: Readonly<Record<string, string>>,
  path: string,
  arm: string,
): void {
  try {
    provider.checkQuery(query, Object.keys(variables));
  } catch (error) {
    if (!(error instanceof SerinError)) throw error;
    throw invalidInput([{ path, message: `${error.message} (for the ${arm})` }]);
  }
}

function checkArms(canary: Scope, baseline: Scope, plan: Plan): void {
  // A limit asks nothing of the baseline.
  const compared = plan.metrics.filter(({ kind }) => kind !== 'limit');
  if (compared.length === 0 || fingerprint(sorted(canary)) !== fingerprint(sorted(baseline))) return;
  const names = compared.map(({ name }) => name).join(', ');
  throw invalidInput([
    { path: 'canary', message: `selects the same as baseline; they must differ for ${names} to be compared` },
  ]);
}

function deriveKey(request: StartRequest, service: string): string {
  const { change, rollout, template, plan, canary, baseline, start, end, duration, interval, dryRun } =
    request;
  const identity = [
    service,
    change.version,
    change.commit,
    change.artifact,
    rollout,
    template,
    plan,
    sorted(canary),
    sorted(baseline),
    start,
    end,
    duration,
    interval,
    dryRun,
  ];
  return `auto-${fingerprint(identity)}`;
}

/**
 * Who a request is: enough to join a run that is there, whatever has become of its template since. What tells plans
 * and scopes apart is what the request says of them, so that a template changed meanwhile is no conflict.
 */
export function identify(request: StartRequest, catalog: Catalog): RequestIdentity {
  const service = findService(catalog, request.service)?.name ?? request.service;
  const { template, plan, duration, interval, start, end, canary, baseline } = request;
  const window = end === null ? null : [start, end];
  const digest = fingerprint([
    template,
    plan ?? null,
    duration,
    interval,
    sorted(canary),
    sorted(baseline),
    window,
  ]);
  return { service, key: request.key ?? deriveKey(request, service), digest };
}

function requireService(request: StartRequest, service: Service | null, catalog: Catalog): void {
  if (service !== null || request.template !== null || (request.plan ?? null) !== null) return;
  const known = catalog.services.map(({ name }) => name).join(', ') || 'none';
  const message = `found "${request.service}"; configured are ${known}. A service that is not configured needs a template and both scopes in the request`;
  throw new SerinError('unknown_service', `service: ${message}`, { issues: [{ path: 'service', message }] });
}

/**
 * Looks up what a request names and checks all of it before anything is stored or started.
 * Rejects with `unknown_service`, `unknown_template`, `unknown_provider`, `forbidden` or `invalid_input`.
 */
export function resolveRequest(
  request: StartRequest,
  catalog: Catalog,
  findProvider: FindProvider,
  now: number,
): ResolvedRequest {
  const service = findService(catalog, request.service);
  requireService(request, service, catalog);
  const scopes = chooseScopes(request, service);
  const plan = applyOverrides(choosePlan(request, service, catalog), request, service);
  checkArms(scopes.canary, scopes.baseline, plan);
  checkStart(request, plan, now);
  checkQueries(plan, request, scopes, findProvider);
  return { ...identify(request, catalog), plan, ...scopes, start: request.start };
}
