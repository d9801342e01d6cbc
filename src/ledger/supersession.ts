import type { Change } from './change.ts';
import type { LedgerStore } from './ledger-store.ts';
import { addEvents, type LedgerPolicy, makeKey } from './recording.ts';

type Revision = { readonly revision: number; readonly externalId: string; readonly change: Change };

/** A revision known to have started. */
export type RevisionStart = { readonly revision: number; readonly at: number };

/** `<uid>/<revision>` taken apart; `null` for a name of another form. */
export function readRevision(externalId: string): { readonly uid: string; readonly revision: number } | null {
  const match = /^(.+)\/(\d{1,15})$/s.exec(externalId);
  return match?.[1] === undefined ? null : { uid: match[1], revision: Number(match[2]) };
}

/** Whether something is under way that a supersession at that time ends, or that a later one ended so far. */
function canBeSuperseded({ attempts }: Change, at: number): boolean {
  return (
    attempts.length === 0 ||
    attempts.some(
      ({ result, endedAt }) =>
        result === 'open' || (result === 'superseded' && endedAt !== null && endedAt > at),
    )
  );
}

async function findRevisions(store: LedgerStore, source: string, uid: string): Promise<Revision[]> {
  const named = await store.findByNamePrefix(source, `${uid}/`);
  return named.flatMap(({ externalId, change }) => {
    const name = readRevision(externalId);
    return name?.uid === uid ? [{ revision: name.revision, externalId, change }] : [];
  });
}

/** When the controller itself began each; another source's clock, or idea of a beginning, ends nothing of it. */
async function findStarts(
  store: LedgerStore,
  source: string,
  revisions: readonly Revision[],
): Promise<RevisionStart[]> {
  const starts = await store.startsOf(
    source,
    revisions.map(({ change }) => change.id),
  );
  return revisions.flatMap(({ revision, change }) => {
    const at = starts.get(change.id);
    return at === undefined ? [] : [{ revision, at }];
  });
}

/** When the first of the higher revisions started; `null` when none is known to have. */
function supersededAt(revision: number, starts: readonly RevisionStart[]): number | null {
  const later = starts.filter((start) => start.revision > revision).map(({ at }) => at);
  return later.length === 0 ? null : Math.min(...later);
}

/**
 * Ends every revision of a rollout at the start of the next higher one that started, in whichever order they became
 * known. What completed or was aborted stays so. Gives the changes concerned.
 */
export async function supersedeRevisions(
  store: LedgerStore,
  {
    source,
    uid,
    told,
  }: { readonly source: string; readonly uid: string; readonly told: readonly RevisionStart[] },
  policy: LedgerPolicy,
): Promise<readonly Change[]> {
  const revisions = await findRevisions(store, source, uid);
  const starts = [...told, ...(await findStarts(store, source, revisions))];
  const superseded: Change[] = [];
  for (const { revision, externalId, change } of revisions) {
    const at = supersededAt(revision, starts);
    if (at === null || !canBeSuperseded(change, at)) continue;
    const dedupeKey = makeKey(externalId, 'superseded', at);
    const event = {
      source,
      type: 'superseded',
      at,
      target: null,
      facts: {},
      reason: null,
      dedupeKey,
    } as const;
    superseded.push((await addEvents(store, change, [event], policy)).change);
  }
  return superseded;
}
