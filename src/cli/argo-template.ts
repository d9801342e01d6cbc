import { parseDuration } from '../duration-text.ts';

type Mapping = Readonly<Record<string, unknown>>;

/** One metric of an AnalysisTemplate that polls Serin, arguments with a value filled in. */
export type ArgoMetric = {
  /** Names it in a message: `checkout-canary, metric verdict`. */
  readonly at: string;
  readonly spec: Mapping;
  readonly web: Mapping;
  /** The `jsonBody`; `null` when there is none. */
  readonly body: Mapping | null;
  readonly query: URLSearchParams;
  /** Arguments that are used and not declared, each once. */
  readonly unresolved: readonly string[];
};

const hook = '/v1/hooks/argo-rollouts/analysis';

/** True for an object with names, as YAML's mappings come. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function mappingIn(value: Mapping, name: string): Mapping {
  const member = value[name];
  return isMapping(member) ? member : {};
}

function listIn(value: Mapping, name: string): readonly Mapping[] {
  const member = value[name];
  return Array.isArray(member) ? member.filter(isMapping) : [];
}

/** Milliseconds of a Go duration such as `1m30s`, `90s` or `2h`; `null` when it is none or needs an argument. */
export function durationOf(value: unknown): number | null {
  if (typeof value !== 'string') return null;
  const parts = value.trim().match(/\d+(\.\d+)?(ms|s|m|h|d)/g);
  if (parts === null || parts.join('') !== value.trim()) return null;
  return parts.reduce<number | null>((sum, part) => {
    const milliseconds = parseDuration(part);
    return sum === null || milliseconds === null ? null : sum + milliseconds;
  }, 0);
}

/** A number, also as a string, for Argo's `count` and limits may be either; `null` when it is none. */
export function numberOf(holder: Mapping, name: string): number | null {
  const value = holder[name];
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : null;
}

const argument = /\{\{\s*args\.([\w-]+)\s*\}\}/g;

/** Fills in the arguments that have a value; the others come with the rollout and stay as they are. */
function fill(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string')
    return value.replace(argument, (whole, name: string) => values.get(name) ?? whole);
  if (Array.isArray(value)) return value.map((item) => fill(item, values));
  if (!isMapping(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]));
}

function usedArguments(metric: Mapping): string[] {
  return [...new Set([...JSON.stringify(metric).matchAll(argument)].map(([, name = '']) => name))];
}

/** The metrics of a template whose address ends in the hook for polls. */
export function readArgoMetrics(template: Mapping): ArgoMetric[] {
  const spec = mappingIn(template, 'spec');
  const declared = listIn(spec, 'args');
  const names = declared.map(({ name }) => name);
  const values = new Map(
    declared.flatMap(({ name, value }) =>
      value === undefined ? [] : [[String(name), String(value)] as const],
    ),
  );
  const templateName = String(mappingIn(template, 'metadata')['name'] ?? 'template without a name');
  return listIn(spec, 'metrics').flatMap((written) => {
    const metric = fill(written, values) as Mapping;
    const web = mappingIn(mappingIn(metric, 'provider'), 'web');
    const [address = '', query = ''] = String(web['url'] ?? '').split('?');
    if (!address.endsWith(hook)) return [];
    return [
      {
        at: `${templateName}, metric ${String(metric['name'])}`,
        spec: metric,
        web,
        body: isMapping(web['jsonBody']) ? web['jsonBody'] : null,
        query: new URLSearchParams(query),
        unresolved: usedArguments(written).filter((name) => !names.includes(name)),
      },
    ];
  });
}
