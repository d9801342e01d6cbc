import { type InputIssue, invalidInput } from '../../errors.ts';
import type { IncidentFacts, IncidentReport, IncidentStatus } from '../../ledger/incident.ts';
import type { HookHouse } from '../hook-house.ts';
import { parseInstant } from '../times.ts';
import { type CdEvent, findService, nameSource, readEnvironment, serviceNames } from './cd-event.ts';
import { readPurl } from './purl.ts';

/** `reported` says that a ticket was opened for what was detected. */
const statuses: Readonly<Record<string, IncidentStatus>> = {
  detected: 'open',
  reported: 'open',
  resolved: 'resolved',
};

/** The artifact that was running is what leads to the change. */
function readLink(artifact: string | undefined): IncidentFacts['link'] {
  if (artifact === undefined) return null;
  const version = readPurl(artifact)?.version ?? null;
  return { changeId: null, source: null, externalId: null, version, commit: null, artifact };
}

function readFacts({ subject: { content } }: CdEvent, house: HookHouse): Partial<IncidentFacts> {
  const { environment, service, artifactId, description, ticketURI } = content;
  const names = serviceNames(service?.id, artifactId);
  return {
    service: findService(names, house),
    serviceKeys: names,
    environment: environment === undefined ? null : readEnvironment(environment.id, house),
    title: description ?? null,
    url: ticketURI !== undefined && /^https?:\/\//i.test(ticketURI) ? ticketURI : null,
    link: readLink(artifactId),
  };
}

/**
 * An incident event as a report; `null` for a word that tells nothing of it. The incident is known by its source and
 * the id of its subject, which its events have in common. Rejects with `invalid_input`.
 */
export function readIncident(
  event: CdEvent,
  predicate: string,
  path: string,
  house: HookHouse,
): IncidentReport | null {
  const status = Object.hasOwn(statuses, predicate) ? statuses[predicate] : undefined;
  if (status === undefined) return null;
  const issues: InputIssue[] = [];
  const at = parseInstant(event.context.timestamp, `${path}context.timestamp`, issues);
  if (issues.length > 0) throw invalidInput(issues);
  return {
    source: nameSource(event.context.source),
    externalId: event.subject.id,
    status,
    at,
    openedAt: status === 'open' ? at : null,
    acknowledgedAt: null,
    resolvedAt: status === 'resolved' ? at : null,
    facts: readFacts(event, house),
  };
}
