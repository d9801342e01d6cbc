import { compareText } from './compare-text.ts';
import { contradicts, describeSame, type Identifying } from './identity.ts';
import { gapBetween } from './span.ts';

/** All that one source told of one change. Sources that told of the same thing make one change of their units. */
export type Unit = {
  readonly source: string;
  /** The first of its names in the source, in the order of text. */
  readonly name: string;
  readonly facts: Identifying;
  /** From its start to its end, as far as they are known, milliseconds. */
  readonly from: number;
  readonly to: number;
};

/** Two units that may be put together, and how near they lie. */
type Pair = Nearness & { readonly one: number; readonly other: number };

/** Milliseconds between two units, between their beginnings, and between their ends. */
type Nearness = { readonly gap: number; readonly begun: number; readonly ended: number };

function compareUnits(left: Unit, right: Unit): number {
  return (
    left.from - right.from ||
    left.to - right.to ||
    compareText(left.source, right.source) ||
    compareText(left.name, right.name)
  );
}

/** Milliseconds between two; 0 where they overlap. */
function gapOf(left: Unit, right: Unit): number {
  return gapBetween([left.from, left.to], [right.from, right.to]);
}

function nearnessOf(left: Unit, right: Unit): Nearness {
  const [begun, ended] = [Math.abs(left.from - right.from), Math.abs(left.to - right.to)];
  return { gap: gapOf(left, right), begun, ended };
}

/** What lies apart least comes first; of those that overlap, what begins together, then what ends together. */
function comparePairs(left: Pair, right: Pair): number {
  return (
    left.gap - right.gap ||
    left.begun - right.begun ||
    left.ended - right.ended ||
    left.one - right.one ||
    left.other - right.other
  );
}

function findPairs(units: readonly Unit[], window: number): Pair[] {
  return units.flatMap((left, one) =>
    units.slice(one + 1).flatMap((right, index): Pair[] => {
      if (left.source === right.source || gapOf(left, right) > window) return [];
      if (!describeSame(left.facts, right.facts)) return [];
      return [{ one, other: one + 1 + index, ...nearnessOf(left, right) }];
    }),
  );
}

/** No source tells twice of one change, and nothing in it contradicts. */
function goTogether<One extends Unit>(left: readonly One[], right: readonly One[]): boolean {
  return !left.some((one) =>
    right.some((other) => one.source === other.source || contradicts(one.facts, other.facts)),
  );
}

/**
 * Which units of one service and environment are of the same change. Two sources' units that agree in version, commit
 * or artifact, contradict in none and lie within `window` milliseconds are put together, the nearest first, so that of
 * v1, v2 and v1 again each finds its own. It hangs on the units alone: their order plays no part.
 *
 * @returns each unit once; groups and what is in them in the order of time
 */
export function groupUnits<One extends Unit>(
  units: readonly One[],
  window: number,
): readonly (readonly One[])[] {
  const ordered = [...units].sort(compareUnits);
  const groups = new Map<number, readonly number[]>(ordered.map((_, index) => [index, [index]]));
  const home = ordered.map((_, index) => index);
  const membersOf = (group: number): One[] =>
    (groups.get(group) ?? []).flatMap((index) => ordered[index] ?? []);
  for (const { one, other } of findPairs(ordered, window).sort(comparePairs)) {
    const [left, right] = [home[one] ?? one, home[other] ?? other];
    if (left === right || !goTogether(membersOf(left), membersOf(right))) continue;
    const joined = [...(groups.get(left) ?? []), ...(groups.get(right) ?? [])].sort((a, b) => a - b);
    groups.set(left, joined);
    groups.delete(right);
    for (const index of joined) home[index] = left;
  }
  return [...groups.keys()].sort((a, b) => a - b).map(membersOf);
}
