import { closeAttempts, isHeldUp, openAttempt, type TargetAttempt } from './attempts.ts';
import type { FailureClass } from './change.ts';
import type { ChangeEvent } from './change-event.ts';

type EventOf<Type extends ChangeEvent['type']> = ChangeEvent & { readonly type: Type };

type Ending = { readonly target: string | null; readonly at: number; readonly reason: string | null };

/** That the controller or the source said it failed. */
export type Failure = {
  readonly at: number;
  readonly failureClass: FailureClass;
  readonly reason: string | null;
};

/** What a change's events, in order, come to before the outcome is decided. */
export type Progress = {
  readonly attempts: readonly TargetAttempt[];
  readonly failures: readonly Failure[];
  /** When an attempt completed after the last failure; `null`: none did. */
  readonly recoveredAt: number | null;
  /** An enforced fail verdict that nothing has overruled. */
  readonly failVerdict: EventOf<'verdict'> | null;
  readonly verdictOverruled: boolean;
  readonly ruling: EventOf<'ruled'> | null;
  readonly analysisIds: readonly string[];
  /** Time of the last event that shows somebody still at work; `null` without any. */
  readonly lastAt: number | null;
};

/** Nothing was told yet. */
export const noProgress: Progress = {
  attempts: [],
  failures: [],
  recoveredAt: null,
  failVerdict: null,
  verdictOverruled: false,
  ruling: null,
  analysisIds: [],
  lastAt: null,
};

function complete(progress: Progress, target: string | null, at: number): Progress {
  const attempts = closeAttempts(progress.attempts, target, at, 'completed');
  if (attempts === progress.attempts) return progress;
  const overrules = progress.failVerdict !== null && !isHeldUp(attempts);
  return {
    ...progress,
    attempts,
    recoveredAt: progress.failures.length > 0 ? (progress.recoveredAt ?? at) : null,
    failVerdict: overrules ? null : progress.failVerdict,
    verdictOverruled: progress.verdictOverruled || overrules,
  };
}

/** The verdict was followed, so a later retry that completes overrules nothing. */
function addFailure(progress: Progress, attempts: Progress['attempts'], failure: Failure): Progress {
  return {
    ...progress,
    attempts,
    failures: [...progress.failures, failure],
    recoveredAt: null,
    failVerdict: null,
  };
}

function abort(progress: Progress, { target, at, reason }: Ending): Progress {
  const attempts = closeAttempts(progress.attempts, target, at, 'aborted');
  if (attempts === progress.attempts) return progress;
  return addFailure(progress, attempts, { at, failureClass: 'caught_in_canary', reason });
}

function fail(progress: Progress, { target, at, reason, ...event }: EventOf<'failed'>): Progress {
  const reached = progress.attempts.some(({ result }) => result === 'completed');
  const failureClass = event.failureClass ?? (reached ? 'escaped' : 'caught_in_canary');
  const attempts = closeAttempts(
    progress.attempts,
    target,
    at,
    failureClass === 'escaped' ? 'completed' : 'aborted',
  );
  return addFailure(progress, attempts, { at, failureClass, reason });
}

/** The controller's final event ranks higher: a verdict upon what has completed or was superseded decides nothing. */
function hear(progress: Progress, event: EventOf<'verdict'>): Progress {
  const known = progress.analysisIds.includes(event.analysisId);
  const analysisIds = known ? progress.analysisIds : [...progress.analysisIds, event.analysisId];
  const last = progress.attempts.at(-1);
  const isOver =
    (last?.result === 'completed' || last?.result === 'superseded') &&
    progress.attempts.every(({ result }) => result !== 'open');
  const counts = event.verdict === 'fail' && event.enforced && !isOver;
  return { ...progress, analysisIds, failVerdict: counts ? event : progress.failVerdict };
}

function apply(progress: Progress, event: ChangeEvent): Progress {
  switch (event.type) {
    case 'reported':
    case 'paused':
    case 'resumed':
      return progress;
    case 'started':
      return { ...progress, attempts: openAttempt(progress.attempts, event.target, event.at) };
    case 'completed':
      return complete(progress, event.target, event.at);
    case 'aborted':
      return abort(progress, event);
    case 'failed':
      return fail(progress, event);
    case 'superseded':
    case 'cancelled':
      return {
        ...progress,
        attempts: closeAttempts(progress.attempts, event.target, event.at, 'superseded'),
      };
    case 'verdict':
      return hear(progress, event);
    case 'ruled':
      return { ...progress, ruling: event };
  }
}

/** A dry run's verdict is nobody's work on the change. */
function showsWork(event: ChangeEvent): boolean {
  return event.type !== 'verdict' || event.enforced;
}

/** Takes ordered events in one after the other. */
export function foldProgress(events: readonly ChangeEvent[]): Progress {
  return events.reduce<Progress>((progress, event) => {
    const applied = apply(progress, event);
    return showsWork(event) ? { ...applied, lastAt: event.at } : applied;
  }, noProgress);
}
