/** What became of an incident. `dismissed`: a duplicate, merged into another, or none after all; it blames nobody. */
export const incidentStatuses = ['open', 'acknowledged', 'resolved', 'dismissed'] as const;
export type IncidentStatus = (typeof incidentStatuses)[number];

/**
 * How an incident was put to a change, the surest first: a person said so; the incident names the change; it names its
 * version, commit or artifact; the change had a failing verdict; the change was rolled back because of it, by the look
 * of it; it is the last one before the incident. `none`: it is put to no change.
 */
export const attributionMethods = [
  'manual',
  'link',
  'version',
  'verdict',
  'rollback',
  'window',
  'none',
] as const;
export type AttributionMethod = (typeof attributionMethods)[number];

/** The change that an incident names; by its id, by a source's name for it, or by what was deployed. */
export type ChangeLink = {
  readonly changeId: string | null;
  readonly source: string | null;
  readonly externalId: string | null;
  readonly version: string | null;
  readonly commit: string | null;
  readonly artifact: string | null;
};

/** Descriptive facts of an incident. */
export type IncidentFacts = {
  /** The configured service that it hurts; `null` while nothing maps it to one. */
  readonly service: string | null;
  /** What its source calls the service, in the order in which it is looked up; for mapping it later. */
  readonly serviceKeys: readonly string[];
  readonly environment: string | null;
  readonly severity: string | null;
  readonly title: string | null;
  readonly url: string | null;
  readonly labels: Readonly<Record<string, string>>;
  readonly link: ChangeLink | null;
};

/** One thing that a source told of an incident. Times in milliseconds. */
export type IncidentReport = {
  readonly source: string;
  readonly externalId: string;
  readonly status: IncidentStatus;
  /** The report's own time, by which reports are ordered. */
  readonly at: number;
  readonly openedAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly resolvedAt: number | null;
  /** It does not say that anything ever hurt: what is over may have been a warning. */
  readonly withoutBeginning?: true;
  readonly facts: Partial<IncidentFacts>;
};

/** Which change a person put an incident to; `null`: to none. */
export type AttributionRuling = {
  readonly changeId: string | null;
  readonly by: string;
  readonly reason: string;
  readonly at: number;
};

/** Which change an incident is put to, how, and how sure that is (0–1). */
export type IncidentAttribution = {
  readonly changeId: string | null;
  readonly method: AttributionMethod;
  readonly confidence: number;
};

/** Something that hurt, from an incident source; the state that its reports fold to. */
export type Incident = IncidentFacts & {
  readonly id: string;
  readonly source: string;
  readonly externalId: string;
  readonly status: IncidentStatus;
  readonly openedAt: number;
  readonly acknowledgedAt: number | null;
  readonly resolvedAt: number | null;
  /** The person's word that is in force; `null`: nobody said anything. */
  readonly ruling: AttributionRuling | null;
  readonly attribution: IncidentAttribution;
  readonly createdAt: number;
};

/** No change is blamed. */
export const unattributed: IncidentAttribution = { changeId: null, method: 'none', confidence: 0 };
