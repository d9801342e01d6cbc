import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type InputIssue, invalidInput, SerinError } from '../../errors.ts';
import type { ChangeFacts } from '../../ledger/change.ts';
import type { ChangeReport } from '../../ledger/changes.ts';
import { parseWith } from '../../parse.ts';
import { findNamed, type HookHouse } from '../hook-house.ts';
import { parseInstant } from '../times.ts';
import type { Delivered } from './envelope.ts';
import { readPurl } from './purl.ts';

/** Versions differ in what is required; here only what is read, and a reference may be an id alone. */
const reference = z.preprocess(
  (value) => (typeof value === 'string' ? { id: value } : value),
  z.looseObject({ id: z.string().min(1).max(500) }),
);

const cdEvent = z.looseObject({
  context: z.looseObject({
    id: z.string().min(1).max(500),
    source: z.string().min(1).max(2000),
    type: z.string().min(1).max(300),
    timestamp: z.string().min(1).max(100),
  }),
  subject: z.looseObject({
    id: z.string().min(1).max(500),
    content: z
      .looseObject({
        environment: reference.optional(),
        artifactId: z.string().min(1).max(2000).optional(),
      })
      .default({}),
  }),
});

type CdEvent = z.output<typeof cdEvent>;

/** What an event comes to. `kind` is a word of a closed set, for counting. */
export type Told = {
  readonly kind: 'service' | 'incident' | 'other';
  /** `null`: there is nothing to record, or it concerns no service of ours. */
  readonly report: ChangeReport | null;
};

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

function lastPart(text: string): string {
  return text.split('/').filter(Boolean).at(-1) ?? text;
}

/** The ledger's name for a producer; a long one is cut and kept apart by its digest. */
function nameSource(source: string): string {
  const name = `cdevents:${source}`;
  const digest = createHash('sha256').update(source).digest('hex').slice(0, 16);
  return name.length <= 200 ? name : `${name.slice(0, 180)}…${digest}`;
}

/** A declared environment by its whole id or the last part of it, else the id as it is. */
function readEnvironment(id: string, house: HookHouse): string {
  const known = [id, lastPart(id)].find((name) => house.environments.includes(name));
  return known ?? id;
}

function readFacts(event: CdEvent, kind: ChangeFacts['kind']): Partial<ChangeFacts> {
  const { artifactId } = event.subject.content;
  const purl = artifactId === undefined ? null : readPurl(artifactId);
  return {
    kind,
    ...(artifactId === undefined ? {} : { artifact: artifactId }),
    ...(purl === null || purl.version === null ? {} : { version: purl.version }),
  };
}

/** The service that the subject or the artifact names; `null` when none is configured. */
function findService(event: CdEvent, house: HookHouse): string | null {
  const { id, content } = event.subject;
  const artifact = readPurl(content.artifactId ?? '')?.name;
  const names = [id, lastPart(id), ...(artifact === undefined ? [] : [artifact])];
  return findNamed(house, names)?.name ?? null;
}

function reportOf(event: CdEvent, predicate: string, at: string, house: HookHouse): ChangeReport | null {
  const kind = Object.hasOwn(changeKinds, predicate) ? changeKinds[predicate] : undefined;
  const service = findService(event, house);
  if (kind === undefined || service === null) return null;
  const { environment } = event.subject.content;
  const issues: InputIssue[] = [];
  if (environment === undefined)
    issues.push({
      path: `${at}subject.content.environment`,
      message: 'is missing; an object with id is needed',
    });
  const finishedAt = parseInstant(event.context.timestamp, `${at}context.timestamp`, issues);
  if (issues.length > 0 || environment === undefined) throw invalidInput(issues);
  return {
    source: nameSource(event.context.source),
    externalId: event.context.id,
    service,
    environment: readEnvironment(environment.id, house),
    targets: [],
    facts: readFacts(event, kind),
    finishedAt,
    outcome: 'succeeded',
  };
}

function parse({ event, path }: Delivered): CdEvent {
  try {
    return parseWith(cdEvent, event, path === '' ? [] : [path]);
  } catch (error) {
    if (error instanceof SerinError) throw error;
    throw invalidInput([{ path, message: 'cannot be read' }]);
  }
}

/**
 * What one event comes to: a service that was deployed or upgraded is a change that is out, one that was rolled back
 * is a rollback that is out. Its name is its source and id, so that it may come again. Rejects with `invalid_input`
 * when it is no CDEvent.
 */
export function readEvent(delivered: Delivered, house: HookHouse): Told {
  const event = parse(delivered);
  const type = readType(event.context.type);
  if (type?.subject === 'incident') return { kind: 'incident', report: null };
  if (type?.subject !== 'service') return { kind: 'other', report: null };
  const at = delivered.path === '' ? '' : `${delivered.path}.`;
  return { kind: 'service', report: reportOf(event, type.predicate, at, house) };
}
