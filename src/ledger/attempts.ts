import type { Attempt } from './change.ts';

/** An attempt with the cluster or region it is of; `null`: not told, or all of them. */
export type TargetAttempt = Attempt & { readonly target: string | null };

type Result = Exclude<Attempt['result'], 'open'>;

function isOpen({ result }: Attempt): boolean {
  return result === 'open';
}

/** A start while the same target is under way is the same start, told twice. */
export function openAttempt(
  attempts: readonly TargetAttempt[],
  target: string | null,
  at: number,
): readonly TargetAttempt[] {
  if (attempts.some((attempt) => isOpen(attempt) && attempt.target === target)) return attempts;
  return [...attempts, { target, startedAt: at, endedAt: null, result: 'open' }];
}

/** The open attempts that an end without a target ends: all. With a target: its own, else those of no told target. */
function endedBy(attempts: readonly TargetAttempt[], target: string | null): readonly TargetAttempt[] {
  const open = attempts.filter(isOpen);
  if (target === null) return open;
  const own = open.filter((attempt) => attempt.target === target);
  return own.length > 0 ? own : open.filter((attempt) => attempt.target === null);
}

/**
 * Ends what is under way. An end told again changes nothing, nor does a supersession of what has ended. A completion
 * or abort after a supersession ends the same attempt after all; after an abort it ends a retry, of whose start
 * controllers tell nothing.
 */
export function closeAttempts(
  attempts: readonly TargetAttempt[],
  target: string | null,
  at: number,
  result: Result,
): readonly TargetAttempt[] {
  const ending = endedBy(attempts, target);
  if (ending.length > 0)
    return attempts.map((attempt) =>
      ending.includes(attempt) ? { ...attempt, endedAt: at, result } : attempt,
    );
  const last = attempts.findLast(
    (attempt) => target === null || attempt.target === target || attempt.target === null,
  );
  if (last !== undefined && (last.result === result || result === 'superseded')) return attempts;
  if (last?.result === 'superseded')
    return attempts.map((attempt) => (attempt === last ? { ...last, endedAt: at, result } : attempt));
  return [...attempts, { target, startedAt: null, endedAt: at, result }];
}

/** Whether some cluster or region that was begun has not got the change yet. A target that has it holds up nothing. */
export function isHeldUp(attempts: readonly TargetAttempt[]): boolean {
  const arrived = attempts.filter(({ result }) => result === 'completed');
  return attempts.some(
    (attempt) =>
      isOpen(attempt) &&
      !(arrived.length > 0 && attempt.target === null) &&
      !arrived.some(({ target }) => target === null || target === attempt.target),
  );
}

/** When the last attempt with one of these results ended; `null` when there is none. */
export function lastEnd(attempts: readonly Attempt[], ...results: readonly Result[]): number | null {
  const ends = attempts
    .filter(({ result }) => results.some((one) => one === result))
    .map(({ endedAt }) => endedAt ?? 0);
  return ends.length === 0 ? null : Math.max(...ends);
}
