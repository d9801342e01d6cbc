import type { ChangeEvent } from './change-event.ts';
import { orderEvents } from './event-order.ts';
import { foldProgress } from './progress.ts';

/** An end whose time is only about right counts as long as nobody told one. */
function withoutGuesses(events: readonly ChangeEvent[]): readonly ChangeEvent[] {
  const ends = ['completed', 'aborted', 'failed'];
  const isTold = events.some((event) => ends.includes(event.type) && !('estimated' in event));
  return isTold ? events.filter((event) => !('estimated' in event)) : events;
}

/** Whether a source has begun, by that time, what it has not ended, or told nothing of the kind yet. */
export function isUnderWay(told: readonly ChangeEvent[], at: number): boolean {
  const before = told.filter((event) => event.at <= at && event.type !== 'superseded');
  const { attempts } = foldProgress(orderEvents(before));
  return attempts.length === 0 || attempts.some(({ result }) => result === 'open');
}

/**
 * A source supersedes once, and only what it has under way itself. That a revision was superseded is worked out from
 * what is known at the time, so it may be said too late first, or of what turns out to have been over.
 */
function withoutVainSupersessions(events: readonly ChangeEvent[]): readonly ChangeEvent[] {
  return events.filter((event, index) => {
    if (event.type !== 'superseded') return true;
    const isFirst = !events
      .slice(0, index)
      .some((one) => one.type === 'superseded' && one.source === event.source && one.target === event.target);
    const own = events.filter(({ source }) => source === event.source);
    return isFirst && isUnderWay(own, event.at);
  });
}

/** The events that count, in the order of their own time. */
export function heed(events: readonly ChangeEvent[]): readonly ChangeEvent[] {
  return withoutVainSupersessions(withoutGuesses(orderEvents(events)));
}
