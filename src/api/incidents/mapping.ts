import type { ChangeLink, IncidentReport } from '../../ledger/incident.ts';
import type { ToldIncident } from './told.ts';

/** Where an incident that names a service belongs. */
export type ServicePlace = { readonly service: string; readonly environment: string };

/** What the configuration says of incidents. */
export type IncidentMapping = {
  /** Labels that may name the service, in the order in which they are looked at. */
  readonly serviceLabels: readonly string[];
  readonly environmentLabels: readonly string[];
  readonly versionLabels: readonly string[];
  readonly commitLabels: readonly string[];
  /** What sources call services that are called otherwise here: `{PABC123: checkout}`. */
  readonly services: Readonly<Record<string, string>>;
  /** By source: the severities that count. A source that is not named has them all. */
  readonly severities: Readonly<Record<string, readonly string[]>>;
};

export type MappingDeps = {
  readonly mapping: IncidentMapping;
  /** The configured service of that name or alias; `null`: none. */
  readonly findPlace: (name: string) => ServicePlace | null;
  readonly now: number;
};

const mostLabels = 100;
const longest = { title: 1000, severity: 100, url: 2000, label: 1000, name: 200 } as const;

function pick(labels: ToldIncident['labels'], names: readonly string[]): readonly string[] {
  return names.flatMap((name) => (Object.hasOwn(labels, name) ? (labels[name] ?? []) : []));
}

/** What may name the service: the labels that are made for it, `namespace/name` of what has both, then the rest. */
export function listKeys(
  { labels, names }: ToldIncident,
  { serviceLabels }: IncidentMapping,
): readonly string[] {
  const own = pick(labels, serviceLabels);
  const { namespace } = labels;
  const placed = namespace === undefined ? [] : own.map((name) => `${namespace}/${name}`);
  const keys = [...placed, ...own, ...names].map((key) => key.trim()).filter((key) => key !== '');
  return [...new Set(keys)].map((key) => key.slice(0, longest.name)).slice(0, 20);
}

/** The service of the first key that is configured, by the mapping or by its name or alias; `null` when none is. */
export function findByKeys(
  keys: readonly string[],
  { mapping, findPlace }: Pick<MappingDeps, 'mapping' | 'findPlace'>,
): ServicePlace | null {
  for (const key of keys) {
    const mapped = Object.hasOwn(mapping.services, key) ? mapping.services[key] : undefined;
    const place = findPlace(mapped ?? key);
    if (place !== null) return place;
  }
  return null;
}

/** Whether its severity counts; one without a severity does, for nobody said that it is harmless. */
export function counts(source: string, { severity }: ToldIncident, { severities }: IncidentMapping): boolean {
  const allowed = Object.hasOwn(severities, source) ? severities[source] : undefined;
  if (allowed === undefined || severity === null) return true;
  return allowed.some((one) => one.toLowerCase() === severity.toLowerCase());
}

function linkOf({ labels, link }: ToldIncident, mapping: IncidentMapping): ChangeLink | null {
  if (link !== null) return link;
  const [version = null] = pick(labels, mapping.versionLabels);
  const [commit = null] = pick(labels, mapping.commitLabels);
  if (version === null && commit === null) return null;
  return { changeId: null, source: null, externalId: null, version, commit, artifact: null };
}

/** Clocks differ, and a source must not lose an incident by it: what lies ahead is now. */
function clamp(time: number | null, now: number): number | null {
  return time === null ? null : Math.min(time, now);
}

/** An end before the beginning is a source's slip: the incident is kept, and is taken to have ended as it began. */
function timesOf(told: ToldIncident, now: number) {
  const openedAt = clamp(told.openedAt, now);
  const resolvedAt = clamp(told.resolvedAt, now);
  return {
    at: clamp(told.at, now) ?? now,
    openedAt,
    acknowledgedAt: clamp(told.acknowledgedAt, now),
    resolvedAt: resolvedAt === null || openedAt === null ? resolvedAt : Math.max(resolvedAt, openedAt),
  };
}

function cut(text: string | null, length: number): string | null {
  return text === null || text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function safeUrl(url: string | null): string | null {
  return url !== null && /^https?:\/\//i.test(url) && url.length <= longest.url ? url : null;
}

function cutLabels(labels: ToldIncident['labels']): Record<string, string> {
  const some = Object.entries(labels).slice(0, mostLabels);
  return Object.fromEntries(some.map(([name, value]) => [name, cut(value, longest.label) ?? '']));
}

/**
 * What a source told, as the ledger takes it: put to a configured service where one of its names is known, without one
 * otherwise. Texts are cut to what the ledger keeps, addresses that are none are left out: a webhook that is refused
 * for its words would be lost.
 */
export function toReport(source: string, told: ToldIncident, deps: MappingDeps): IncidentReport {
  const { mapping, now } = deps;
  const keys = listKeys(told, mapping);
  const place = findByKeys(keys, deps);
  const [environment = place?.environment ?? null] = pick(told.labels, mapping.environmentLabels);
  return {
    source,
    externalId: told.externalId.slice(0, 500),
    status: told.status,
    ...timesOf(told, now),
    ...(told.withoutBeginning ? { withoutBeginning: true } : {}),
    facts: {
      service: place?.service ?? null,
      serviceKeys: keys,
      environment,
      severity: cut(told.severity, longest.severity),
      title: cut(told.title, longest.title),
      url: safeUrl(told.url),
      labels: cutLabels(told.labels),
      link: linkOf(told, mapping),
    },
  };
}
