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
