import assert from 'node:assert/strict';
import { createRollupStore } from '../../src/store/rollup-store.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import type { TestDatabase } from '../support/databases.ts';
import { policyAt } from './events.ts';

/** What the use cases of the ledger need, over the database of a test, `hours` after the epoch. */
export function makeLedgerDeps(test: () => TestDatabase, hours: () => number = () => 80) {
  const policy = () => policyAt(hours());
  return {
    get unitOfWork() {
      return createUnitOfWork(test().database);
    },
    now: () => policy().now,
    policy,
  };
}

/** Takes all that was told out of the database again. */
export async function emptyLedger({ database }: TestDatabase): Promise<void> {
  for (const table of ['runs', 'incidents', 'changes', 'change_rollups'])
    await database.run((sql) => sql(table).del());
}

/** Reports are read from roll-ups, so those must be what the changes come to. */
export async function assertRolledUp({ database }: TestDatabase): Promise<void> {
  assert.deepEqual((await createRollupStore(database).check()).differences, []);
}
