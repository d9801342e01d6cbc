import type { Change } from '../../ledger/change.ts';
import type { LedgerStore } from '../../ledger/ledger-store.ts';
import type { Run } from '../run.ts';
import type { Stores } from '../run-store.ts';

/** All changes of a service in an environment, in the order in which they came to the ledger. */
export async function readChanges(
  ledger: Pick<LedgerStore, 'list'>,
  service: string,
  environment: string,
): Promise<readonly Change[]> {
  const changes: Change[] = [];
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<LedgerStore['list']>> = await ledger.list(
      { service, environment },
      200,
      cursor,
    );
    changes.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return changes.reverse();
}

/** The analyses of these changes that are still kept, by the id of the change. */
export async function readRuns(
  runs: Pick<Stores['runs'], 'find'>,
  changes: readonly Change[],
): Promise<ReadonlyMap<string, readonly Run[]>> {
  const found = new Map<string, Run[]>();
  for (const { id, analysisIds } of changes) {
    for (const analysisId of analysisIds) {
      const run = await runs.find(analysisId);
      if (run !== null) found.set(id, [...(found.get(id) ?? []), run]);
    }
  }
  return found;
}
