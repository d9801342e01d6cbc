import { randomUUID } from 'node:crypto';
import { hasCode, type InputIssue, invalidInput, SerinError } from '../../errors.ts';
import { type Actor, requireScope } from '../../ledger/actor.ts';
import { entryOf } from '../../ledger/audit-store.ts';
import { type Catalog, findService } from '../catalog.ts';
import type { UnitOfWork } from '../run-store.ts';
import { readCanaryConfig } from './canary-config.ts';
import { planOfConfig } from './config-plan.ts';
import type { KayentaStore, StoredConfig } from './kayenta-store.ts';
import type { KayentaSettings } from './settings.ts';
import { applicationsOf, isTemplateId, templateId } from './templates.ts';

/** A canary config as it is listed. */
export type ConfigEntry = Pick<StoredConfig, 'id' | 'name' | 'applications' | 'updatedAt'>;

/** The use cases around canary configs. All reject with a SerinError. */
export type CanaryConfigs = {
  /** Templates first, then stored ones; only those of any of `applications`, if any are given. */
  list(applications: readonly string[], by: Actor): Promise<readonly ConfigEntry[]>;
  /** `not_found` when there is none; that of a template has no body but its name. */
  get(id: string, by: Actor): Promise<StoredConfig>;
  /** Gives the id. `invalid_input` when it is wrong, `conflict` when id or name are taken. */
  create(body: Readonly<Record<string, unknown>>, by: Actor): Promise<string>;
  replace(id: string, body: Readonly<Record<string, unknown>>, by: Actor): Promise<void>;
  remove(id: string, by: Actor): Promise<void>;
};

export type ConfigsDeps = {
  readonly unitOfWork: UnitOfWork;
  readonly catalog: () => Catalog;
  readonly settings: () => KayentaSettings;
  readonly now: () => number;
};

const idPattern = /^[A-Za-z0-9._-]{1,100}$/;
const written = ['id', 'createdTimestamp', 'updatedTimestamp', 'createdTimestampIso', 'updatedTimestampIso'];

function withoutOurs(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !written.includes(key)));
}

/** Reads all of a config, and the plan it comes to under usual terms: what is wrong with it is said when it is stored. */
function check(body: unknown, settings: KayentaSettings): { name: string; applications: readonly string[] } {
  const config = readCanaryConfig(body);
  planOfConfig(config, {
    step: 60_000,
    window: 0,
    thresholds: { pass: 95, marginal: 75 },
    netflixJudge: settings.judge,
    // Which provider answers is up to the accounts of a request.
    providerOf: (type) => type,
  });
  return config;
}

function checkId(id: unknown): string {
  if (id === undefined) return randomUUID();
  if (typeof id === 'string' && idPattern.test(id) && !isTemplateId(id)) return id;
  throw invalidInput([
    {
      path: 'id',
      message: `found ${JSON.stringify(id)}; allowed are 1–100 letters, digits and . _ -, not starting with template-`,
    },
  ]);
}

async function requireFreeName(
  store: KayentaStore,
  catalog: Catalog,
  config: Pick<StoredConfig, 'id' | 'name' | 'applications'>,
): Promise<void> {
  const say = (message: string): never => {
    const issues: readonly InputIssue[] = [{ path: 'name', message }];
    throw new SerinError('conflict', `name: ${message}`, { issues });
  };
  if (catalog.templates.has(config.name))
    say(`found ${JSON.stringify(config.name)}, which is a configured template`);
  const taken = await store.nameTaken(config.name, config.applications, config.id);
  if (taken !== null)
    say(`found ${JSON.stringify(config.name)}, which another config of application ${taken} has`);
}

function missing(id: string): SerinError {
  return new SerinError('not_found', `there is no canary config ${id}`);
}

function refuseTemplate(id: string): void {
  if (isTemplateId(id))
    throw new SerinError('conflict', `canary config ${id} is a template; change it in the configuration`);
}

/** Lists stored configs; while the database is away, those it had when it last answered. */
function createLister({ unitOfWork }: ConfigsDeps): () => Promise<readonly StoredConfig[]> {
  let last: readonly StoredConfig[] | null = null;
  return async () => {
    try {
      last = await unitOfWork.stores.kayenta.listConfigs();
      return last;
    } catch (error) {
      if (last === null || !hasCode(error, 'store_unavailable')) throw error;
      return last;
    }
  };
}

function templateEntries(deps: ConfigsDeps, asked: readonly string[]): readonly StoredConfig[] {
  const catalog = deps.catalog();
  const { since } = deps.settings();
  return [...catalog.templates].map(([name]) => ({
    id: templateId(name),
    name,
    applications: applicationsOf(catalog, asked),
    createdAt: since,
    updatedAt: since,
    body: { name, description: 'a template of the configuration' },
  }));
}

/** A config is for all of its applications, so all of them must be in the scope of who writes it. */
function requireAll(by: Actor, applications: readonly string[]): void {
  for (const application of applications) requireScope(by, application);
}

/** Whether somebody whose scope is limited may see a config: it is for one of its services. */
function maySee({ services = null }: Actor, { applications }: Pick<StoredConfig, 'applications'>): boolean {
  return services === null || applications.some((application) => services.includes(application));
}

type Kept = Pick<StoredConfig, 'id' | 'body'>;

/** All of a config, for all of it decides what passes. */
function entry(
  by: Actor,
  at: number,
  how: 'create' | 'replace' | 'remove',
  before: Kept | null,
  after: Kept | null,
) {
  const id = (after ?? before)?.id ?? '';
  return entryOf(by, at, {
    action: `canary-config.${how}`,
    subject: { type: 'canary-config', id },
    before: before?.body ?? null,
    after: after?.body ?? null,
  });
}

async function create(
  deps: ConfigsDeps,
  body: Readonly<Record<string, unknown>>,
  by: Actor,
): Promise<string> {
  const { name, applications } = check(body, deps.settings());
  requireAll(by, applications);
  const id = checkId(body['id']);
  const now = deps.now();
  const config = { id, name, applications, createdAt: now, updatedAt: now, body: withoutOurs(body) };
  await deps.unitOfWork.transaction(async ({ kayenta, audit }) => {
    await requireFreeName(kayenta, deps.catalog(), config);
    if (!(await kayenta.insertConfig(config)))
      throw new SerinError('conflict', `there is a canary config ${id} already; PUT replaces it`);
    await audit.append(entry(by, now, 'create', null, config));
  });
  return id;
}

async function replace(
  deps: ConfigsDeps,
  id: string,
  body: Readonly<Record<string, unknown>>,
  by: Actor,
): Promise<void> {
  refuseTemplate(id);
  const { name, applications } = check(body, deps.settings());
  requireAll(by, applications);
  if (body['id'] !== undefined && body['id'] !== id)
    throw invalidInput([
      { path: 'id', message: `found ${JSON.stringify(body['id'])}; the address says ${id}` },
    ]);
  const now = deps.now();
  await deps.unitOfWork.transaction(async ({ kayenta, audit }) => {
    const before = await kayenta.findConfig(id);
    if (before === null) throw missing(id);
    requireAll(by, before.applications);
    const config = { ...before, name, applications, updatedAt: now, body: withoutOurs(body) };
    await requireFreeName(kayenta, deps.catalog(), config);
    await kayenta.replaceConfig(config);
    await audit.append(entry(by, now, 'replace', before, config));
  });
}

async function remove({ unitOfWork, now }: ConfigsDeps, id: string, by: Actor): Promise<void> {
  refuseTemplate(id);
  await unitOfWork.transaction(async ({ kayenta, audit }) => {
    const before = await kayenta.findConfig(id);
    if (before === null) throw missing(id);
    requireAll(by, before.applications);
    await kayenta.removeConfig(id);
    await audit.append(entry(by, now(), 'remove', before, null));
  });
}

/** Joins the use cases around canary configs. */
export function createCanaryConfigs(deps: ConfigsDeps): CanaryConfigs {
  const stored = createLister(deps);
  return {
    list: async (asked, by) => {
      for (const one of asked) requireScope(by, findService(deps.catalog(), one)?.name ?? one);
      const templates = templateEntries(deps, asked);
      // Whoever uses templates alone need not wait for a database that is away.
      const all = await stored().catch((error: unknown) => {
        if (templates.length > 0 && hasCode(error, 'store_unavailable')) return [];
        throw error;
      });
      const wanted = all.filter(
        ({ applications }) => asked.length === 0 || applications.some((one) => asked.includes(one)),
      );
      const visible = wanted.filter((config) => maySee(by, config));
      return [...templates, ...visible];
    },
    get: async (id, by) => {
      const template = templateEntries(deps, []).find((entry) => entry.id === id);
      const found = template ?? (await deps.unitOfWork.stores.kayenta.findConfig(id));
      if (found === null || (template === undefined && !maySee(by, found))) throw missing(id);
      return found;
    },
    create: (body, by) => create(deps, body, by),
    replace: (id, body, by) => replace(deps, id, body, by),
    remove: (id, by) => remove(deps, id, by),
  };
}
