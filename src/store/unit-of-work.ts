import type { Stores, UnitOfWork } from '../analysis/run-store.ts';
import type { TokenUnitOfWork } from '../auth/tokens.ts';
import type { GateUnitOfWork } from '../gate/gates.ts';
import type { AuditStore } from '../ledger/audit-store.ts';
import { createAuditStore } from './audit-store.ts';
import type { Connection, Database } from './database.ts';
import { createDeliveryStore } from './delivery-store.ts';
import { createGateStore } from './gate-store.ts';
import { createKayentaStore } from './kayenta-store.ts';
import { createLedgerStore } from './ledger-store.ts';
import { createNoiseStore } from './noise-store.ts';
import { createOutboxStore } from './outbox-store.ts';
import { createRunStore } from './run-store.ts';
import { createSteppedRolloutStore } from './stepped-rollout-store.ts';
import { createTokenStore } from './token-store.ts';

/** The stores over one database. Inside a transaction only the stores handed in may be used; others reject. */
export function createUnitOfWork(database: Database): UnitOfWork {
  return {
    stores: createStores(database),
    transaction: (work) => database.transaction((connection) => work(createStores(connection))),
  };
}

function createStores(connection: Connection): Stores {
  return {
    runs: createRunStore(connection),
    ledger: createLedgerStore(connection),
    noise: createNoiseStore(connection),
    steppedRollouts: createSteppedRolloutStore(connection),
    outbox: createOutboxStore(connection),
    kayenta: createKayentaStore(connection),
    audit: createAuditStore(connection),
    deliveries: createDeliveryStore(connection),
  };
}

/** The same with the gates that are waited at. */
export function createGateUnitOfWork(database: Database): GateUnitOfWork {
  const createAll = (connection: Connection) => ({
    ...createStores(connection),
    gates: createGateStore(connection),
  });
  return {
    stores: createAll(database),
    transaction: (work) => database.transaction((connection) => work(createAll(connection))),
  };
}

/** The same for tokens, whose writes are audited too. */
export function createTokenUnitOfWork(
  database: Database,
): TokenUnitOfWork & { readonly stores: { readonly audit: AuditStore } } {
  const createStores = (connection: Connection) => ({
    tokens: createTokenStore(connection),
    audit: createAuditStore(connection),
  });
  return {
    stores: createStores(database),
    transaction: (work) => database.transaction((connection) => work(createStores(connection))),
  };
}
