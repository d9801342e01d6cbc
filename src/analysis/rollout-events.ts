import { type Actor, requireScope } from '../ledger/actor.ts';
import { entryOf } from '../ledger/audit-store.ts';
import type { ChangeFacts } from '../ledger/change.ts';
import { clockTolerance } from '../ledger/change-report.ts';
import { type LedgerPolicy, recordRolloutEvent, supersedeOpen } from '../ledger/changes.ts';
import { type Catalog, findService } from './catalog.ts';
import type { Rollout, Run } from './run.ts';
import type { RunEvents } from './run-events.ts';
import type { Stores, UnitOfWork } from './run-store.ts';
import { keepConclusion } from './step.ts';
import { endRollout, isOver } from './transitions.ts';

/** What a rollout controller told of one revision. */
export type RolloutEvent = {
  readonly source: string;
  readonly type: 'started' | 'paused' | 'resumed' | 'completed' | 'aborted';
  readonly rollout: Rollout;
  /** The event's own time, milliseconds. */
  readonly at: number;
  /** `null` when the event does not say; then the rollout's own analyses, its name among services and aliases tell. */
  readonly service: string | null;
  readonly environment: string | null;
  readonly target: string | null;
  readonly facts: Partial<ChangeFacts>;
  readonly reason: string | null;
  /** Who tells it. */
  readonly by: Actor;
};

/** Takes a controller's event into the ledger and ends the windows of runs whose rollout is over. */
export type RolloutEvents = {
  /**
   * Resolves also for duplicates and for services nobody knows (which are recorded nowhere: `ignored`). `forbidden`
   * for a service outside the scope of who tells it.
   */
  take(event: RolloutEvent): Promise<'recorded' | 'duplicate' | 'ignored'>;
};

export type RolloutEventsDeps = {
  readonly unitOfWork: UnitOfWork;
  readonly catalog: () => Catalog;
  readonly events: RunEvents;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly now: () => number;
};

type Place = { readonly service: string; readonly environment: string };

/** Which service and environment a rollout is of: what the event says, its analyses, or the configuration. */
function locate(event: RolloutEvent, runs: readonly Run[], catalog: Catalog): Place | null {
  const { namespace, name } = event.rollout;
  const names = [
    event.service,
    runs[0]?.service,
    namespace !== null && name !== null ? `${namespace}/${name}` : null,
    name,
  ];
  const configured = names
    .map((candidate) => (candidate ? findService(catalog, candidate) : null))
    .find((service) => service !== null);
  const service = configured?.name ?? event.service ?? runs[0]?.service;
  if (service === undefined) return null;
  return {
    service,
    environment: event.environment ?? runs[0]?.environment ?? configured?.environment ?? 'production',
  };
}

function nameOf({ uid, revision }: Rollout): string {
  return `${uid}/${revision}`;
}

/** What an event means for the runs of its rollout: the revision's own when it ended, older ones whenever a newer is told of. */
function endingFor(event: RolloutEvent, run: Run): 'completed' | 'aborted' | 'superseded' | null {
  const isOwn = run.rollout?.revision === event.rollout.revision;
  if (isOwn) return event.type === 'completed' || event.type === 'aborted' ? event.type : null;
  return Number(run.rollout?.revision) < Number(event.rollout.revision) ? 'superseded' : null;
}

/** Events that come late must not end a run that began after them: that is a retry of the same revision. */
function concerns(event: RolloutEvent, run: Run): boolean {
  const isNews = run.rolloutEndedAt === null || (!isOver(run) && event.at < run.rolloutEndedAt);
  return isNews && run.createdAt <= event.at;
}

/** Ends the runs concerned; a run that changes meanwhile is read again, for a verdict may have just fallen. */
async function endRuns(
  deps: RolloutEventsDeps,
  stores: Stores,
  event: RolloutEvent,
  runs: readonly Run[],
): Promise<Run[]> {
  const ended: Run[] = [];
  for (const run of runs) {
    const how = concerns(event, run) ? endingFor(event, run) : null;
    if (how === null) continue;
    const after = await endOne(deps, stores, run, how, event.at);
    if (after !== null) ended.push(after);
  }
  return ended;
}

async function endOne(
  deps: RolloutEventsDeps,
  stores: Stores,
  run: Run,
  how: 'completed' | 'aborted' | 'superseded',
  at: number,
): Promise<Run | null> {
  let current: Run | null = run;
  for (let attempt = 0; current !== null && attempt < 5; attempt += 1) {
    const after = endRollout(current, how, at, deps.now());
    if (await stores.runs.saveForced(after, current)) {
      if (!isOver(current) && isOver(after)) await keepConclusion(stores, after, deps.ledgerPolicy());
      return isOver(current) ? null : after;
    }
    current = await stores.runs.find(run.id);
  }
  return null;
}

/** Nobody hears of a refusal here, so what a clock that is wrong dates ahead is taken for what happens now. */
function heardAt({ at }: RolloutEvent, now: number): number {
  return at > now + clockTolerance ? now : at;
}

async function recordEvent(
  deps: RolloutEventsDeps,
  stores: Stores,
  event: RolloutEvent,
  place: Place,
): Promise<boolean> {
  const externalId = nameOf(event.rollout);
  const { source, type, target, facts, reason } = event;
  const dedupeKey = `${externalId}/${type}/${target ?? ''}/${event.at}`;
  const at = heardAt(event, deps.now());
  const told = { source, externalId, ...place, target, type, at, facts, reason, dedupeKey };
  const { change, duplicate } = await recordRolloutEvent(stores.ledger, told, deps.ledgerPolicy());
  const { uid, revision } = event.rollout;
  await supersedeOpen(stores.ledger, { source, uid, revision, at }, deps.ledgerPolicy());
  if (!duplicate) {
    const subject = { type: 'change', id: change.id };
    const after = { ...place, target, rollout: externalId, type, at };
    await stores.audit.append(
      entryOf(event.by, deps.now(), { action: `rollout.${type}`, subject, after, reason }),
    );
  }
  return duplicate;
}

/** Joins controllers' events with the ledger and the runs, in one transaction each. */
export function createRolloutEvents(deps: RolloutEventsDeps): RolloutEvents {
  return {
    take: async (event) => {
      const taken = await deps.unitOfWork.transaction(async (stores) => {
        const runs = await stores.runs.findByRollout(event.rollout.uid, null);
        const place = locate(event, runs, deps.catalog());
        if (place === null) return { result: 'ignored' as const, ended: [] };
        requireScope(event.by, place.service);
        const duplicate = await recordEvent(deps, stores, event, place);
        return {
          result: duplicate ? ('duplicate' as const) : ('recorded' as const),
          ended: await endRuns(deps, stores, { ...event, at: heardAt(event, deps.now()) }, runs),
        };
      });
      for (const run of taken.ended) deps.events.emit({ type: 'concluded', run });
      return taken.result;
    },
  };
}
