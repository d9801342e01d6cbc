import { type Catalog, findService } from './analysis/catalog.ts';
import type { UnitOfWork } from './analysis/run-store.ts';
import type { IncidentsDeps } from './api/incidents/router.ts';
import type { Config } from './config.ts';
import type { LedgerPolicy } from './ledger/changes.ts';
import { createIncidents } from './ledger/incidents.ts';

/** What the configuration says of time in the ledger. A service's own window comes before its tier's. */
export function ledgerPolicyOf({ ledger, services }: Config): Omit<LedgerPolicy, 'now'> {
  const { observationWindow, abandonAfter, rollbackWindow, attributionWindow, attributionWindows } = ledger;
  return {
    observationWindow,
    abandonAfter,
    rollbackWindow,
    attributionWindow: (name) => {
      const service = services.find((one) => one.name === name);
      const ofTier = service?.tier === undefined ? undefined : attributionWindows[service.tier];
      return service?.attributionWindow ?? ofTier ?? attributionWindow;
    },
  };
}

/** Joins incidents with the ledger and the configured services. */
export function wireIncidents(ground: {
  readonly unitOfWork: UnitOfWork;
  readonly now: () => number;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly catalog: () => Catalog;
}): Omit<IncidentsDeps, 'now'> {
  const { unitOfWork, now, ledgerPolicy, catalog } = ground;
  return {
    incidents: createIncidents({ unitOfWork, now, policy: ledgerPolicy }),
    findPlace: (name) => {
      const service = findService(catalog(), name);
      return service === null ? null : { service: service.name, environment: service.environment };
    },
  };
}
