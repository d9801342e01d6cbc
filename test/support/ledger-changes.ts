import type { Actor } from '../../src/ledger/actor.ts';
import {
  type ChangeReport,
  type Changes,
  type ChangesDeps,
  createChanges,
  type Ruling,
} from '../../src/ledger/changes.ts';
import { createAuditStore } from '../../src/store/audit-store.ts';
import type { Connection, Database } from '../../src/store/database.ts';
import { createLedgerStore } from '../../src/store/ledger-store.ts';

/** The ledger's use cases, told by somebody who may do everything where a test does not say by whom. */
export type LedgerChanges = Pick<Changes, 'get' | 'list'> & {
  report(reports: readonly ChangeReport[], by?: Actor): ReturnType<Changes['report']>;
  rule(id: string, ruling: Ruling): ReturnType<Changes['rule']>;
};

function wrapChanges(changes: Changes): LedgerChanges {
  const ann: Actor = { name: 'ann', isAdmin: true };
  return {
    ...changes,
    report: (reports, by = ann) => changes.report(reports, by),
    rule: (id, { by, ...ruling }) => changes.rule(id, ruling, { name: by, isAdmin: true }),
  };
}

/** The same over a database. */
export function makeLedgerChanges(
  database: Database,
  deps: Pick<ChangesDeps, 'now' | 'policy'>,
): LedgerChanges {
  const over = (connection: Connection) => ({
    ledger: createLedgerStore(connection),
    audit: createAuditStore(connection),
  });
  const unitOfWork: ChangesDeps['unitOfWork'] = {
    stores: over(database),
    transaction: (work) => database.transaction((connection) => work(over(connection))),
  };
  return wrapChanges(createChanges({ unitOfWork, ...deps }));
}
