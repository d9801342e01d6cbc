import { type InputIssue, invalidInput } from '../../errors.ts';
import type { ChangeFacts } from '../../ledger/change.ts';
import type { ChangeReport } from '../../ledger/changes.ts';
import type { IncidentReport } from '../../ledger/incident.ts';
import type { HookHouse } from '../hook-house.ts';
import { parseInstant } from '../times.ts';
import {
  type CdEvent,
  findService,
  nameSource,
  parseCdEvent,
  readEnvironment,
  serviceNames,
} from './cd-event.ts';
import type { Delivered } from './envelope.ts';
import { readIncident } from './incident.ts';
import { readPurl } from './purl.ts';

/** What an event comes to. `null`: there is nothing to record, or it concerns no service of ours. */
export type Told =
  | { readonly kind: 'service'; readonly report: ChangeReport | null }
  | { readonly kind: 'incident'; readonly report: IncidentReport | null }
  | { readonly kind: 'other'; readonly report: null };

/** `removed` and `published` bring no version to anybody. */
const changeKinds: Readonly<Record<string, ChangeFacts['kind']>> = {
  deployed: 'normal',
  upgraded: 'normal',
  rolledback: 'rollback',
};

/** `dev.cdevents.service.deployed.0.2.0`, with or without a suffix such as `-draft`. */
function readType(type: string): { readonly subject: string; readonly predicate: string } | null {
  const [, subject, predicate] = /^dev\.cdevents\.([a-z]+)\.([a-z]+)\.\d+\.\d+\.\d+/.exec(type) ?? [];
  return subject === undefined || predicate === undefined ? null : { subject, predicate };
}

function readFacts(artifact: string | undefined, kind: ChangeFacts['kind']): Partial<ChangeFacts> {
  if (artifact === undefined) return { kind };
  const version = readPurl(artifact)?.version ?? null;
  return { kind, artifact, ...(version === null ? {} : { version }) };
}

function readChange(event: CdEvent, predicate: string, at: string, house: HookHouse): ChangeReport | null {
  const { id, content } = event.subject;
  const { environment, artifactId } = content;
  const kind = Object.hasOwn(changeKinds, predicate) ? changeKinds[predicate] : undefined;
  const service = findService(serviceNames(id, artifactId), house);
  if (kind === undefined || service === null) return null;
  const issues: InputIssue[] = [];
  const finishedAt = parseInstant(event.context.timestamp, `${at}context.timestamp`, issues);
  if (environment === undefined)
    issues.push({
      path: `${at}subject.content.environment`,
      message: 'is missing; an object with id is needed',
    });
  if (issues.length > 0 || environment === undefined) throw invalidInput(issues);
  return {
    source: nameSource(event.context.source),
    externalId: event.context.id,
    service,
    environment: readEnvironment(environment.id, house),
    targets: [],
    facts: readFacts(artifactId, kind),
    finishedAt,
    outcome: 'succeeded',
  };
}

/**
 * What one event comes to: a service that was deployed or upgraded is a change that is out, one that was rolled back
 * is a rollback that is out, and incidents are incidents. A change is named by the event's source and id, so that it
 * may come again. Rejects with `invalid_input` when it is no CDEvent.
 */
export function readEvent(delivered: Delivered, house: HookHouse): Told {
  const event = parseCdEvent(delivered);
  const type = readType(event.context.type);
  const at = delivered.path === '' ? '' : `${delivered.path}.`;
  switch (type?.subject) {
    case 'incident':
      return { kind: 'incident', report: readIncident(event, type.predicate, at, house) };
    case 'service':
      return { kind: 'service', report: readChange(event, type.predicate, at, house) };
    default:
      return { kind: 'other', report: null };
  }
}
