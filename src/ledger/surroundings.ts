import { versionWindow } from './attribution.ts';
import { type Change, completedAt } from './change.ts';
import type { Surroundings } from './ledger-store.ts';
import { attributionWindowOf, type LedgerPolicy, rollbackWindowOf } from './policy.ts';
import type { RemedyRange } from './remedy-store.ts';
import type { Span } from './span.ts';

/** From its beginning to its end, as far as they are known; `null` without any. */
export function spanOf(change: Change): Span | null {
  const known = [change.startedAt, change.finishedAt, completedAt(change)].filter((time) => time !== null);
  return known.length === 0 ? null : [Math.min(...known), Math.max(...known)];
}

/**
 * Where changes are looked at for one that took another back; `null`: nowhere. Twice the window: whether a change is a
 * remedy hangs on the two before it, and a rollout takes its time.
 */
export function remedyRangeOf([from, to]: Span, policy: LedgerPolicy): RemedyRange | null {
  const window = rollbackWindowOf(policy);
  return window === 0 ? null : { since: from - 2 * window, until: to + 2 * window, from };
}

/** Until when an incident may begin that is put to a change that ended at `to`. */
export function openedUntil(service: string, to: number, policy: LedgerPolicy): number {
  return to + Math.max(versionWindow, attributionWindowOf(policy, service));
}

/** What is around a change that took the time of `span`. */
export function surroundingsOf(change: Change, span: Span, policy: LedgerPolicy): Surroundings {
  const [from, to] = span;
  return {
    change,
    remedies: remedyRangeOf(span, policy),
    after: from,
    opened: [from, openedUntil(change.service, to, policy)],
  };
}
