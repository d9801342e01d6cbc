import type { ChangeFacts } from '../ledger/change.ts';
import { describeSame } from '../ledger/identity.ts';

/** What a change is recognised by. */
export type ChangeNames = Partial<Pick<ChangeFacts, 'version' | 'commit' | 'artifact'>>;

const looksLikeCommit = /^[0-9a-f]{7,64}$/i;

/** Many pipelines call a version by its commit; that is told as the commit then. */
function readNames({ version, commit, artifact }: ChangeNames): ChangeNames {
  const named = { version: version || null, commit: commit || null, artifact: artifact || null };
  if (named.version === null || !looksLikeCommit.test(named.version)) return named;
  const isRepeated =
    named.commit === null || describeSame({ commit: named.commit }, { commit: named.version });
  return isRepeated ? { ...named, version: null, commit: named.commit ?? named.version } : named;
}

/**
 * Whether both tell of the same change: version, commit or artifact digest of one agrees with the other's, and none
 * contradicts, for the same version built from another commit was not judged. A commit may be abbreviated, to no fewer
 * than seven figures, or told as the version. Those that tell nothing are never the same.
 */
export function isSameChange(left: ChangeNames, right: ChangeNames): boolean {
  return describeSame(readNames(left), readNames(right));
}

/** A change for a sentence: its version, else the beginning of its commit, else its artifact. */
export function nameChange({ version, commit, artifact }: ChangeNames): string {
  return version ?? commit?.slice(0, 12) ?? artifact ?? 'a change without a name';
}
