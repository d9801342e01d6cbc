import { attribute, type Suspect, versionWindow } from './attribution.ts';
import { type Change, completedAt, releaseOf } from './change.ts';
import { reportingTime } from './fact.ts';
import { foldAndSave } from './folding.ts';
import type { Incident, IncidentAttribution } from './incident.ts';
import type { LedgerStore } from './ledger-store.ts';
import { findHeld } from './places.ts';
import { attributionWindowOf, type LedgerPolicy, rollbackWindowOf } from './policy.ts';
import { findRemedies, type Remedy } from './remedies.ts';
import type { Span } from './span.ts';
import { openedUntil, remedyRangeOf, spanOf, surroundingsOf } from './surroundings.ts';

/** Ids of changes whose outcome may be another now. */
type Touched = Set<string>;

/** What of a change matters to those around it. */
function outline(change: Change): string {
  const { startedAt, finishedAt, version, commit, artifact, kind, failureClass, verdictOverruled } = change;
  const isOut = failureClass !== 'failed_to_deploy';
  return JSON.stringify([
    ...[startedAt, finishedAt, completedAt(change), version, commit, artifact],
    ...[kind, isOut, verdictOverruled],
  ]);
}

function keyOf({ remedyId, undoneId, startedAt, at, ground }: Remedy): string {
  return JSON.stringify([remedyId, undoneId, startedAt, at, ground]);
}

function releasesOf(changes: readonly Change[]): readonly string[] {
  return [...new Set(changes.flatMap((change) => releaseOf(change) ?? []))];
}

/** Works out anew which changes around a time took others back, and keeps it. */
async function renewRemedies(
  store: LedgerStore,
  { service, environment }: Pick<Change, 'service' | 'environment'>,
  span: Span,
  policy: LedgerPolicy,
  touched: Touched,
): Promise<void> {
  const range = remedyRangeOf(span, policy);
  if (range === null || !(await store.remedies.isAnyLikely(service, environment, range))) return;
  const around = await store.findRecent(service, environment, range.since, range.until);
  // What went on beyond the range has others before it that are not known here.
  const changes = around.filter((change) => reportingTime(change) <= range.until);
  const firstOut = await store.remedies.firstOut(service, environment, releasesOf(changes));
  // What turns out never to have been out took nothing back.
  const concerned = changes
    .filter((change) => (completedAt(change) ?? span[0]) >= span[0])
    .map(({ id }) => id);
  const ids = new Set(concerned);
  const found = findRemedies({ changes, firstOut, window: rollbackWindowOf(policy) }).filter(({ remedyId }) =>
    ids.has(remedyId),
  );
  const kept = await store.remedies.ofRemedies(concerned);
  const keys = [kept, found].map((remedies) => new Set(remedies.map(keyOf)));
  const differing = [...kept, ...found].filter((one) => !keys.every((set) => set.has(keyOf(one))));
  if (differing.length === 0) return;
  await store.remedies.replace(concerned, found);
  for (const { undoneId } of differing) touched.add(undoneId);
}

/**
 * The change that an incident names by its id or by a source's name; `null`: none, or not known. It may be of another
 * place, and become part of another change until that is held.
 */
export async function findLinked(
  store: LedgerStore,
  { link }: Partial<Pick<Incident, 'link'>>,
): Promise<Change | null> {
  if (!link) return null;
  if (link.changeId !== null) return findHeld(store, link.changeId);
  if (link.source === null || link.externalId === null) return null;
  const named = await store.findByName(link.source, link.externalId);
  return named === null ? null : findHeld(store, named.id);
}

async function findSuspects(store: LedgerStore, incident: Incident): Promise<readonly Suspect[]> {
  const { service, environment, openedAt } = incident;
  if (service === null || environment === null) return [];
  // Of which no time was told counts from when it became known, which may be later than the incident.
  const until = openedAt + 86_400_000;
  const changes = await store.findRecent(service, environment, openedAt - versionWindow, until);
  const ids = changes.map(({ id }) => id);
  const undone = await store.remedies.undoneAt(ids);
  const remedies = new Set((await store.remedies.ofRemedies(ids)).map(({ remedyId }) => remedyId));
  return changes.map((change) => ({
    change,
    undoneAt: undone.get(change.id) ?? null,
    isRemedy: remedies.has(change.id),
  }));
}

/** A change that a person named may have become part of another since. */
async function asItIs(store: LedgerStore, attribution: IncidentAttribution): Promise<IncidentAttribution> {
  const { changeId, method } = attribution;
  if (changeId === null || method !== 'manual') return attribution;
  return { ...attribution, changeId: (await findHeld(store, changeId))?.id ?? null };
}

/** Puts an incident to the change it belongs to now; saves it where that differs. Gives it as it is then. */
export async function reattribute(
  store: LedgerStore,
  incident: Incident,
  policy: LedgerPolicy,
  touched: Touched,
): Promise<Incident> {
  const found = attribute({
    incident,
    suspects: await findSuspects(store, incident),
    linked: await findLinked(store, incident),
    window: incident.service === null ? 0 : attributionWindowOf(policy, incident.service),
  });
  const attribution = await asItIs(store, found);
  const before = incident.attribution;
  if (JSON.stringify(before) === JSON.stringify(attribution)) return incident;
  const after = { ...incident, attribution };
  await store.incidents.save(after);
  for (const id of [before.changeId, attribution.changeId]) if (id !== null) touched.add(id);
  return after;
}

/** Folds the changes whose outcome may be another now. */
export async function foldTouched(store: LedgerStore, touched: Touched, policy: LedgerPolicy): Promise<void> {
  for (const id of [...touched].sort()) {
    const change = await store.find(id);
    if (change !== null) await foldAndSave(store, change, policy);
  }
}

/**
 * Puts the incidents that name a change by its source's name to it, once there is one of that name.
 *
 * @returns whether any change was folded anew
 */
export async function reattributeNamed(
  store: LedgerStore,
  { source, externalId }: { readonly source: string; readonly externalId: string },
  policy: LedgerPolicy,
): Promise<boolean> {
  const touched: Touched = new Set();
  for (const incident of await store.incidents.naming(source, externalId))
    await reattribute(store, incident, policy, touched);
  await foldTouched(store, touched, policy);
  return touched.size > 0;
}

async function renewAround(
  store: LedgerStore,
  change: Change,
  former: readonly Change[],
  span: Span,
  policy: LedgerPolicy,
  touched: Touched,
): Promise<void> {
  const { id, service, environment } = change;
  await renewRemedies(store, change, span, policy, touched);
  // What turns out to have been there before, or not, makes remedies of those that bring it back, or no longer.
  for (const release of releasesOf([change, ...former]))
    for (const later of await store.remedies.findLater(service, environment, release, span[0]))
      if (later.id !== id) await renewRemedies(store, later, spanOf(later) ?? span, policy, touched);
}

/** What a change took back is told with what it brought. */
async function touchUndone(store: LedgerStore, { id }: Change, touched: Touched): Promise<void> {
  for (const { undoneId } of await store.remedies.ofRemedies([id])) touched.add(undoneId);
}

/** When the first of the changes that were taken back, or are so no longer, began: incidents since then are concerned. */
async function firstBegun(store: LedgerStore, ids: Touched, otherwise: number): Promise<number> {
  const begun: number[] = [otherwise];
  for (const id of ids) {
    const change = await store.find(id);
    begun.push(...(change === null ? [] : (spanOf(change) ?? [])));
  }
  return Math.min(...begun);
}

/**
 * Works out what a change that was saved means for those around it: which took others back, which incidents belong to
 * which. Nothing here depends on outcomes, so that it comes to an end, and to the same whatever the order of arrival.
 *
 * @returns whether any change was folded anew, perhaps the change itself
 */
export async function relate(
  store: LedgerStore,
  before: Change | null,
  after: Change,
  policy: LedgerPolicy,
): Promise<boolean> {
  if (before !== null && outline(before) === outline(after)) return false;
  const spans = [before, after].flatMap((change) => (change === null ? [] : (spanOf(change) ?? [])));
  if (spans.length === 0) return false;
  const span: Span = [Math.min(...spans), Math.max(...spans)];
  const isOther = before !== null && releaseOf(before) !== null && releaseOf(before) !== releaseOf(after);
  if (!isOther && (await store.isAlone(surroundingsOf(after, span, policy)))) return false;
  const touched: Touched = new Set();
  if (before !== null && before.version !== after.version) await touchUndone(store, after, touched);
  return relateTo(store, after, isOther ? [before] : [], span, policy, touched);
}

/**
 * The same for a change that tellings were moved from or to, or that is the heir of another: what was known by an id
 * that is gone has to be worked out anew, also where nothing else is different.
 *
 * @param former what the change was before, and those that it is heir of
 * @param undone ids of changes that those took back
 */
export async function relateMoved(
  store: LedgerStore,
  former: readonly Change[],
  after: Change,
  undone: ReadonlySet<string>,
  policy: LedgerPolicy,
): Promise<void> {
  const spans = [...former, after].flatMap((change) => spanOf(change) ?? []);
  if (spans.length === 0) return;
  const span: Span = [Math.min(...spans), Math.max(...spans)];
  await relateTo(store, after, former, span, policy, new Set(undone));
}

async function relateTo(
  store: LedgerStore,
  change: Change,
  former: readonly Change[],
  span: Span,
  policy: LedgerPolicy,
  touched: Touched = new Set(),
): Promise<boolean> {
  await renewAround(store, change, former, span, policy, touched);
  const { service, environment } = change;
  const since = await firstBegun(store, touched, span[0]);
  const until = openedUntil(service, span[1], policy);
  const near = await store.incidents.openedWithin(service, environment, since, until);
  for (const incident of near) await reattribute(store, incident, policy, touched);
  await foldTouched(store, touched, policy);
  return touched.size > 0;
}

/**
 * The same for a change that was just made, with the incidents that named it before there was one.
 *
 * @returns whether any change was folded anew, perhaps the change itself
 */
export async function relateNew(store: LedgerStore, change: Change, policy: LedgerPolicy): Promise<boolean> {
  const span = spanOf(change);
  if (span === null) return reattributeNamed(store, change, policy);
  if (await store.isAlone(surroundingsOf(change, span, policy))) return false;
  const isNamed = await reattributeNamed(store, change, policy);
  return (await relateTo(store, change, [], span, policy)) || isNamed;
}
