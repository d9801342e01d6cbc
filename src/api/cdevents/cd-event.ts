import { createHash } from 'node:crypto';
import { z } from 'zod';
import { parseWith } from '../../parse.ts';
import { findNamed, type HookHouse } from '../hook-house.ts';
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
        service: reference.optional(),
        description: z.string().max(5000).optional(),
        ticketURI: z.string().max(2000).optional(),
      })
      .default({}),
  }),
});

/** What is read of a CDEvent, https://cdevents.dev. */
export type CdEvent = z.output<typeof cdEvent>;

/** The event as it stands in its envelope. Rejects with `invalid_input` when it is none. */
export function parseCdEvent({ event, path }: Delivered): CdEvent {
  return parseWith(cdEvent, event, path === '' ? [] : [path]);
}

function lastPart(text: string): string {
  return text.split('/').filter(Boolean).at(-1) ?? text;
}

/** The ledger's name for a producer; a long one is cut and kept apart by its digest. */
export function nameSource(source: string): string {
  const name = `cdevents:${source}`;
  const digest = createHash('sha256').update(source).digest('hex').slice(0, 16);
  return name.length <= 200 ? name : `${name.slice(0, 180)}…${digest}`;
}

/** A declared environment by its whole id or the last part of it, else the id as it is. */
export function readEnvironment(id: string, house: HookHouse): string {
  const known = [id, lastPart(id)].find((name) => house.environments.includes(name));
  return known ?? id;
}

/** What a service may be called after an id and an artifact, in the order in which it is looked up. */
export function serviceNames(id: string | undefined, artifactId: string | undefined): readonly string[] {
  const artifact = readPurl(artifactId ?? '')?.name;
  const names = [
    ...(id === undefined ? [] : [id, lastPart(id)]),
    ...(artifact === undefined ? [] : [artifact]),
  ];
  return [...new Set(names)];
}

/** The service of one of these names; `null` when none is configured. */
export function findService(names: readonly string[], house: HookHouse): string | null {
  return findNamed(house, names)?.name ?? null;
}
