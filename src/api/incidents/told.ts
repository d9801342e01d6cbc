import type { ChangeLink, IncidentStatus } from '../../ledger/incident.ts';

/** What a source tells of an incident, before it is known which service that is here. Times in milliseconds. */
export type ToldIncident = {
  readonly externalId: string;
  readonly status: IncidentStatus;
  /** The time of the telling; `null` where the source does not say, then it is that of its arrival. */
  readonly at: number | null;
  readonly openedAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly resolvedAt: number | null;
  /** Whether it hurt at all is told by other tellings alone. */
  readonly withoutBeginning?: true;
  readonly title: string | null;
  readonly severity: string | null;
  readonly url: string | null;
  readonly labels: Readonly<Record<string, string>>;
  /** What may name the service, in the order in which it is looked up, besides the labels. */
  readonly names: readonly string[];
  readonly link: ChangeLink | null;
};

/** Reads a source's own body. Empty: it tells of no incident. Rejects with `invalid_input` what is not of its form. */
export type ReadIncidents = (body: unknown) => readonly ToldIncident[];

/** Nothing is known but the name and that it hurts. */
export function makeTold(externalId: string, told: Partial<ToldIncident>): ToldIncident {
  return {
    externalId,
    status: 'open',
    at: null,
    openedAt: null,
    acknowledgedAt: null,
    resolvedAt: null,
    title: null,
    severity: null,
    url: null,
    labels: {},
    names: [],
    link: null,
    ...told,
  };
}

/** Milliseconds of a time as sources write them; `null` when it is none, or the zero time of Go (`0001-01-01`). */
export function readTime(text: string | undefined): number | null {
  if (text === undefined) return null;
  // Jira writes an offset without its colon, ServiceNow UTC without saying so.
  const iso = text
    .replace(/([+-]\d{2})(\d{2})$/, '$1:$2')
    .replace(/^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/, '$1T$2Z');
  const time = Date.parse(iso);
  return Number.isNaN(time) || time <= 0 ? null : time;
}

/** `service:checkout` as a label; a tag without a value says nothing. */
export function readTags(tags: readonly string[]): Record<string, string> {
  const pairs = tags.flatMap((tag) => {
    const [, name, value] = /^([^:=\s]+)[:=](.+)$/.exec(tag.trim()) ?? [];
    return name === undefined || value === undefined ? [] : [[name, value.trim()] as const];
  });
  return Object.fromEntries(pairs);
}
