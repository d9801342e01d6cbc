import { hasCode } from '../errors.ts';
import { requireScope } from '../ledger/actor.ts';
import type { Catalog } from './catalog.ts';
import type { RolloutEvent, RolloutEvents } from './rollout-events.ts';
import type { Run } from './run.ts';
import type { UnitOfWork } from './run-store.ts';
import type { Runs } from './runs.ts';
import { locate, type Place, requestOf, type SteppedCall, unknownService } from './stepped-call.ts';
import {
  type Advice,
  adviseRollback,
  adviseStay,
  adviseStep,
  type SteppedRollout,
} from './stepped-rollout.ts';

/**
 * Answers controllers that ask before each step of a rollout. All reject with a SerinError: `unknown_service` and the
 * like when nothing can be judged, `forbidden` for what is outside the caller's scope.
 */
export type SteppedRollouts = {
  /** Whether nothing speaks against the rollout. Opens an analysis where there is none. */
  stay(call: SteppedCall): Promise<Advice>;
  /**
   * Whether the next step may be taken. The first step of a rollout is granted, for before it there is nothing to
   * judge, and each grant opens a window: the analysis that the next step waits for.
   *
   * @param isLast - the step ends the rollout: it is never granted without a pass, and opens no window
   */
  step(call: SteppedCall, isLast: boolean): Promise<Advice>;
  /** Whether the rollout must be taken back. Opens nothing. */
  rollBack(call: SteppedCall): Promise<Advice>;
  /** Notes how the rollout ended. Safe to repeat; `ignored` where no service is configured for it. */
  end(
    call: SteppedCall,
    how: 'completed' | 'aborted',
    reason: string | null,
  ): Promise<'recorded' | 'duplicate' | 'ignored'>;
};

export type SteppedRolloutsDeps = {
  readonly unitOfWork: UnitOfWork;
  readonly runs: Runs;
  readonly rolloutEvents: RolloutEvents;
  readonly catalog: () => Catalog;
  readonly now: () => number;
};

/** The first of its place has nothing before it. */
type Known = { readonly place: Place; readonly latest: SteppedRollout | null };

async function lookUp(deps: SteppedRolloutsDeps, call: SteppedCall): Promise<Known | null> {
  const place = locate(call, deps.catalog());
  if (place === null) return null;
  requireScope(call.by, place.name);
  return { place, latest: await deps.unitOfWork.stores.steppedRollouts.findLatest(place.uid) };
}

async function mustLookUp(deps: SteppedRolloutsDeps, call: SteppedCall): Promise<Known> {
  const known = await lookUp(deps, call);
  if (known === null) throw unknownService(call, deps.catalog());
  return known;
}

/** The rollout that goes on; one of the same checksum that ended before is another. */
function currentOf(call: SteppedCall, { latest }: Known): SteppedRollout | null {
  return latest !== null && latest.checksum === call.checksum && latest.endedAt === null ? latest : null;
}

async function findRun(deps: SteppedRolloutsDeps, { analysisId }: SteppedRollout): Promise<Run | null> {
  if (analysisId === null) return null;
  try {
    return await deps.runs.get(analysisId);
  } catch (error) {
    if (hasCode(error, 'not_found')) return null;
    throw error;
  }
}

const lost: Advice = { yes: false, reason: 'the analysis of this step is gone, so nothing can be said' };

function eventOf(
  call: SteppedCall,
  { uid, name, environment }: Place,
  revision: number,
  told: Pick<RolloutEvent, 'type' | 'at' | 'reason'>,
): RolloutEvent {
  const { source, target, change, by } = call;
  const rollout = { uid, revision: String(revision), namespace: call.namespace, name: call.name };
  return { ...told, source, rollout, service: name, environment, target, facts: change, by };
}

function makeRollout(
  call: SteppedCall,
  { place, latest }: Known,
  changes: Pick<SteppedRollout, 'grants' | 'analysisId' | 'createdAt'> &
    Partial<Pick<SteppedRollout, 'endedAt' | 'endedAs'>>,
): SteppedRollout {
  const { checksum, target, patience } = call;
  return {
    ...{ checksum, target, patience, uid: place.uid, environment: place.environment, service: place.name },
    ...{ revision: (latest?.revision ?? 0) + 1, endedAt: null, endedAs: null },
    ...changes,
  };
}

/** Begins a rollout with an analysis. Nothing is stored when the analysis is refused. */
async function open(
  deps: SteppedRolloutsDeps,
  call: SteppedCall,
  known: Known,
  grants: number,
): Promise<Run> {
  const createdAt = deps.now();
  const rollout = makeRollout(call, known, { grants, analysisId: null, createdAt });
  const run = await deps.runs.start(requestOf(call, known.place, rollout));
  const started = { type: 'started', at: createdAt, reason: null } as const;
  await deps.rolloutEvents.take(eventOf(call, known.place, rollout.revision, started));
  // Where another request was quicker, it did the same.
  await deps.unitOfWork.stores.steppedRollouts.insert({ ...rollout, analysisId: run.id });
  return run;
}

/** Grants a step and opens the next window. Of several that try at once, one does. */
async function grant(
  deps: SteppedRolloutsDeps,
  call: SteppedCall,
  { place }: Known,
  rollout: SteppedRollout,
  advice: Advice,
): Promise<Advice> {
  const granted = { ...rollout, grants: rollout.grants + 1, patience: call.patience };
  const run = await deps.runs.start(requestOf(call, place, granted));
  const saved = await deps.unitOfWork.stores.steppedRollouts.save(
    { ...granted, analysisId: run.id },
    rollout,
  );
  return saved ? advice : { yes: false, reason: 'another request was granted this step at the same time' };
}

async function step(deps: SteppedRolloutsDeps, call: SteppedCall, isLast: boolean): Promise<Advice> {
  const known = await mustLookUp(deps, call);
  const rollout = currentOf(call, known);
  if (rollout === null) {
    const run = await open(deps, call, known, isLast ? 0 : 1);
    if (isLast) return adviseStep(run);
    return { yes: true, reason: 'the first step, before which there is nothing to judge, is granted' };
  }
  const run = await findRun(deps, rollout);
  if (run === null) return lost;
  const advice = adviseStep(run);
  return advice.yes && !isLast ? grant(deps, call, known, rollout, advice) : advice;
}

async function stay(deps: SteppedRolloutsDeps, call: SteppedCall): Promise<Advice> {
  const known = await mustLookUp(deps, call);
  const rollout = currentOf(call, known);
  if (rollout === null) return adviseStay(await open(deps, call, known, 0));
  const run = await findRun(deps, rollout);
  return run === null ? { ...lost, yes: true } : adviseStay(run);
}

async function rollBack(deps: SteppedRolloutsDeps, call: SteppedCall): Promise<Advice> {
  const known = await lookUp(deps, call);
  const rollout = known === null ? null : currentOf(call, known);
  if (rollout === null) return { yes: false, reason: 'no analysis of this rollout has begun' };
  const run = await findRun(deps, rollout);
  return run === null ? lost : adviseRollback(run, rollout.patience, deps.now());
}

async function end(
  deps: SteppedRolloutsDeps,
  call: SteppedCall,
  how: 'completed' | 'aborted',
  reason: string | null,
): Promise<'recorded' | 'duplicate' | 'ignored'> {
  const known = await lookUp(deps, call);
  if (known === null) return 'ignored';
  const { latest, place } = known;
  if (latest?.checksum === call.checksum && latest.endedAs === how) return 'duplicate';
  const { steppedRollouts } = deps.unitOfWork.stores;
  const at = deps.now();
  const current = currentOf(call, known);
  const ended = { endedAt: at, endedAs: how };
  const rollout =
    current ?? makeRollout(call, known, { grants: 0, analysisId: null, createdAt: at, ...ended });
  const told = { type: how, at, reason };
  const result = await deps.rolloutEvents.take(eventOf(call, place, rollout.revision, told));
  if (current === null) await steppedRollouts.insert(rollout);
  else await steppedRollouts.save({ ...current, ...ended }, current);
  return result;
}

/** Joins the answers to controllers that ask before each step. */
export function createSteppedRollouts(deps: SteppedRolloutsDeps): SteppedRollouts {
  return {
    stay: (call) => stay(deps, call),
    step: (call, isLast) => step(deps, call, isLast),
    rollBack: (call) => rollBack(deps, call),
    end: (call, how, reason) => end(deps, call, how, reason),
  };
}
