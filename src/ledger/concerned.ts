import type { Change } from './change.ts';
import { mayAgree } from './identity.ts';
import type { LedgerStore } from './ledger-store.ts';
import { joinWindowOf, type LedgerPolicy, versionMeaningOf } from './policy.ts';
import { gapBetween, type Span } from './span.ts';
import { comparable, type VersionMeaning } from './version-meaning.ts';

/** Further changes are looked for this many times at the most. */
const rounds = 3;

/** A service that is brought out without end with one version is looked at around the change alone. */
const mostConcerned = 40;

/** From the first that is known of a change to the last, milliseconds; when it became known where there is no time. */
export function extentOf({ startedAt, finishedAt, createdAt, attempts }: Change): Span {
  const told = [startedAt, finishedAt, ...attempts.flatMap((one) => [one.startedAt, one.endedAt])];
  const known = told.filter((time) => time !== null);
  return known.length === 0 ? [createdAt, createdAt] : [Math.min(...known), Math.max(...known)];
}

function gapOf(left: Change, right: Change): number {
  return gapBetween(extentOf(left), extentOf(right));
}

/** The nearest to the change, itself first. */
function nearestOf(change: Change, found: readonly Change[]): readonly Change[] {
  const [begun] = extentOf(change);
  const distances = new Map(
    found.map((one) => [one, [gapOf(change, one), Math.abs(extentOf(one)[0] - begun)]] as const),
  );
  const distance = (one: Change, index: 0 | 1): number => distances.get(one)?.[index] ?? 0;
  return found
    .toSorted(
      (left, right) => distance(left, 0) - distance(right, 0) || distance(left, 1) - distance(right, 1),
    )
    .slice(0, mostConcerned);
}

/** Those that agree with the change in something, with those that agree with them, and so on. */
function findConnected(
  change: Change,
  near: readonly Change[],
  reach: number,
  meaning: VersionMeaning,
): readonly Change[] {
  const found = [change];
  const ids = new Set([change.id]);
  for (const one of found)
    for (const other of near) {
      if (ids.has(other.id) || gapOf(one, other) > reach) continue;
      if (!mayAgree(comparable(one, meaning), comparable(other, meaning))) continue;
      ids.add(other.id);
      found.push(other);
    }
  return found;
}

/** How far away there may be what belongs together: a part of another change may be nearer than the whole. */
export function reachOf(policy: LedgerPolicy): number {
  return 2 * joinWindowOf(policy);
}

/**
 * The changes whose parts may belong to this one, itself included, the oldest first: those near it that agree in
 * version, commit or artifact, and those that agree with them; of very many the nearest.
 */
export async function findConcerned(
  store: LedgerStore,
  change: Change,
  policy: LedgerPolicy,
): Promise<readonly Change[]> {
  const { service, environment } = change;
  const [reach, meaning] = [reachOf(policy), versionMeaningOf(policy, service)];
  let [from, to] = extentOf(change);
  for (let round = 1; ; round += 1) {
    const near = await store.findNear(service, environment, from - reach, to + reach);
    const found = findConnected(change, near, reach, meaning);
    const extents = found.map(extentOf);
    const first = Math.min(...extents.map(([begin]) => begin));
    const last = Math.max(...extents.map(([, end]) => end));
    if (round === rounds || (from === first && to === last))
      return [...nearestOf(change, found)].sort((left, right) => left.createdAt - right.createdAt);
    [from, to] = [first, last];
  }
}
