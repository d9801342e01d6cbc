import type { Change, ChangeFacts } from './change.ts';

/**
 * What sources mean by the version of a service. `tag`: a name that all of them share. `sha`: the commit, as images are
 * tagged with it. `label`: something of their own, that cannot be held against the version of another source.
 */
export const versionMeanings = ['tag', 'sha', 'label'] as const;
export type VersionMeaning = (typeof versionMeanings)[number];

const commit = /^(?:sha-)?([0-9a-f]{7,64})$/i;

/** The facts with the commit that the version is, where the source told none. */
export function readVersion(facts: Partial<ChangeFacts>, meaning: VersionMeaning): Partial<ChangeFacts> {
  const [, sha] = commit.exec(facts.version ?? '') ?? [];
  return meaning === 'sha' && sha !== undefined && !facts.commit ? { ...facts, commit: sha } : facts;
}

/** What of facts may be held against those of another source. */
export function comparable<Facts extends Partial<ChangeFacts> | Change>(
  facts: Facts,
  meaning: VersionMeaning,
): Facts {
  return meaning === 'tag' ? facts : { ...facts, version: null };
}
