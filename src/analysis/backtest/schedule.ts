import type { Change } from '../../ledger/change.ts';

/** A stretch of time, milliseconds, both ends included. */
export type Span = { readonly from: number; readonly to: number };

/** Where harmless windows may lie; all in milliseconds. */
export type Schedule = Span & {
  /** Distance of two starts, > 0. */
  readonly every: number;
  /** The longest that one window may take. */
  readonly length: number;
  /** How long before a window's start nothing may have been rolled out or broken. */
  readonly quiet: number;
  /** How much earlier the baseline is read; that stretch must be quiet, too. */
  readonly offset: number;
};

/** When a change began; `null` when nobody told. */
export function startOf({ startedAt, attempts }: Change): number | null {
  const starts = attempts.flatMap((attempt) => (attempt.startedAt === null ? [] : [attempt.startedAt]));
  return startedAt ?? (starts.length === 0 ? null : Math.min(...starts));
}

/**
 * When each change was under way or did harm: from its start to the last thing known of it (its end, its failure, the
 * recovery from it). A change whose end nobody told counts at its start alone.
 */
export function busySpans(changes: readonly Change[]): Span[] {
  return changes.map((change) => {
    const from = startOf(change) ?? change.createdAt;
    const failedAt = change.outcome === 'failed' ? change.outcomeAt : null;
    const known = [change.finishedAt, change.recoveredAt, failedAt];
    const ends = [...known, ...change.attempts.map(({ endedAt }) => endedAt)];
    return { from, to: Math.max(from, ...ends.map((end) => end ?? from)) };
  });
}

/**
 * The starts of harmless windows: one every `every` from the beginning of the range, as long as a whole window fits,
 * without those where something in `busy` lies between `quiet` before the start and the window's end.
 *
 * @returns the starts, ascending, and how many were left out for being busy
 */
export function quietStarts(
  { from, to, every, length, quiet, offset }: Schedule,
  busy: readonly Span[],
): { readonly starts: readonly number[]; readonly busy: number } {
  const isBusy = (start: number): boolean =>
    busy.some((span) => span.from <= start + length && span.to >= start - quiet);
  const all: number[] = [];
  for (let start = from; start + length <= to; start += every) all.push(start);
  const starts = all.filter((start) => !isBusy(start) && (offset === 0 || !isBusy(start - offset)));
  return { starts, busy: all.length - starts.length };
}
