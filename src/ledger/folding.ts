import type { Change } from './change.ts';
import type { LedgerStore } from './ledger-store.ts';
import { type ChangeIdentity, foldChange } from './outcome.ts';
import type { LedgerPolicy } from './policy.ts';

/** Folds the change's events and what is held against it, and saves what they come to. Nothing around it is looked at. */
export async function foldAndSave(
  store: LedgerStore,
  base: ChangeIdentity,
  policy: LedgerPolicy,
): Promise<Change> {
  // What others record of it meanwhile would be lost to the state that is saved.
  await store.holdPlace(base.service, base.environment);
  const events = await store.eventsOf(base.id);
  const change = foldChange(base, events, policy, await store.blamesOf(base.id));
  await store.save(change);
  return change;
}
