import type { Change } from './change.ts';
import type { LedgerStore } from './ledger-store.ts';

/** Where something is, as far as that is known. */
type Placed = { readonly service: string | null; readonly environment: string | null };

/** Places that a report may touch are held in one order, so that two requests never wait for each other. */
export async function holdPlaces(store: LedgerStore, placed: readonly (Placed | null)[]): Promise<void> {
  const places = placed.flatMap((one) =>
    one === null || one.service === null || one.environment === null
      ? []
      : [[one.service, one.environment] as const],
  );
  const sorted = [...new Map(places.map((place) => [JSON.stringify(place), place]))].sort(
    ([left], [right]) => (left < right ? -1 : 1),
  );
  for (const [, [service, environment]] of sorted) await store.holdPlace(service, environment);
}

/**
 * The change of that id, once its place is held: until then it may become part of another. `null` without one.
 */
export async function findHeld(store: LedgerStore, id: string): Promise<Change | null> {
  const seen = await store.find(id);
  if (seen === null) return null;
  await store.holdPlace(seen.service, seen.environment);
  return store.find(id);
}
