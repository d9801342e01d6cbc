import { randomUUID } from 'node:crypto';
import type { Change } from './change.ts';
import { foldAndSave } from './folding.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { Telling } from './move-store.ts';
import { foldChange } from './outcome.ts';
import type { LedgerPolicy } from './policy.ts';
import { foldTouched, reattribute, reattributeNamed, relateMoved } from './relations.ts';

/** What sources told of one change, and the change it is put to; `null`: a new one. */
export type Home = { readonly tellings: readonly Telling[]; readonly id: string | null };

/** By the id of the change that it is of now. */
type Settled = ReadonlyMap<string, readonly Telling[]>;

type Name = Pick<Change, 'source' | 'externalId'>;

function namesOf(tellings: readonly Telling[]): readonly Name[] {
  return tellings.flatMap(({ source, names }) => names.map((externalId) => ({ source, externalId })));
}

async function makeChange(
  store: LedgerStore,
  tellings: readonly Telling[],
  { service, environment }: Change,
  policy: LedgerPolicy,
): Promise<string> {
  const [name = { source: '', externalId: '' }] = namesOf(tellings);
  // It is known since the first of it was heard.
  const createdAt = Math.min(
    policy.now,
    ...tellings.flatMap(({ events }) => events.map((one) => one.receivedAt)),
  );
  const base = { id: randomUUID(), ...name, service, environment, createdAt };
  await store.moves.make(foldChange(base, [], policy));
  return base.id;
}

/** Who got what was told of a change that is no more; `null` for one of which nothing was told. */
function heirOf(id: string, settled: Settled): string | null {
  const [heir] = [...settled].find(([, tellings]) => tellings.some(({ changeId }) => changeId === id)) ?? [];
  return heir ?? null;
}

async function dissolveEmpty(
  store: LedgerStore,
  settled: Settled,
  changes: readonly Change[],
): Promise<void> {
  for (const { id } of changes) {
    const heir = settled.has(id) ? null : heirOf(id, settled);
    if (heir !== null) await store.moves.dissolve(id, heir);
  }
}

async function move(
  store: LedgerStore,
  homes: readonly Home[],
  changes: readonly Change[],
  policy: LedgerPolicy,
): Promise<Settled> {
  const settled = new Map<string, readonly Telling[]>();
  const [place] = changes;
  if (place === undefined) return settled;
  for (const { id, tellings } of homes)
    settled.set(id ?? (await makeChange(store, tellings, place, policy)), tellings);
  const moves = [...settled].flatMap(([to, tellings]) => tellings.map((telling) => ({ telling, to })));
  await store.moves.move(moves.filter(({ telling, to }) => telling.changeId !== to));
  await dissolveEmpty(store, settled, changes);
  return settled;
}

/** A change goes by the first name that it got, as long as it has that. */
function calledBy(change: Change, tellings: readonly Telling[]): Change {
  const names = namesOf(tellings);
  const { source, externalId } = change;
  const keeps = names.some((name) => name.source === source && name.externalId === externalId);
  return keeps ? change : { ...change, ...names[0] };
}

async function fold(store: LedgerStore, settled: Settled, policy: LedgerPolicy): Promise<readonly Change[]> {
  const folded: Change[] = [];
  for (const [id, tellings] of settled) {
    const change = await store.find(id);
    if (change !== null) folded.push(await foldAndSave(store, calledBy(change, tellings), policy));
  }
  return folded;
}

/** What the moves mean for the changes around, and for incidents that name one of what was moved. */
async function relateAll(
  store: LedgerStore,
  settled: Settled,
  before: readonly Change[],
  after: readonly Change[],
  undone: ReadonlySet<string>,
  policy: LedgerPolicy,
): Promise<void> {
  for (const change of after) {
    const former = before.filter(({ id }) => id === change.id || heirOf(id, settled) === change.id);
    await relateMoved(store, former, change, undone, policy);
    const moved = (settled.get(change.id) ?? []).filter(({ changeId }) => changeId !== change.id);
    for (const name of namesOf(moved)) await reattributeNamed(store, name, policy);
  }
}

/** Homes and changes that anything is moved from or to; the others stay as they are. */
function concernedBy(homes: readonly Home[], changes: readonly Change[]): [Home[], Change[]] {
  const ids = new Set<string | null>([null]);
  for (const { tellings, id } of homes)
    for (const { changeId } of tellings) if (changeId !== id) ids.add(changeId).add(id);
  return [homes.filter(({ id }) => ids.has(id)), changes.filter(({ id }) => ids.has(id))];
}

/**
 * Puts what sources told to the changes that it is of: moves it, makes and dissolves changes, and works out what that
 * means for them, for the changes around them and for incidents. What a change is made of decides alone, so this comes
 * to the same as if all had been told in that way from the first.
 *
 * @param allHomes of all that sources told of `allChanges`
 */
export async function moveHome(
  store: LedgerStore,
  allHomes: readonly Home[],
  allChanges: readonly Change[],
  policy: LedgerPolicy,
): Promise<void> {
  const [homes, changes] = concernedBy(allHomes, allChanges);
  const ids = changes.map(({ id }) => id);
  const incidents = await store.incidents.ofChanges(ids);
  const touched = new Set((await store.remedies.ofRemedies(ids)).map(({ undoneId }) => undoneId));
  const settled = await move(store, homes, changes, policy);
  const after = await fold(store, settled, policy);
  await relateAll(store, settled, changes, after, touched, policy);
  for (const { id } of incidents) {
    const incident = await store.incidents.find(id);
    if (incident !== null) await reattribute(store, incident, policy, touched);
  }
  await foldTouched(store, touched, policy);
}
