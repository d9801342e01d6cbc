import { randomUUID } from 'node:crypto';
import { SerinError } from '../errors.ts';
import type { Change, ChangeFacts } from './change.ts';
import type { ChangeEvent } from './change-event.ts';
import { extentOf, reachOf } from './concerned.ts';
import { foldAndSave } from './folding.ts';
import { type Candidate, type Description, findSame, mayAgree } from './identity.ts';
import type { LedgerStore } from './ledger-store.ts';
import { type ChangeIdentity, foldChange } from './outcome.ts';
import { joinWindowOf, type LedgerPolicy, versionMeaningOf } from './policy.ts';
import { regroup } from './regroup.ts';
import { reattributeNamed, relate, relateNew } from './relations.ts';
import { comparable } from './version-meaning.ts';

export type { LedgerPolicy } from './policy.ts';

/** A source's name for a change, and what there is to recognise it by. */
export type Named = {
  readonly source: string;
  readonly externalId: string;
  readonly service: string;
  readonly environment: string;
  readonly facts: Partial<ChangeFacts>;
  /** The time it tells of, milliseconds. */
  readonly from: number;
  readonly to: number;
};

/** A change, and how it came to have the name: it has it already, gets it from now on beside others, or is new. */
export type Found = { readonly change: Change; readonly how: 'known' | 'joined' | 'made' };

type Draft<Event> = Event extends ChangeEvent ? Omit<Event, 'id' | 'changeId' | 'receivedAt'> : never;

/** An event before it is put to a change. */
export type NewEvent = Draft<ChangeEvent>;

/** A dedupe key of parts that may hold any character. */
export function makeKey(...parts: readonly (string | number | null)[]): string {
  return JSON.stringify(parts);
}

/** Changes near in time that other sources told of, with what may be held against what is told. */
async function findCandidates(store: LedgerStore, named: Named, policy: LedgerPolicy): Promise<Candidate[]> {
  const { service, environment, from, to } = named;
  const reach = reachOf(policy);
  const recent = await store.findNear(service, environment, from - reach, to + reach, named.source);
  const sources = await store.sourcesOf(recent.map(({ id }) => id));
  const meaning = versionMeaningOf(policy, service);
  return recent.map((change) => ({
    change: comparable(change, meaning),
    sources: sources.get(change.id) ?? [change.source],
  }));
}

/** What is known of a name; `isCrowded`: other sources told of changes around it that may be the same thing. */
type Known = { readonly found: Found | null; readonly isCrowded: boolean };

/** The change that another source told of before, under this source's name from now on. */
async function join(store: LedgerStore, named: Named, policy: LedgerPolicy): Promise<Known> {
  const { source, externalId, from, to } = named;
  const facts = comparable(named.facts, versionMeaningOf(policy, named.service));
  if (!facts.version && !facts.commit && !facts.artifact) return { found: null, isCrowded: false };
  const window = joinWindowOf(policy);
  const told: Description = { source, facts, from, to };
  const candidates = await findCandidates(store, named, policy);
  const { same } = findSame(told, candidates, window);
  if (same === null)
    return { found: null, isCrowded: candidates.some(({ change }) => mayAgree(facts, change)) };
  await store.addName(same.id, source, externalId);
  await reattributeNamed(store, { source, externalId }, policy);
  const joined = await store.find(same.id);
  return { found: joined === null ? null : { change: joined, how: 'joined' }, isCrowded: true };
}

function makeEvents(changeId: string, events: readonly NewEvent[], { now }: LedgerPolicy): ChangeEvent[] {
  return events.map((event) => ({ ...event, id: randomUUID(), changeId, receivedAt: now }));
}

/** A change that nobody told of before, as its first events make it; `null` when another request was quicker. */
async function create(
  store: LedgerStore,
  named: Named,
  events: readonly NewEvent[],
  policy: LedgerPolicy,
): Promise<Recorded | null> {
  const { source, externalId, service, environment } = named;
  const base = { id: randomUUID(), source, externalId, service, environment, createdAt: policy.now };
  const whole = makeEvents(base.id, events, policy);
  const first = foldChange(base, whole, policy);
  if (!(await store.insert(first))) return null;
  const added = await store.append(whole);
  // What is left out was told of another change before.
  const change = added === whole.length ? first : await foldAndSave(store, base, policy);
  const isTouched = await relateNew(store, change, policy);
  const after = isTouched ? ((await store.find(change.id)) ?? change) : change;
  return { change: after, how: 'made', before: null, added };
}

async function findKnown(store: LedgerStore, named: Named, policy: LedgerPolicy): Promise<Known> {
  const known = await store.findByName(named.source, named.externalId);
  if (known === null) return join(store, named, policy);
  return { found: { change: known, how: 'known' }, isCrowded: false };
}

async function findQuicker(store: LedgerStore, { source, externalId }: Named): Promise<Found> {
  const quicker = await store.findByName(source, externalId);
  if (quicker !== null) return { change: quicker, how: 'known' };
  throw new SerinError('conflict', `another request is recording ${source} ${externalId}; try again`);
}

/** What recording came to. */
export type Recorded = Found & {
  /** The change as it was before; `null`: it is new. */
  readonly before: Change | null;
  /** How many of the events were new. */
  readonly added: number;
};

/** Whether other sources told of changes around one, which may have to be put together otherwise now. */
function isToldByOthers(
  store: LedgerStore,
  change: Change,
  source: string,
  policy: LedgerPolicy,
): Promise<boolean> {
  const [[from, to], reach] = [extentOf(change), reachOf(policy)];
  return store.moves.isToldByOthers(change, from - reach, to + reach, source);
}

/** What was recorded, once all that is known is put together as it should be. */
async function putTogether(
  store: LedgerStore,
  named: Named,
  recorded: Recorded,
  policy: LedgerPolicy,
): Promise<Recorded> {
  if (!(await regroup(store, recorded.change, policy))) return recorded;
  const change = (await store.findByName(named.source, named.externalId)) ?? recorded.change;
  const isJoined = recorded.how === 'made' && change.id !== recorded.change.id;
  return { ...recorded, change, how: isJoined ? 'joined' : recorded.how };
}

/**
 * Records events of the change of that name: the one that has it, the one another source told of, or a new one.
 *
 * @param check of a change that was known before; when it throws, nothing is recorded
 */
export async function recordEvents(
  store: LedgerStore,
  named: Named,
  events: readonly NewEvent[],
  policy: LedgerPolicy,
  check: (known: Change) => void = () => undefined,
): Promise<Recorded> {
  // Names move from change to change only while their place is held.
  await store.holdPlace(named.service, named.environment);
  const { found, isCrowded } = await findKnown(store, named, policy);
  const made = found === null ? await create(store, named, events, policy) : null;
  if (made !== null) return isCrowded ? putTogether(store, named, made, policy) : made;
  const { change: before, how } = found ?? (await findQuicker(store, named));
  check(before);
  const recorded = { before, how, ...(await addEvents(store, before, events, policy)) };
  const isShared =
    isCrowded || (recorded.added > 0 && (await isToldByOthers(store, recorded.change, named.source, policy)));
  return isShared ? putTogether(store, named, recorded, policy) : recorded;
}

/**
 * Folds the change's events anew and saves what they come to; what that means for the changes and incidents around it is
 * worked out as well.
 */
export async function refold(
  store: LedgerStore,
  base: ChangeIdentity,
  policy: LedgerPolicy,
): Promise<Change> {
  const before = await store.find(base.id);
  const after = await foldAndSave(store, base, policy);
  const isTouched = await relate(store, before, after, policy);
  return isTouched ? ((await store.find(after.id)) ?? after) : after;
}

/** Adds events; when any was new, folds and saves. `added` counts those that were new. */
export async function addEvents(
  store: LedgerStore,
  change: Change,
  events: readonly NewEvent[],
  policy: LedgerPolicy,
): Promise<{ readonly change: Change; readonly added: number }> {
  await store.holdPlace(change.service, change.environment);
  const added = await store.append(makeEvents(change.id, events, policy));
  return added === 0 ? { change, added } : { change: await refold(store, change, policy), added };
}

/**
 * Adds what a source told of the change that it calls so; what that means for what is put together is worked out as
 * well. Gives the change of that name then; `null` without one.
 */
export async function addTold(
  store: LedgerStore,
  { source, externalId }: Pick<Change, 'source' | 'externalId'>,
  events: readonly NewEvent[],
  policy: LedgerPolicy,
): Promise<Change | null> {
  const known = await store.findByName(source, externalId);
  if (known === null) return null;
  const { change, added } = await addEvents(store, known, events, policy);
  const isShared = added > 0 && (await isToldByOthers(store, change, source, policy));
  return isShared && (await regroup(store, change, policy)) ? store.findByName(source, externalId) : change;
}
