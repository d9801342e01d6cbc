/**
 * What Argo Rollouts' kayenta provider makes of replies: a model of metricproviders/kayenta/kayenta.go. Held against what
 * the real one did in test/conformance/argo-kayenta.conformance.ts.
 */
export type KayentaPhase = 'Successful' | 'Failed' | 'Inconclusive' | 'Running' | 'Error';
export type KayentaReply = { readonly status: number; readonly text: string };
export type KayentaThreshold = { readonly pass: number; readonly marginal: number };

type ArgoScope = {
  readonly scope: string;
  readonly region: string;
  readonly step: number;
  readonly start?: string;
  readonly end?: string;
};

/** `provider.kayenta` of a metric. */
export type KayentaMetric = {
  readonly application: string;
  readonly canaryConfigName: string;
  readonly metricsAccountName: string;
  readonly configurationAccountName: string;
  readonly storageAccountName: string;
  readonly threshold: KayentaThreshold;
  readonly scopes: readonly {
    readonly name: string;
    readonly controlScope: ArgoScope;
    readonly experimentScope: ArgoScope;
  }[];
};

export type Measurement = {
  readonly phase: KayentaPhase;
  /** The integer that Argo stores; empty when there is none. */
  readonly value: string;
  readonly executionId: string;
};

const failed: Measurement = { phase: 'Error', value: '', executionId: '' };

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Go's decoder: a member that is there must be of its type; null leaves it as it is. */
function isEntry(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null) return entry === null;
  const { id, name, updatedTimestamp: at, updatedTimestampIso: iso, applications } = entry as never;
  const isText = (value: unknown): boolean =>
    value === undefined || value === null || typeof value === 'string';
  const list: unknown = applications ?? [];
  return (
    [id, name, iso].every(isText) &&
    ((at ?? 0) as unknown as number) === Math.trunc((at ?? 0) as unknown as number) &&
    typeof (at ?? 0) === 'number' &&
    Array.isArray(list) &&
    list.every(isText)
  );
}

/** The id of the config of that name; `null` is an Error. */
export function findConfig(reply: KayentaReply, name: string): string | null {
  const list = reply.status === 200 ? parse(reply.text) : undefined;
  if (!Array.isArray(list) || !list.every(isEntry)) return null;
  const found = list.find((entry: { name?: string } | null) => entry?.name === name) as
    | { id?: string }
    | undefined;
  return found === undefined ? null : (found.id ?? '');
}

/** Go prints what it finds: a missing member as `<nil>`, a large number with an exponent. */
function printed(value: unknown): string {
  return value === undefined || value === null ? '<nil>' : String(value);
}

/** The measurement after the POST. */
export function assessStart(reply: KayentaReply): Measurement {
  const body = reply.status === 200 ? parse(reply.text) : undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return failed;
  const executionId = printed((body as { canaryExecutionId?: unknown }).canaryExecutionId);
  return executionId === '' ? failed : { phase: 'Running', value: '', executionId };
}

function scoreOf(body: Readonly<Record<string, unknown>>): unknown {
  const path = ['result', 'judgeResult', 'score', 'score'];
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null
        ? (value as Readonly<Record<string, unknown>>)[key]
        : undefined,
    body,
  );
}

/** The measurement after a poll. */
export function assessPoll(reply: KayentaReply, { pass, marginal }: KayentaThreshold): Measurement {
  const body = reply.status === 200 ? parse(reply.text) : undefined;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return failed;
  const { complete } = body as { readonly complete?: unknown };
  if (typeof complete !== 'boolean') return failed;
  if (!complete) return { phase: 'Running', value: '', executionId: '' };
  const found = scoreOf(body as Readonly<Record<string, unknown>>);
  if (typeof found !== 'number') return failed;
  const score = Math.trunc(found);
  const phase = score >= pass ? 'Successful' : score >= marginal ? 'Inconclusive' : 'Failed';
  return { phase, value: String(score), executionId: '' };
}

/** The address of the look-up, as Argo writes it: nothing is escaped, and the storage account stands for another. */
export function lookupPath({ application, storageAccountName }: KayentaMetric): string {
  return `/canaryConfig?application=${application}&configurationAccountName=${storageAccountName}`;
}

/** The address of the start. */
export function startPath(metric: KayentaMetric, configId: string): string {
  const { application, metricsAccountName, configurationAccountName, storageAccountName } = metric;
  return `/canary/${configId}?application=${application}&metricsAccountName=${metricsAccountName}&configurationAccountName=${configurationAccountName}&storageAccountName=${storageAccountName}`;
}

/** What is known of the AnalysisRun when a measurement begins; milliseconds. */
export type MeasuredAt = {
  readonly now: number;
  readonly interval: number;
  readonly startedAt: number;
  readonly lookback: boolean;
};

/** RFC 3339 to the second, as Go's time.RFC3339 prints it. */
function write(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The body of the start: the end is now unless given, the start an interval before or that of the AnalysisRun. */
export function startBody({ scopes, threshold }: KayentaMetric, at: MeasuredAt): string {
  const start = write(at.lookback ? at.startedAt : at.now - at.interval);
  const fill = (scope: ArgoScope) => ({
    scope: scope.scope,
    location: scope.region,
    step: scope.step,
    start: scope.start ?? start,
    end: scope.end ?? write(at.now),
  });
  const pairs = scopes.map(({ name, controlScope, experimentScope }) => [
    name,
    { controlScope: fill(controlScope), experimentScope: fill(experimentScope) },
  ]);
  return JSON.stringify({
    scopes: Object.fromEntries(pairs),
    thresholds: { pass: threshold.pass, marginal: threshold.marginal },
  });
}
