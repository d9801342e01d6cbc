import type { AttributionRuling, Incident, IncidentReport, IncidentStatus } from './incident.ts';

export type IncidentFilter = {
  readonly service?: string | undefined;
  readonly environment?: string | undefined;
  readonly source?: string | undefined;
  readonly status?: IncidentStatus | undefined;
  readonly changeId?: string | undefined;
  /** Whether it is put to a change. */
  readonly attributed?: boolean | undefined;
  /** Whether it is known which service it hurts. */
  readonly mapped?: boolean | undefined;
  /** By its beginning, `from` ≤ opened < `to`, milliseconds. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
};

export type IncidentPage = { readonly items: readonly Incident[]; readonly nextCursor: string | null };

/** Incidents, and what was told of them. Implemented in `store/`. */
export interface IncidentStore {
  find(id: string): Promise<Incident | null>;
  findByName(source: string, externalId: string): Promise<Incident | null>;
  /** `false` when that source told of it already (another request was quicker). */
  insert(incident: Incident): Promise<boolean>;
  /**
   * Adds a report; `false` when it was told before. Until the transaction ends nobody else adds to that incident.
   */
  addReport(incidentId: string, report: IncidentReport, receivedAt: number): Promise<boolean>;
  addRuling(incidentId: string, ruling: AttributionRuling, receivedAt: number): Promise<void>;
  reportsOf(incidentId: string): Promise<readonly IncidentReport[]>;
  /** In the order in which they were made. */
  rulingsOf(incidentId: string): Promise<readonly AttributionRuling[]>;
  save(incident: Incident): Promise<void>;
  /** Incidents of a place that began in [from, to], at most 500, the earliest first. */
  openedWithin(service: string, environment: string, from: number, to: number): Promise<readonly Incident[]>;
  /** Incidents that name a change by what its source calls it, at most 500. */
  naming(source: string, externalId: string): Promise<readonly Incident[]>;
  /** Incidents that are put to these changes, at most 500. */
  ofChanges(changeIds: readonly string[]): Promise<readonly Incident[]>;
  /** Newest first by when they became known. An unreadable cursor is `invalid_input`. */
  list(filter: IncidentFilter, limit: number, cursor: string | null): Promise<IncidentPage>;
}
