import type { Change } from './change.ts';
import { type Candidate, distanceOf, mayBeSame } from './identity.ts';
import type { LedgerStore } from './ledger-store.ts';
import { joinWindowOf, type LedgerPolicy, versionMeaningOf } from './policy.ts';
import { comparable } from './version-meaning.ts';

/**
 * Ids of the changes that may be the same one, nearest in time first: other sources told of them, near in time, and
 * version, commit or artifact agrees; they were not joined because something else contradicts, or because what agrees
 * became known too late. It is worked out from the changes as they are, so the order of arrival plays no part.
 */
export async function doublesOf(
  store: LedgerStore,
  change: Change,
  policy: LedgerPolicy,
): Promise<readonly string[]> {
  const { service, environment, startedAt, finishedAt, createdAt } = change;
  const window = joinWindowOf(policy);
  const times = [startedAt, finishedAt].filter((time) => time !== null);
  const [from, to] = times.length > 0 ? [Math.min(...times), Math.max(...times)] : [createdAt, createdAt];
  const near = await store.findNear(service, environment, from - window, to + window);
  const sources = await store.sourcesOf([change.id, ...near.map(({ id }) => id)]);
  const meaning = versionMeaningOf(policy, service);
  const candidate = (one: Change): Candidate => ({
    change: comparable(one, meaning),
    sources: sources.get(one.id) ?? [one.source],
  });
  const self = candidate(change);
  return near
    .filter((other) => mayBeSame(self, candidate(other), window))
    .sort(
      (left, right) => distanceOf(change, left) - distanceOf(change, right) || (left.id < right.id ? -1 : 1),
    )
    .map(({ id }) => id);
}
