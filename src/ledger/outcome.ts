import { isHeldUp, lastEnd } from './attempts.ts';
import { type Blame, surestFirst } from './blame.ts';
import type { Change, FailureClass } from './change.ts';
import type { ChangeEvent } from './change-event.ts';
import { listTargets, mergeFacts } from './facts.ts';
import { heed } from './heeded.ts';
import { foldProgress, type Progress } from './progress.ts';

/** What tells one change from another; given once, when it is made. */
export type ChangeIdentity = Pick<
  Change,
  'id' | 'source' | 'externalId' | 'service' | 'environment' | 'createdAt'
>;

/** How time turns into outcomes; all in milliseconds. */
export type OutcomePolicy = {
  readonly now: number;
  /** How long a completed change is watched before it counts as succeeded (24 h). */
  readonly observationWindow: number;
  /** How long a change may be silent before it counts as abandoned (7 d). */
  readonly abandonAfter: number;
};

type Decision = Pick<Change, 'outcome' | 'failureClass' | 'outcomeAt' | 'attribution' | 'settlesAt'>;

/**
 * How sure each ground is. A verdict is provisional until the controller's final event; that nobody complained for a
 * day is good but no proof; silence says least.
 */
const confidences = { manual: 1, controller: 1, verdict: 0.9, observation: 0.9, silence: 0.5 } as const;

function attribute(method: keyof typeof confidences, reason: string | null): Change['attribution'] {
  return { method, confidence: confidences[method], ...(reason === null ? {} : { reason }) };
}

function pendingUntil(settlesAt: number | null): Decision {
  return { outcome: 'pending', failureClass: null, outcomeAt: null, attribution: null, settlesAt };
}

/** Users having met it weighs most; otherwise the last word of the source counts. */
function classOf({ failures }: Progress): FailureClass {
  if (failures.some(({ failureClass }) => failureClass === 'escaped')) return 'escaped';
  return failures.at(-1)?.failureClass ?? 'caught_in_canary';
}

function firstHurt({ failures }: Progress, blames: readonly Blame[]): number {
  return Math.min(...blames.map(({ at }) => at), ...failures.map(({ at }) => at));
}

/** Who confirms a failure says so after it was known, perhaps after it was over: it did not begin with the word. */
function ruledAt(
  progress: Progress,
  { outcome, at }: NonNullable<Progress['ruling']>,
  blames: readonly Blame[],
): number | null {
  if (outcome === 'pending') return null;
  return outcome === 'failed' ? Math.min(at, firstHurt(progress, blames)) : at;
}

function decideManually(
  progress: Progress,
  ruling: NonNullable<Progress['ruling']>,
  blames: readonly Blame[],
): Decision {
  const reached = progress.attempts.some(({ result }) => result === 'completed');
  const usual = progress.failures.length > 0 ? classOf(progress) : reached ? 'escaped' : 'caught_in_canary';
  return {
    outcome: ruling.outcome,
    failureClass: ruling.outcome === 'failed' ? (ruling.failureClass ?? usual) : null,
    outcomeAt: ruledAt(progress, ruling, blames),
    attribution: {
      ...(attribute('manual', ruling.reason) ?? { method: 'manual', confidence: 1 }),
      by: ruling.by,
    },
    settlesAt: null,
  };
}

/** Users met it once it was out; before, the canary took the blow. */
function decideBlamed(progress: Progress, blames: readonly Blame[]): Decision | null {
  const surest = [...blames].sort(surestFirst)[0];
  if (surest === undefined) return null;
  const reached = progress.attempts.some(({ result }) => result === 'completed');
  return {
    outcome: 'failed',
    failureClass:
      progress.failures.length > 0 && !reached ? classOf(progress) : reached ? 'escaped' : 'caught_in_canary',
    outcomeAt: firstHurt(progress, blames),
    attribution: {
      method: surest.method,
      confidence: surest.confidence,
      ...(surest.incidentId === null ? {} : { incidentId: surest.incidentId }),
      ...(surest.by === null ? {} : { by: surest.by }),
      ...(surest.reason === null ? {} : { reason: surest.reason }),
    },
    settlesAt: null,
  };
}

function decideFailure(progress: Progress): Decision | null {
  const [failure] = progress.failures;
  if (failure !== undefined)
    return {
      outcome: 'failed',
      failureClass: classOf(progress),
      outcomeAt: failure.at,
      attribution: attribute('controller', failure.reason),
      settlesAt: null,
    };
  if (progress.failVerdict === null) return null;
  return {
    outcome: 'failed',
    failureClass: 'caught_in_canary',
    outcomeAt: progress.failVerdict.at,
    attribution: attribute('verdict', progress.failVerdict.reason),
    settlesAt: null,
  };
}

/** `silentAt` is when a target that never got there stops holding up the others. */
function decideCompleted(
  progress: Progress,
  completedAt: number,
  silentAt: number,
  policy: OutcomePolicy,
): Decision {
  const observed = completedAt + policy.observationWindow;
  const settlesAt = isHeldUp(progress.attempts) ? Math.max(observed, silentAt) : observed;
  if (policy.now < settlesAt) return pendingUntil(settlesAt);
  return {
    outcome: 'succeeded',
    failureClass: null,
    outcomeAt: settlesAt,
    attribution: attribute('observation', null),
    settlesAt: null,
  };
}

function abandonedAt(outcomeAt: number, method: 'controller' | 'silence'): Decision {
  return {
    outcome: 'abandoned',
    failureClass: null,
    outcomeAt,
    attribution: attribute(method, null),
    settlesAt: null,
  };
}

function decide(
  progress: Progress,
  blames: readonly Blame[],
  createdAt: number,
  policy: OutcomePolicy,
): Decision {
  if (progress.ruling !== null) return decideManually(progress, progress.ruling, blames);
  const failure = decideBlamed(progress, blames) ?? decideFailure(progress);
  if (failure !== null) return failure;
  const silentAt = (progress.lastAt ?? createdAt) + policy.abandonAfter;
  const completedAt = lastEnd(progress.attempts, 'completed');
  if (completedAt !== null) return decideCompleted(progress, completedAt, silentAt, policy);
  const supersededAt = lastEnd(progress.attempts, 'superseded');
  if (supersededAt !== null && progress.attempts.every(({ result }) => result !== 'open'))
    return abandonedAt(supersededAt, 'controller');
  return policy.now < silentAt ? pendingUntil(silentAt) : abandonedAt(silentAt, 'silence');
}

/** When all was well again: the last of what hurt is over; `null` while something still hurts. */
function findRecovery(progress: Progress, blames: readonly Blame[]): number | null {
  const ends = blames.map(({ recoveredAt }) => recoveredAt);
  const all = progress.failures.length > 0 || ends.length === 0 ? [...ends, progress.recoveredAt] : ends;
  return all.includes(null) ? null : Math.max(...all.map((end) => end ?? 0));
}

/**
 * The state of a change: what its events come to in the order of their own time at `policy.now`. Whatever order they
 * arrived in, and however often, the state is the same.
 *
 * Highest first: the latest ruling of a person; an incident put to it, or that it was taken back; an abort or failure told by the controller or the source (a later
 * completion recovers it, but it stays failed); an enforced fail verdict, until a completion overrules it; completed,
 * which is pending for the observation window and then succeeded; superseded or cancelled while under way, or silent
 * for `abandonAfter`: abandoned. `settlesAt` is when the outcome changes without any further event.
 */
export function foldChange(
  base: ChangeIdentity,
  events: readonly ChangeEvent[],
  policy: OutcomePolicy,
  blames: readonly Blame[] = [],
): Change {
  const ordered = heed(events);
  const isEstimated = (at: number | null): boolean =>
    ordered.some((event) => event.at === at && 'estimated' in event);
  const progress = foldProgress(ordered);
  const { id, source, externalId, service, environment, createdAt } = base;
  const decision = decide(progress, blames, createdAt, policy);
  return {
    ...{ id, source, externalId, service, environment, createdAt },
    ...mergeFacts(ordered),
    ...decision,
    targets: listTargets(ordered),
    finishedAt: lastEnd(progress.attempts, 'completed', 'aborted'),
    recoveredAt: decision.outcome === 'failed' ? findRecovery(progress, blames) : null,
    attempts: progress.attempts.map(({ startedAt, endedAt, result }) => ({
      ...{ startedAt, endedAt, result },
      ...(isEstimated(endedAt) ? { endedAtEstimated: true as const } : {}),
    })),
    analysisIds: progress.analysisIds,
    verdictOverruled: progress.verdictOverruled,
  };
}
