import { type Change, completedAt, releaseOf } from './change.ts';

/** That one change took another back. Times in milliseconds. */
export type Remedy = {
  readonly remedyId: string;
  readonly undoneId: string;
  /** When it began to be taken back, and when that was done. */
  readonly startedAt: number;
  readonly at: number;
  /** `told`: the remedy's source calls it a rollback. `version`: it brought back what was there before. */
  readonly ground: 'told' | 'version';
};

/** A change that reached users, with when it was out. */
type Out = { readonly change: Change; readonly at: number; readonly start: number };

export type RemedyInput = {
  /** Changes of one service and environment. */
  readonly changes: readonly Change[];
  /** When each version, or commit without one, was out first, in that place; those not known are left out. */
  readonly firstOut: ReadonlyMap<string, number>;
  /** How long after a change one that takes it back means that it failed, milliseconds. */
  readonly window: number;
};

function compare(left: Out, right: Out): number {
  return left.at - right.at || (left.change.externalId < right.change.externalId ? -1 : 1);
}

function findOut(changes: readonly Change[]): Out[] {
  return changes
    .flatMap((change): Out[] => {
      const at = completedAt(change);
      return at === null ? [] : [{ change, at, start: change.startedAt ?? at }];
    })
    .sort(compare);
}

/** Whether `later` brings back what was there before `earlier`; `null` when it does not. */
function groundOf(
  later: Change,
  earlier: Out,
  firstOut: ReadonlyMap<string, number>,
): Remedy['ground'] | null {
  const [release, previous] = [releaseOf(later), releaseOf(earlier.change)];
  if (release !== null && release === previous) return null;
  if (later.kind === 'rollback') return 'told';
  const first = release === null ? undefined : firstOut.get(release);
  return first !== undefined && previous !== null && first < earlier.at ? 'version' : null;
}

/**
 * Those of the changes since the version came back was last out: of several the ones whose failing verdict was
 * overruled, else the last alone. The tools disagree here (Datadog blames the first after the version that comes back,
 * Swarmia the last); a verdict of ours decides where there is one.
 */
function blame(later: Change, before: readonly Out[]): readonly Out[] {
  const release = releaseOf(later);
  const last = before.findLastIndex(({ change }) => release !== null && releaseOf(change) === release);
  const since = before.slice(last + 1);
  const overruled = since.filter(({ change }) => change.verdictOverruled);
  return overruled.length > 0 ? overruled : since.slice(-1);
}

/** The change that was out before `later` began, when that was within the window. */
function previousOf(out: readonly Out[], later: Out, window: number): Out | null {
  const previous = out.findLast((one) => one !== later && one.at <= later.start);
  return previous === undefined || later.start - previous.at > window ? null : previous;
}

/** Looks at the one before alone, so that no chain of changes to and fro makes a distant one matter. */
function looksLikeRemedy(out: readonly Out[], one: Out, { firstOut, window }: RemedyInput): boolean {
  if (one.change.kind === 'rollback') return true;
  const previous = previousOf(out, one, window);
  return previous !== null && groundOf(one.change, previous, firstOut) !== null;
}

function remediesOf(out: readonly Out[], later: Out, input: RemedyInput): readonly Remedy[] {
  const previous = previousOf(out, later, input.window);
  if (previous === null || looksLikeRemedy(out, previous, input)) return [];
  const ground = groundOf(later.change, previous, input.firstOut);
  if (ground === null) return [];
  const before = out.filter((one) => one !== later && one.at <= later.start);
  return blame(later.change, before)
    .filter((undone) => later.start - undone.at <= input.window)
    .map((undone) => ({
      remedyId: later.change.id,
      undoneId: undone.change.id,
      startedAt: later.start,
      at: later.at,
      ground,
    }));
}

/**
 * Which changes took others back: v1, v2, v1 again means that v2 was taken back, when that began within the window
 * after v2 was out. What looks like a remedy itself is not taken back by the next release.
 */
export function findRemedies(input: RemedyInput): readonly Remedy[] {
  const out = findOut(input.changes);
  return out.flatMap((later) => remediesOf(out, later, input));
}
