import assert from 'node:assert/strict';
import { migrateDown, migrateUp } from '../../db/migrate.ts';
import { migrations } from '../../db/migrations/index.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';
import { epoch, hour } from '../ledger/events.ts';
import { makeOut } from '../ledger/incidents-at-hand.ts';
import { databases } from '../support/databases.ts';

for (const { name, open } of databases) {
  it(`migration 0010-incidents on ${name} works out when changes of old were out`, async () => {
    const test = await open();
    try {
      const ledger = createLedgerStore(test.database);
      await ledger.insert(makeOut('out', 1, 2));
      await ledger.insert(
        makeOut('open', 1, 2, { attempts: [{ startedAt: epoch, endedAt: null, result: 'open' }] }),
      );
      const index = migrations.findIndex((one) => one.name === '0010-incidents');
      await migrateDown(test.database, migrations.length - index);
      await migrateUp(test.database);
      const rows: { id: string; completed_at: unknown }[] = await test.database.run((sql) =>
        sql('changes').select('id', 'completed_at').orderBy('id'),
      );
      assert.deepEqual(
        rows.map(({ id, completed_at }) => [id, completed_at === null ? null : Number(completed_at)]),
        [
          ['open', null],
          ['out', epoch + 2 * hour],
        ],
      );
    } finally {
      await test.close();
    }
  });
}
