import { clean } from '../clean.ts';
import type { CountsArm, Samples } from '../types.ts';

/** One arm made ready: absent events are none while the total is there, and a total of 0 is a step without a word. */
export type ReadyArm = {
  readonly events: readonly number[];
  readonly total: Samples;
  readonly dropped: number;
  /** What is wrong with the values themselves; `null` when nothing. Such counts are no evidence of anything. */
  readonly nonsense: string | null;
  /** Whether the events were absent at every step, and not measured as 0. */
  readonly neverSeen: boolean;
};

/**
 * Makes one arm of a ratio or count ready. Only absent events count as none: events that are NaN or infinite were
 * asked for and answered with rubbish, so their step is missing, or a broken query would look free of errors.
 *
 * @param name the metric's, for the message about impossible values
 */
export function readyArm({ events, total }: CountsArm, kind: 'ratio' | 'count', name: string): ReadyArm {
  const [cleanEvents, cleanTotals] = [clean(events), clean(total)];
  const isRubbish = (step: number): boolean =>
    (events[step] ?? null) !== null && (cleanEvents.values[step] ?? null) === null;
  const known = cleanTotals.values.map((value, step) =>
    value !== null && value > 0 && !isRubbish(step) ? value : null,
  );
  const found = (step: number): number => cleanEvents.values[step] ?? 0;
  const negative = cleanTotals.values.filter((value, step) => (value ?? 0) < 0 || found(step) < 0).length;
  const excess = cleanTotals.values.filter((value, step) => value !== null && isTooMany(found(step), value));
  return {
    events: known.map((whole, step) => {
      if (whole === null) return 0;
      return Math.max(0, kind === 'ratio' ? Math.min(found(step), whole) : found(step));
    }),
    total: known,
    dropped: cleanEvents.dropped + cleanTotals.dropped,
    nonsense: describeNonsense(name, negative, kind === 'ratio' ? excess.length : 0),
    neverSeen: events.every((value) => value === null),
  };
}

/** Counters extrapolated to a step's edges may give a little more events than requests; more than that is a mistake. */
function isTooMany(events: number, whole: number): boolean {
  return events > whole + Math.max(1, 0.01 * whole);
}

function describeNonsense(name: string, negative: number, excess: number): string | null {
  if (negative > 0)
    return `${name} has negative counts in ${negative} step${negative === 1 ? '' : 's'}; a counter's increase cannot be below 0`;
  if (excess > 0)
    return `${name} has more events than its total in ${excess} step${excess === 1 ? '' : 's'}; events must be a part of the total`;
  return null;
}
