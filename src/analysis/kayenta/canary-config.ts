import { hasCode, type InputIssue, invalidInput } from '../../errors.ts';
import type { KayentaConfig } from '../../judge/kayenta/config.ts';
import { type JudgeName, parseKayentaConfig } from '../../judge/kayenta/parse-config.ts';
import { below, type Place, Reader } from '../../judge/kayenta/reader.ts';
import type { Templates, TranslatedQuery } from './queries/query.ts';
import { translateQuery } from './queries/translate.ts';

/** What `judge.judgeConfigurations` may say of the plan; named and written as in a plan. */
export const planKeys = [
  'duration',
  'interval',
  'delay',
  'warmup',
  'alpha',
  'onNoData',
  'onCanarySilent',
] as const;

/** A canary config that was read whole. */
export type CanaryConfig = {
  readonly name: string;
  readonly applications: readonly string[];
  readonly judgeName: JudgeName;
  /** Of the request's scopes the one that all its metrics are about. */
  readonly scopeName: string;
  /** What the judge needs, metrics in the order of the config. */
  readonly judging: KayentaConfig;
  /** One query for each metric. */
  readonly queries: readonly TranslatedQuery[];
  readonly planSettings: Readonly<Partial<Record<(typeof planKeys)[number], unknown>>>;
};

const configName = /^[A-Za-z0-9,_-]{1,100}$/;
const usualScope = 'default';

function readNames(reader: Reader, fields: Readonly<Record<string, unknown>>, at: Place) {
  const namePlace = below(at, fields, 'name');
  const name = reader.text(namePlace);
  if (name !== '' && !configName.test(name))
    reader.refuse(namePlace, `found ${JSON.stringify(name)}; allowed are 1–100 letters, digits and - _ ,`);
  const place = below(at, fields, 'applications');
  const applications = reader.items(place).map((item) => reader.text(item));
  if (applications.length === 0) reader.refuse(place, 'at least one application is needed');
  return { name, applications };
}

function readTemplates(reader: Reader, place: Place): Templates {
  const fields = reader.fields(place, null);
  return Object.fromEntries(Object.keys(fields).map((key) => [key, reader.text(below(place, fields, key))]));
}

/** All metrics must be about one scope: a run compares one canary with one baseline. */
function readScopeName(reader: Reader, metrics: readonly Place[]): string {
  const names = metrics.map((metric) => {
    const value = Object(metric.value) as Readonly<Record<string, unknown>>;
    return { place: below(metric, value, 'scopeName'), value: value['scopeName'] };
  });
  const [first] = names;
  const wanted = typeof first?.value === 'string' ? first.value : usualScope;
  for (const { place, value } of names) {
    if (value === undefined || value === null)
      reader.refuse(place, `is missing; needed is the name of a scope, usually "${usualScope}"`);
    else if (value !== wanted)
      reader.refuse(
        place,
        `found ${JSON.stringify(value)} beside ${JSON.stringify(wanted)}; all metrics of a config must have the same scope`,
      );
  }
  return wanted;
}

function collect<T>(issues: InputIssue[], read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!hasCode(error, 'invalid_input')) throw error;
    issues.push(...error.issues);
    return null;
  }
}

type Rest = Omit<CanaryConfig, 'judging'>;

/** What `parseKayentaConfig` leaves to others: names, scopes, queries and what concerns the plan. */
function readRest(value: unknown, path: string): Rest {
  const reader = new Reader();
  const place: Place = { path, value };
  const fields = reader.fields(place, null);
  const metrics = reader.items(below(place, fields, 'metrics'));
  const templates = readTemplates(reader, below(place, fields, 'templates'));
  const judge = below(place, fields, 'judge');
  const judgeFields = (judge.value ?? {}) as Readonly<Record<string, unknown>>;
  const configurations = below(judge, judgeFields, 'judgeConfigurations');
  return reader.finish({
    ...readNames(reader, fields, place),
    judgeName: (judgeFields['name'] ?? 'NetflixACAJudge-v1.0') as JudgeName,
    scopeName: readScopeName(reader, metrics),
    queries: metrics.map((metric) => {
      const query = below(metric, Object(metric.value) as Readonly<Record<string, unknown>>, 'query');
      return translateQuery(reader, query, templates);
    }),
    planSettings: reader.fields(configurations, planKeys),
  });
}

/**
 * Reads a canary config with all that is in it, queries included. Stricter than Kayenta, which looks at names alone:
 * unknown keys and words, metrics without a scope or of several, queries of stores that are not translated and
 * templates that are not there are errors.
 *
 * @param path where the config stands in a larger input; begins the paths of issues
 * @throws `invalid_input` with every issue by its path
 */
export function readCanaryConfig(value: unknown, path = ''): CanaryConfig {
  const issues: InputIssue[] = [];
  const judging = collect(issues, () => parseKayentaConfig(value, path));
  const rest = collect(issues, () => readRest(value, path));
  if (judging === null || rest === null) throw invalidInput(withoutRepeats(issues));
  return { ...rest, judging };
}

/** Both readers look at the same objects, so that one may say what the other said. */
function withoutRepeats(issues: readonly InputIssue[]): readonly InputIssue[] {
  return issues.filter(
    ({ path, message }, index) =>
      issues.findIndex((one) => one.path === path && one.message === message) === index,
  );
}
