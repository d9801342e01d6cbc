import type { Change } from '../../src/ledger/change.ts';
import type { Incident, IncidentReport } from '../../src/ledger/incident.ts';
import { foldIncident } from '../../src/ledger/incident-fold.ts';
import { foldChange } from '../../src/ledger/outcome.ts';
import { epoch, hour, identity, policyAt } from './events.ts';

/** A report of an incident in checkout's production, told `hours` after the epoch. */
export function makeIncidentReport(hours: number, changes: Partial<IncidentReport> = {}): IncidentReport {
  return {
    source: 'oncall',
    externalId: 'INC-1',
    status: 'open',
    at: epoch + hours * hour,
    openedAt: null,
    acknowledgedAt: null,
    resolvedAt: null,
    ...changes,
    facts: { service: 'checkout', environment: 'production', ...changes.facts },
  };
}

/** An incident that began `hours` after the epoch. */
export function makeIncident(hours: number, changes: Partial<Incident> = {}): Incident {
  const base = { id: 'i1', source: 'oncall', externalId: 'INC-1', createdAt: epoch };
  return { ...foldIncident(base, [makeIncidentReport(hours)], []), ...changes };
}

/** A change that ran from `from` to `to` hours after the epoch and was out then. */
export function makeOut(id: string, from: number, to: number, changes: Partial<Change> = {}): Change {
  const [startedAt, endedAt] = [epoch + from * hour, epoch + to * hour];
  return {
    ...foldChange({ ...identity, id, externalId: id }, [], policyAt(0)),
    version: id,
    startedAt,
    finishedAt: endedAt,
    attempts: [{ startedAt, endedAt, result: 'completed' }],
    ...changes,
  };
}
