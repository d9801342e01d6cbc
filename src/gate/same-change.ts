import type { ChangeFacts } from '../ledger/change.ts';

/** What a change is recognised by. */
export type ChangeNames = Partial<Pick<ChangeFacts, 'version' | 'commit' | 'artifact'>>;

const abbreviated = /^[0-9a-f]{7,64}$/;

/** Commits may be abbreviated, to no fewer than seven figures. */
function agree(left: string, right: string): boolean {
  if (left === right) return true;
  if (!abbreviated.test(left) || !abbreviated.test(right)) return false;
  return left.length < right.length ? right.startsWith(left) : left.startsWith(right);
}

function namesOf({ version, commit, artifact }: ChangeNames): readonly string[] {
  return [version, commit, artifact].filter((name) => typeof name === 'string' && name !== '') as string[];
}

/**
 * Whether both tell of the same change: any version, commit or artifact of one is one of the other's. A commit may be
 * told as the version, as many pipelines do. Those that tell nothing are never the same.
 */
export function isSameChange(left: ChangeNames, right: ChangeNames): boolean {
  const names = namesOf(right);
  return namesOf(left).some((name) => names.some((other) => agree(name, other)));
}

/** A change for a sentence: its version, else the beginning of its commit, else its artifact. */
export function nameChange({ version, commit, artifact }: ChangeNames): string {
  return version ?? commit?.slice(0, 12) ?? artifact ?? 'a change without a name';
}
