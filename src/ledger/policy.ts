import type { OutcomePolicy } from './outcome.ts';
import type { VersionMeaning } from './version-meaning.ts';

/** How time turns into outcomes, and how near in time things must lie to belong together. Milliseconds. */
export type LedgerPolicy = OutcomePolicy & {
  /** How near two sources must tell of one change (24 h). */
  readonly joinWindow?: number | undefined;
  /** What sources mean by the version of a service (`tag`). */
  readonly versionFrom?: ((service: string) => VersionMeaning) | undefined;
  /** How long after a change of the service an incident may be put to it without being told so (24 h). */
  readonly attributionWindow?: ((service: string) => number) | undefined;
  /** How long after a change one that takes it back means that it failed (24 h); 0: never. */
  readonly rollbackWindow?: number | undefined;
};

const oneDay = 86_400_000;

/** The attribution window of a service. */
export function attributionWindowOf(policy: LedgerPolicy, service: string): number {
  return policy.attributionWindow?.(service) ?? oneDay;
}

/** How near two sources must tell of one change. */
export function joinWindowOf(policy: LedgerPolicy): number {
  return policy.joinWindow ?? oneDay;
}

/** What sources mean by the version of a service. */
export function versionMeaningOf(policy: LedgerPolicy, service: string): VersionMeaning {
  return policy.versionFrom?.(service) ?? 'tag';
}

/** The rollback window. */
export function rollbackWindowOf(policy: LedgerPolicy): number {
  return policy.rollbackWindow ?? oneDay;
}
