import type { Scope } from '../run.ts';

/** One side of a comparison as Kayenta's clients name it. Times in milliseconds. */
export type CanaryScope = {
  /** Free text: `app=guestbook and rollouts-pod-template-hash=6d4cf`, a server group, anything. */
  readonly scope: string;
  /** Region or zone; `null` when not said. */
  readonly location: string | null;
  readonly start: number;
  readonly end: number;
  /** `null` when not said. */
  readonly step: number | null;
  readonly extendedScopeParams: Readonly<Record<string, string>>;
};

const separator = /\s+and\s+|\s*,\s*/i;
/** `name=value`, or `name:value` where the value is no address (`http://…`). */
const pair = /^([A-Za-z_][\w./-]*)\s*(?:=|:(?!\/))\s*(.+)$/;
/** Argo's label is what its templates select by; queries call it as Prometheus does after relabelling. */
const argoHash = 'rollouts-pod-template-hash';

function unquote(text: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(text);
  return quoted?.[2] ?? text;
}

/** The pairs of `a=b and c=d`; none unless all of the text is made of pairs. */
function readPairs(text: string): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const part of text.trim().split(separator)) {
    const [, name, value] = pair.exec(part) ?? [];
    if (name === undefined || value === undefined) return {};
    pairs[name] = unquote(value.trim());
  }
  return pairs;
}

/** Names as PromQL could spell them: `app.kubernetes.io/name` also as `app_kubernetes_io_name`. */
function aliasesOf(pairs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const spelled = Object.entries(pairs).map(([name, value]) => [name.replace(/[./-]/g, '_'), value] as const);
  const hash = pairs[argoHash];
  return { ...(hash === undefined ? {} : { pod_template_hash: hash }), ...Object.fromEntries(spelled) };
}

/**
 * The variables of one arm: `scope` is the text itself, `location` and `region` where it is; `name=value` and
 * `name:value`, joined by `and` or commas, become variables of their own, with `_` for what PromQL has not in names, and
 * `rollouts-pod-template-hash` also as `pod_template_hash`. Extended parameters win over them. A text of another form
 * is `scope` alone.
 *
 * @param configured what the configuration says of the service's arm; everything else wins over it
 */
export function scopeVariables(
  { scope, location, extendedScopeParams }: CanaryScope,
  configured: Scope | null,
): Scope {
  const pairs = readPairs(scope);
  return {
    ...configured,
    ...aliasesOf(pairs),
    ...pairs,
    ...(location === null ? {} : { region: location, location }),
    ...extendedScopeParams,
    scope,
  };
}
