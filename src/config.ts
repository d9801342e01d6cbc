import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { globSync } from 'tinyglobby';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type Plan, planSchema } from './analysis/plan.ts';
import { readCron } from './analysis/scheduler.ts';
import { authSchema } from './auth/config.ts';
import { durationSchema } from './duration.ts';
import { type InputIssue, invalidInput, SerinError } from './errors.ts';
import { gatePolicySchema, refuseGatesTwice } from './gate-config.ts';
import { incidentsSchema } from './incident-config.ts';
import { bucketLengths, isTimeZone } from './ledger/calendar.ts';
import { counts } from './ledger/rates.ts';
import { groupings } from './ledger/report.ts';
import { versionMeanings } from './ledger/version-meaning.ts';
import { callbacksSchema } from './notify/callback-config.ts';
import { githubSchema } from './notify/config.ts';
import { booleanLike, parseWith, strict } from './parse.ts';

const name = z.string().min(1).max(200);
const scope = z.record(name, z.coerce.string());

const service = strict({
  name,
  team: name.optional(),
  tier: z.coerce.string().optional(),
  repository: name.optional(),
  aliases: z.array(name).default([]),
  environment: name.default('production'),
  template: name.optional(),
  scopes: strict({ canary: scope.optional(), baseline: scope.optional() }).default({}),
  inlinePlans: booleanLike.default(false),
  callerMayLoosen: booleanLike.default(false),
  /** What sources mean by a version: a name all share, the commit, or something of their own. */
  versionFrom: z.enum(versionMeanings).default('tag'),
  gates: z.array(gatePolicySchema).default([]).superRefine(refuseGatesTwice),
  /** How long after a change an incident may be put to it by nearness alone. */
  attributionWindow: durationSchema.optional(),
});

const tz = name.refine(isTimeZone, { error: 'is no IANA time zone such as Europe/Berlin' });

const cron = name.transform((text, context) => {
  const read = readCron(text);
  if (!('wrong' in read)) return read;
  context.addIssue({ code: 'custom', message: `found "${text}"; ${read.wrong}` });
  return z.NEVER;
});

const schedule = strict({
  name,
  cron,
  tz: tz.default('UTC'),
  /** The last whole one before it is due. */
  covers: z.enum(bucketLengths).default('month'),
  service: name.optional(),
  team: name.optional(),
  environment: name.optional(),
  tier: z.coerce.string().optional(),
  bucket: z.enum(bucketLengths).optional(),
  groupBy: z.enum(groupings).optional(),
  count: z.enum(counts).optional(),
  includeRollbacks: booleanLike.optional(),
});

const template = planSchema.refine((plan) => plan.name !== null, {
  path: ['name'],
  message: 'is missing; a template needs a name',
});

const file = strict({
  include: z.array(name).default([]),
  /** Checked by the provider's own schema when it is made; here only that each has a type. */
  providers: z
    .record(name, z.looseObject({ type: z.string({ error: 'is missing; name the type of the provider' }) }))
    .default({}),
  templates: z.array(template).default([]),
  services: z.array(service).default([]),
  environments: z.array(strict({ name, production: booleanLike })).default([]),
  analysis: strict({
    rejoinAfter: durationSchema.default(600_000),
    outageGrace: durationSchema.default(900_000),
  }).prefault({}),
  outbox: strict({
    keepDelivered: durationSchema.default(604_800_000),
  }).prefault({}),
  callbacks: callbacksSchema.prefault({}),
  auth: authSchema.prefault({}),
  github: githubSchema.optional(),
  incidents: incidentsSchema.prefault({}),
  kayenta: strict({
    /** What accounts that clients of Kayenta name stand for. */
    accounts: z
      .record(
        name,
        strict({ environment: name.optional(), provider: name.optional(), type: name.optional() }),
      )
      .default({}),
    /** What judges canary configs that name Kayenta's own judge. */
    judge: z.enum(['kayenta', 'sequential']).default('kayenta'),
  }).prefault({}),
  ledger: strict({
    observationWindow: durationSchema.default(86_400_000),
    abandonAfter: durationSchema.default(604_800_000),
    attributionWindow: durationSchema.default(86_400_000),
    /** By tier, where services of one are watched for longer or shorter. */
    attributionWindows: z.record(name, durationSchema).default({}),
    /** How long after a change one that takes it back means that it failed; 0s: never. */
    rollbackWindow: durationSchema.default(86_400_000),
  }).prefault({}),
  reports: strict({
    minimumChanges: z.coerce.number().int().min(1).default(20),
    schedules: z.array(schedule).default([]),
  }).prefault({}),
});

/** What the configuration file and its includes say; durations in milliseconds. */
export type Config = Omit<z.output<typeof file>, 'include'>;
export type ServiceConfig = z.output<typeof service>;

/** Where values in a file may come from. Injected, so that tests need no environment. */
export type Sources = {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
};

const reference = /\$\{(file:)?([^}]*)\}/g;

function fillString(text: string, path: string, sources: Sources, issues: InputIssue[]): string {
  return text.replace(reference, (whole, isFile: string | undefined, what: string) => {
    if (isFile !== undefined) {
      try {
        return sources.readFile(what).replace(/\r?\n$/, '');
      } catch {
        issues.push({ path, message: `the file ${what} cannot be read` });
        return whole;
      }
    }
    const value = sources.env[what];
    if (value === undefined) issues.push({ path, message: `the environment variable ${what} is not set` });
    return value ?? whole;
  });
}

/** Fills `${NAME}` and `${file:/path}` in every string value, keeping what an unset one leads to in `issues`. */
function fill(value: unknown, path: string, sources: Sources, issues: InputIssue[]): unknown {
  if (typeof value === 'string') return fillString(value, path, sources, issues);
  if (Array.isArray(value))
    return value.map((item, index) => fill(item, `${path}[${index}]`, sources, issues));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      fill(item, path === '' ? key : `${path}.${key}`, sources, issues),
    ]),
  );
}

function parseYaml(text: string, origin: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const first = document.errors[0];
  if (first !== undefined)
    throw invalidInput([
      { path: origin, message: `is no valid YAML: ${first.message.split('\n')[0] ?? ''}` },
    ]);
  return document.toJS() ?? {};
}

/** Reads the text of one configuration file. `include` is not followed. Rejects with `invalid_input`, every issue with its path. */
export function parseConfig(
  text: string,
  sources: Sources,
  origin = 'configuration',
): Config & { readonly include: readonly string[] } {
  const issues: InputIssue[] = [];
  const filled = fill(parseYaml(text, origin), '', sources, issues);
  if (issues.length > 0) throw invalidInput(issues);
  return parseWith(file, filled);
}

function refuseTwice(what: string, names: readonly string[]): void {
  const twice = names.find((one, index) => names.indexOf(one) !== index);
  if (twice !== undefined)
    throw invalidInput([{ path: what, message: `found "${twice}" twice; names must differ` }]);
}

function join(parts: readonly Config[]): Config {
  const [first] = parts;
  if (first === undefined) throw invalidInput([{ path: '', message: 'no configuration' }]);
  refuseTwice(
    'providers',
    parts.flatMap((part) => Object.keys(part.providers)),
  );
  return {
    ...first,
    providers: Object.assign({}, ...parts.map((part) => part.providers)) as Config['providers'],
    templates: parts.flatMap((part) => part.templates),
    services: parts.flatMap((part) => part.services),
    environments: parts.flatMap((part) => part.environments),
  };
}

/** Names that point nowhere, and names given twice, are errors before anything runs. */
function checkReferences(config: Config): void {
  refuseTwice(
    'templates',
    config.templates.map((plan) => plan.name ?? ''),
  );
  refuseTwice(
    'services',
    config.services.flatMap((one) => [one.name, ...one.aliases]),
  );
  refuseTwice(
    'environments',
    config.environments.map((one) => one.name),
  );
  refuseTwice(
    'reports.schedules',
    config.reports.schedules.map((one) => one.name),
  );
  const templates = config.templates.map((plan) => plan.name);
  const issues: InputIssue[] = config.services.flatMap((one, index) =>
    one.template === undefined || templates.includes(one.template)
      ? []
      : [
          {
            path: `services[${index}].template`,
            message: `found "${one.template}"; configured are ${templates.join(', ') || 'none'}`,
          },
        ],
  );
  config.templates.forEach((plan, index) => {
    plan.metrics.forEach(({ provider }, at) => {
      if (config.providers[provider] === undefined) {
        issues.push({
          path: `templates[${index}].metrics[${at}].provider`,
          message: `found "${provider}"; configured are ${Object.keys(config.providers).join(', ') || 'none'}`,
        });
      }
    });
  });
  for (const [account, { provider }] of Object.entries(config.kayenta.accounts)) {
    if (provider === undefined || config.providers[provider] !== undefined) continue;
    issues.push({
      path: `kayenta.accounts.${account}.provider`,
      message: `found "${provider}"; configured are ${Object.keys(config.providers).join(', ') || 'none'}`,
    });
  }
  if (issues.length > 0) throw invalidInput(issues);
}

function readPart(path: string, sources: Sources): ReturnType<typeof parseConfig> {
  let text: string;
  try {
    text = sources.readFile(path);
  } catch {
    throw new SerinError('invalid_input', `the configuration file ${path} cannot be read`, {
      issues: [{ path, message: 'cannot be read' }],
    });
  }
  try {
    return parseConfig(text, sources, path);
  } catch (error) {
    if (error instanceof SerinError)
      throw new SerinError(error.code, `${path}: ${error.message}`, { issues: error.issues });
    throw error;
  }
}

/** Reads a configuration file and its includes (globs, relative to the file); `null`: the configuration of an empty file. */
export function loadConfig(path: string | null, sources: Sources): Config {
  const main = path === null ? parseConfig('', sources) : readPart(path, sources);
  const included =
    path === null || main.include.length === 0
      ? []
      : globSync([...main.include], { cwd: dirname(resolve(path)), absolute: true }).sort();
  const config = join([main, ...included.map((one) => readPart(one, sources))]);
  checkReferences(config);
  return config;
}

/** Reads files from the disk. */
export function fileSources(env: Sources['env']): Sources {
  return { env, readFile: (path) => readFileSync(path, 'utf8') };
}

/** The templates of a configuration by name. */
export function templatesOf(config: Config): ReadonlyMap<string, Plan> {
  return new Map(config.templates.map((plan) => [plan.name ?? '', plan]));
}
