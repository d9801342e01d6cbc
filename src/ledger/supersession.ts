import type { Change } from './change.ts';
import type { ChangeEvent } from './change-event.ts';
import { isUnderWay } from './heeded.ts';
import type { LedgerStore } from './ledger-store.ts';
import { addTold, type LedgerPolicy, makeKey } from './recording.ts';

type Revision = { readonly revision: number; readonly externalId: string; readonly change: Change };

/** A revision known to have started. */
export type RevisionStart = { readonly revision: number; readonly at: number };

/** `<uid>/<revision>` taken apart; `null` for a name of another form. */
export function readRevision(externalId: string): { readonly uid: string; readonly revision: number } | null {
  const match = /^(.+)\/(\d{1,15})$/s.exec(externalId);
  return match?.[1] === undefined ? null : { uid: match[1], revision: Number(match[2]) };
}

/**
 * Whether a supersession at that time says anything of a revision, by what its controller itself told. What others told
 * of the change plays no part: it may turn out to be of another one.
 */
function canBeSuperseded(told: readonly ChangeEvent[], at: number): boolean {
  return !told.some((event) => event.type === 'superseded' && event.at <= at) && isUnderWay(told, at);
}

async function findRevisions(store: LedgerStore, source: string, uid: string): Promise<Revision[]> {
  const named = await store.findByNamePrefix(source, `${uid}/`);
  return named.flatMap(({ externalId, change }) => {
    const name = readRevision(externalId);
    return name?.uid === uid ? [{ revision: name.revision, externalId, change }] : [];
  });
}

/** What shows a controller at work on a revision; a supersession may come before there is any. */
const atWork: readonly ChangeEvent['type'][] = ['started', 'paused', 'resumed', 'completed', 'aborted'];

/** When the controller itself began each; another source's clock, or idea of a beginning, ends nothing of it. */
function findStarts(
  revisions: readonly Revision[],
  told: ReadonlyMap<string, readonly ChangeEvent[]>,
): readonly RevisionStart[] {
  return revisions.flatMap(({ revision, change }) => {
    const times = (told.get(change.id) ?? []).filter(({ type }) => atWork.includes(type)).map(({ at }) => at);
    return times.length === 0 ? [] : [{ revision, at: Math.min(...times) }];
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
  const own = await store.toldBy(
    source,
    revisions.map(({ change }) => change.id),
  );
  const starts = [...told, ...findStarts(revisions, own)];
  const superseded: Change[] = [];
  for (const { revision, externalId, change } of revisions) {
    const at = supersededAt(revision, starts);
    if (at === null || !canBeSuperseded(own.get(change.id) ?? [], at)) continue;
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
    superseded.push((await addTold(store, { source, externalId }, [event], policy)) ?? change);
  }
  return superseded;
}
