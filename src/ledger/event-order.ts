import type { ChangeEvent } from './change-event.ts';
import { compareText } from './compare-text.ts';

/** Of events at the same time the higher rank is heard last, and so prevails. */
const ranks: Readonly<Record<ChangeEvent['type'], number>> = {
  reported: 0,
  started: 0,
  paused: 0,
  resumed: 0,
  verdict: 1,
  superseded: 2,
  cancelled: 2,
  completed: 2,
  aborted: 2,
  failed: 3,
  ruled: 4,
};

/** Of what people say of one time the last word counts, also where it was said of what was another change then. */
function compareRulings(left: ChangeEvent, right: ChangeEvent): number {
  return left.type === 'ruled' && right.type === 'ruled' ? left.receivedAt - right.receivedAt : 0;
}

function compare(left: ChangeEvent, right: ChangeEvent): number {
  return (
    left.at - right.at ||
    ranks[left.type] - ranks[right.type] ||
    compareRulings(left, right) ||
    compareText(left.dedupeKey, right.dedupeKey) ||
    compareText(left.source, right.source)
  );
}

/**
 * The events in the order of their own time, ties by rank (a ruling over a source's word over a controller's final
 * event over a verdict over the rest), then by dedupe key and source; duplicates are left out. The order of arrival
 * plays no part.
 */
export function orderEvents(events: readonly ChangeEvent[]): ChangeEvent[] {
  const seen = new Set<string>();
  return [...events].sort(compare).filter(({ source, dedupeKey }) => {
    const name = JSON.stringify([source, dedupeKey]);
    if (seen.has(name)) return false;
    seen.add(name);
    return true;
  });
}
