import type { Change } from './change.ts';
import { extentOf, findConcerned } from './concerned.ts';
import type { LedgerStore } from './ledger-store.ts';
import { groupUnits, type Unit } from './matching.ts';
import type { Telling } from './move-store.ts';
import { type Home, moveHome } from './moving.ts';
import { foldChange } from './outcome.ts';
import { joinWindowOf, type LedgerPolicy, versionMeaningOf } from './policy.ts';
import { comparable } from './version-meaning.ts';

type Member = Unit & { readonly telling: Telling };

/** What a source told of a change, as if nobody else had told anything. */
function memberOf(telling: Telling, change: Change, policy: LedgerPolicy): Member {
  const { source, names, events } = telling;
  const [name = ''] = names;
  // Where no time is told, what was told first counts as its beginning; whatever else is known of the change.
  const times = events.map(({ at }) => at);
  const createdAt = times.length === 0 ? change.createdAt : Math.min(...times);
  const told = foldChange({ ...change, source, externalId: name, createdAt }, events, policy);
  const [from, to] = extentOf(told);
  const facts = comparable(told, versionMeaningOf(policy, change.service));
  return { source, name, facts, from, to, telling };
}

/** Groups that can only be one change choose first; each takes the change that most of it is of, then the oldest. */
function settleIn(groups: readonly (readonly Member[])[], changes: readonly Change[]): readonly Home[] {
  const taken = new Set<string>();
  const count = (tellings: readonly Telling[], id: string): number =>
    tellings.filter(({ changeId }) => changeId === id).length;
  return groups
    .map((members) => members.map(({ telling }) => telling))
    .map((tellings) => ({ tellings, of: changes.filter(({ id }) => count(tellings, id) > 0) }))
    .sort((left, right) => left.of.length - right.of.length)
    .map(({ tellings, of }) => {
      const [change] = of
        .filter(({ id }) => !taken.has(id))
        .sort((left, right) => count(tellings, right.id) - count(tellings, left.id));
      if (change !== undefined) taken.add(change.id);
      return { tellings, id: change?.id ?? null };
    });
}

async function findChange(store: LedgerStore, [telling]: readonly Telling[]): Promise<Change | null> {
  const [name] = telling?.names ?? [];
  return telling === undefined || name === undefined ? null : store.findByName(telling.source, name);
}

function isAtHome({ tellings, id }: Home): boolean {
  return tellings.every(({ changeId }) => changeId === id);
}

/** Homes that anything is moved to or from. */
function touchedBy(homes: readonly Home[]): readonly Home[] {
  const left = new Set(
    homes.flatMap(({ tellings, id }) =>
      tellings.map(({ changeId }) => changeId).filter((from) => from !== id),
    ),
  );
  return homes.filter((home) => !isAtHome(home) || (home.id !== null && left.has(home.id)));
}

/**
 * Looks whether what sources told of a change and of those near it is put together as it should be, now that more is
 * known, and puts it right: what was put to the nearest change goes to a nearer one that is heard of later, two changes
 * become one when it turns out that they are, and one becomes two when its sources contradict each other. So the order
 * of arrival plays no part. Call it while the place is held.
 *
 * @param rounds how many times at the most
 * @returns whether anything was moved
 */
export async function regroup(
  store: LedgerStore,
  change: Change,
  policy: LedgerPolicy,
  rounds = 3,
): Promise<boolean> {
  const concerned = await findConcerned(store, change, policy);
  const byId = new Map(concerned.map((one) => [one.id, one]));
  const members = (await store.moves.tellings([...byId.keys()])).flatMap((telling) => {
    const of = byId.get(telling.changeId);
    return of === undefined ? [] : memberOf(telling, of, policy);
  });
  const homes = settleIn(groupUnits(members, joinWindowOf(policy)), concerned);
  if (homes.every(isAtHome)) return false;
  await moveHome(store, homes, concerned, policy);
  // What was taken apart shows what its parts had hidden from each other, and may belong to further changes by that.
  if (rounds > 1)
    for (const { tellings } of touchedBy(homes)) {
      const moved = await findChange(store, tellings);
      if (moved !== null) await regroup(store, moved, policy, rounds - 1);
    }
  return true;
}
