import { invalidInput, SerinError } from '../errors.ts';
import { type Actor, requireScope } from './actor.ts';
import { entryOf } from './audit-store.ts';
import type { Change, ChangeFacts } from './change.ts';
import { type ChangeReport, checkReport } from './change-report.ts';
import { doublesOf } from './doubles.ts';
import type { ChangeFilter, LedgerStore } from './ledger-store.ts';
import { findHeld, holdPlaces } from './places.ts';
import { joinWindowOf, versionMeaningOf } from './policy.ts';
import { addEvents, type LedgerPolicy, makeKey, type NewEvent, recordEvents, refold } from './recording.ts';
import { type Ruling, rule } from './ruling.ts';
import { readRevision, supersedeRevisions } from './supersession.ts';
import { briefOfChange, recordReports, type Stores } from './take-change.ts';
import { readVersion } from './version-meaning.ts';

export type { ChangeReport } from './change-report.ts';
export type { LedgerPolicy } from './recording.ts';
export type { Ruling } from './ruling.ts';
export { recordReport, recordReports } from './take-change.ts';

/** What a rollout controller told of one revision; `externalId` is `<uid>/<revision>`. */
export type RolloutTold = {
  readonly source: string;
  readonly externalId: string;
  readonly service: string;
  readonly environment: string;
  readonly target: string | null;
  readonly type: 'started' | 'paused' | 'resumed' | 'completed' | 'aborted' | 'superseded';
  /** The event's own time, milliseconds. */
  readonly at: number;
  readonly facts: Partial<ChangeFacts>;
  readonly reason: string | null;
  readonly dedupeKey: string;
};

/** What an analysis concluded. An unenforced verdict (dry run) is kept and decides nothing. */
export type VerdictTold = {
  readonly analysisId: string;
  readonly verdict: 'pass' | 'fail' | 'inconclusive';
  readonly at: number;
  readonly enforced: boolean;
  readonly reason: string | null;
};

/** How many changes are settled at a time. */
const settleLimit = 200;

function rolloutEvent(told: RolloutTold): NewEvent {
  const { source, dedupeKey, at, type, facts, target, reason } = told;
  const common = { source, dedupeKey, at, facts, target };
  return type === 'started' || type === 'paused' || type === 'resumed'
    ? { ...common, type }
    : { ...common, type, reason };
}

/** A revision that becomes known after a higher one started was superseded then. */
async function supersedeLate(store: LedgerStore, told: RolloutTold, policy: LedgerPolicy): Promise<boolean> {
  const name = readRevision(told.externalId);
  if (name === null) return false;
  const concerned = await supersedeRevisions(store, { source: told.source, uid: name.uid, told: [] }, policy);
  return concerned.length > 0;
}

/**
 * Records a controller's event; makes the change when it is unknown, for a completion may come first. `duplicate`:
 * it was recorded before and nothing happened.
 */
export async function recordRolloutEvent(
  store: LedgerStore,
  event: RolloutTold,
  policy: LedgerPolicy,
): Promise<{ readonly change: Change; readonly duplicate: boolean }> {
  const facts = readVersion(event.facts, versionMeaningOf(policy, event.service));
  const told = { ...event, facts };
  const named = { ...told, from: facts.startedAt ?? told.at, to: told.at };
  const { change, how, added } = await recordEvents(store, named, [rolloutEvent(told)], policy);
  const isLate = how === 'made' && (await supersedeLate(store, told, policy));
  return { change: isLate ? ((await store.find(change.id)) ?? change) : change, duplicate: added === 0 };
}

function known(change: Change | null, id: string): Change {
  if (change === null) throw new SerinError('not_found', `no change has the id "${id}"`);
  return change;
}

/** Records what an analysis of a change concluded; once per analysis and verdict. `not_found` without the change. */
export async function recordVerdict(
  store: LedgerStore,
  changeId: string,
  told: VerdictTold,
  policy: LedgerPolicy,
): Promise<Change> {
  const change = known(await findHeld(store, changeId), changeId);
  const dedupeKey = makeKey(changeId, 'verdict', told.analysisId, told.verdict);
  const event = { ...told, type: 'verdict', source: 'analysis', dedupeKey } as const;
  return (await addEvents(store, change, [event], policy)).change;
}

/**
 * Ends the open lower revisions of a rollout at the time the given one started; those that completed or were aborted
 * before or after stay so. Gives the changes concerned.
 */
export function supersedeOpen(
  store: LedgerStore,
  {
    source,
    uid,
    revision,
    at,
  }: {
    readonly source: string;
    readonly uid: string;
    readonly revision: string;
    readonly at: number;
  },
  policy: LedgerPolicy,
): Promise<readonly Change[]> {
  const told = /^\d{1,15}$/.test(revision) ? [{ revision: Number(revision), at }] : [];
  return supersedeRevisions(store, { source, uid, told }, policy);
}

/** Settles changes whose outcome changes by itself by `now`, the longest due first; gives how many. */
export async function settleDue(store: LedgerStore, now: number, policy: LedgerPolicy): Promise<number> {
  const due = await store.findSettling(now, settleLimit);
  await holdPlaces(store, due);
  let settled = 0;
  for (const { id } of due) {
    // Another process may have settled it meanwhile, or it became part of another change.
    const change = await store.find(id);
    if (change?.settlesAt == null || change.settlesAt > now) continue;
    await refold(store, change, { ...policy, now });
    settled += 1;
  }
  return settled;
}

/** What callers may do with the ledger. All reject with a SerinError. */
export type Changes = {
  /**
   * Records reports, all or none, and gives the changes in their order. Paths are `[0].finishedAt` for several.
   * `forbidden` for a service outside the scope.
   */
  report(reports: readonly ChangeReport[], by: Actor): Promise<readonly Change[]>;
  /** `not_found` when there is none. */
  get(id: string): Promise<Change>;
  list(
    filter: ChangeFilter,
    limit: number,
    cursor: string | null,
  ): Promise<{ readonly items: readonly Change[]; readonly nextCursor: string | null }>;
  /** Ids of changes that may be the same one, told of by other sources, and were not joined; nearest first. */
  doubles(change: Change): Promise<readonly string[]>;
  /** A person's word on the outcome; the latest by its own time wins over everything. */
  rule(id: string, ruling: Omit<Ruling, 'by'>, by: Actor): Promise<Change>;
};

export type ChangesDeps = {
  readonly unitOfWork: {
    readonly stores: Stores;
    transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
  };
  readonly now: () => number;
  readonly policy: () => Omit<LedgerPolicy, 'now'>;
};

async function ruleChange(
  { ledger, audit }: Stores,
  id: string,
  ruling: Omit<Ruling, 'by'>,
  by: Actor,
  policy: LedgerPolicy,
): Promise<Change> {
  const before = known(await findHeld(ledger, id), id);
  requireScope(by, before.service);
  const { change, isNews } = await rule(ledger, id, { ...ruling, by: by.name }, policy);
  if (!isNews) return change;
  await audit.append(
    entryOf(by, policy.now, {
      action: 'change.outcome',
      subject: { type: 'change', id },
      before: briefOfChange(before),
      after: briefOfChange(change),
      reason: ruling.reason,
    }),
  );
  return change;
}

/** Joins the use cases of the ledger that callers speak to. */
export function createChanges({ unitOfWork, now, policy }: ChangesDeps): Changes {
  const current = (): LedgerPolicy => ({ ...policy(), now: now() });
  return {
    report: async (reports, by) => {
      const issues = reports.flatMap((report, index) =>
        checkReport(report, reports.length === 1 ? '' : `[${index}].`, now()),
      );
      if (issues.length > 0) throw invalidInput(issues);
      return unitOfWork.transaction((stores) => recordReports(stores, reports, by, current()));
    },
    get: async (id) => known(await unitOfWork.stores.ledger.find(id), id),
    list: (filter, limit, cursor) =>
      unitOfWork.stores.ledger.list({ ...filter, joinWindow: joinWindowOf(current()) }, limit, cursor),
    doubles: (change) => doublesOf(unitOfWork.stores.ledger, change, current()),
    rule: (id, ruling, by) =>
      unitOfWork.transaction((stores) => ruleChange(stores, id, ruling, by, current())),
  };
}
