import type { Change, ChangeFacts } from './change.ts';
import { gapBetween, type Span } from './span.ts';

/** What a report tells that can be held against a known change. Times in milliseconds. */
export type Description = {
  readonly source: string;
  readonly facts: Partial<ChangeFacts>;
  /** The time it tells of: from its start to its end, the same twice where only one is known. */
  readonly from: number;
  readonly to: number;
};

/** A known change with the sources that have given it a name. */
export type Candidate = { readonly change: Change; readonly sources: readonly string[] };

/** `suspected`: alike enough that a person should look, not enough to be joined. */
export type Likeness = 'same' | 'different' | 'suspected';

type Comparison = 'agree' | 'contradict' | 'unknown';

const identifying = ['version', 'commit', 'artifact'] as const;
const shortestCommit = 7;

function isPrefix(left: string, right: string): boolean {
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  return short.length >= shortestCommit && long.startsWith(short);
}

/** Commits agree also when one is cut short, as people and tags do. */
function compareCommits(left: string, right: string): Comparison {
  const [one, other] = [left.toLowerCase(), right.toLowerCase()];
  return one === other || isPrefix(one, other) ? 'agree' : 'contradict';
}

function digestOf(artifact: string): string | null {
  const match = /\b(sha\d+)(?::|%3a)([0-9a-f]+)/i.exec(artifact);
  return match === null ? null : `${match[1]}:${match[2]}`.toLowerCase();
}

/** The digest tells, wherever the image was pulled from; with one digest only there is nothing to compare. */
function compareArtifacts(left: string, right: string): Comparison {
  if (left === right) return 'agree';
  const [one, other] = [digestOf(left), digestOf(right)];
  if (one === null && other === null) return 'contradict';
  if (one === null || other === null) return 'unknown';
  return one === other ? 'agree' : 'contradict';
}

function compareField(key: (typeof identifying)[number], left: unknown, right: unknown): Comparison {
  if (typeof left !== 'string' || typeof right !== 'string') return 'unknown';
  if (key === 'commit') return compareCommits(left, right);
  if (key === 'artifact') return compareArtifacts(left, right);
  return left === right ? 'agree' : 'contradict';
}

/** What of two things is held against each other; what is `null` or absent says nothing. */
export type Identifying = Readonly<Partial<Record<(typeof identifying)[number], string | null>>>;

/** Whether two descriptions of one service name the same thing: one of them agrees, and none contradicts. */
export function describeSame(left: Identifying, right: Identifying): boolean {
  const found = identifying.map((key) => compareField(key, left[key], right[key]));
  return found.includes('agree') && !found.includes('contradict');
}

/** Of a commit, what all ways to write it begin with; of an artifact, what tells it from others. */
function mayMatch(key: (typeof identifying)[number], left: unknown, right: unknown): boolean {
  if (typeof left !== 'string' || typeof right !== 'string') return false;
  if (key === 'artifact') return compareArtifacts(left, right) !== 'contradict';
  const [one, other] = [left, right].map((text) =>
    key === 'commit' ? text.slice(0, shortestCommit).toLowerCase() : text,
  );
  return one === other;
}

/**
 * Whether something that was told of one change may agree with something that was told of the other. A change shows but
 * one of several spellings of a commit, and one of several artifacts.
 */
export function mayAgree(left: Identifying, right: Identifying): boolean {
  return identifying.some((key) => mayMatch(key, left[key], right[key]));
}

/** Whether one of what identifies them says that two descriptions are of the same thing. */
export function agree(left: Identifying, right: Identifying): boolean {
  return identifying.some((key) => compareField(key, left[key], right[key]) === 'agree');
}

/** Whether one of what identifies them says that two descriptions are of different things. */
export function contradicts(left: Identifying, right: Identifying): boolean {
  return identifying.some((key) => compareField(key, left[key], right[key]) === 'contradict');
}

function spanOf({ startedAt, finishedAt, createdAt }: Change): Span {
  return [startedAt ?? finishedAt ?? createdAt, finishedAt ?? startedAt ?? createdAt];
}

/** Milliseconds between what is told and a change; 0 where they overlap. */
function distance({ from, to }: Description, change: Change): number {
  return gapBetween([from, to], spanOf(change));
}

/**
 * Whether a report by one source is of a change that others told of; both are of the same service and environment.
 * The same: version, commit or artifact digest agrees, none contradicts, and they lie within `window` milliseconds.
 * Suspected: one agrees but another contradicts. A source that gave the change a name already means another one:
 * two deployments of the same version by one source are two changes.
 */
export function compareIdentity(told: Description, candidate: Candidate, window: number): Likeness {
  if (candidate.sources.includes(told.source)) return 'different';
  if (distance(told, candidate.change) > window) return 'different';
  const found = identifying.map((key) => compareField(key, told.facts[key], candidate.change[key]));
  if (!found.includes('agree')) return 'different';
  return found.includes('contradict') ? 'suspected' : 'same';
}

/**
 * The change that a report is of, and those it might be of. Of several that are the same the nearest in time is meant
 * (v1, v2 and v1 again are three changes), then the earliest made.
 */
export function findSame(
  told: Description,
  candidates: readonly Candidate[],
  window: number,
): { readonly same: Change | null; readonly suspected: readonly Change[] } {
  const pick = (likeness: Likeness): Change[] =>
    candidates
      .filter((candidate) => compareIdentity(told, candidate, window) === likeness)
      .map(({ change }) => change);
  const [same] = pick('same').sort(
    (left, right) =>
      distance(told, left) - distance(told, right) ||
      left.createdAt - right.createdAt ||
      (left.id < right.id ? -1 : 1),
  );
  return { same: same ?? null, suspected: pick('suspected') };
}

/** Milliseconds between two changes; 0 where they overlap. */
export function distanceOf(left: Change, right: Change): number {
  return gapBetween(spanOf(left), spanOf(right));
}

/** Whether two changes that were not joined may be one all the same: no source named both, and something agrees. */
export function mayBeSame(left: Candidate, right: Candidate, window: number): boolean {
  if (left.change.id === right.change.id) return false;
  if (left.sources.some((source) => right.sources.includes(source))) return false;
  if (distanceOf(left.change, right.change) > window) return false;
  return agree(left.change, right.change);
}
