import { type Catalog, findService } from './analysis/catalog.ts';
import type { UnitOfWork } from './analysis/run-store.ts';
import type { IncidentHooksDeps } from './api/incidents/hooks.ts';
import { findByKeys } from './api/incidents/mapping.ts';
import type { IncidentsDeps } from './api/incidents/router.ts';
import type { Config } from './config.ts';
import type { LedgerPolicy } from './ledger/changes.ts';
import { createIncidents } from './ledger/incidents.ts';
import type { Logger } from './telemetry/logger.ts';
import type { Work } from './wire-scheduler.ts';

/** What the configuration says of time in the ledger. A service's own window comes before its tier's. */
export function ledgerPolicyOf({ ledger, services }: Config): Omit<LedgerPolicy, 'now'> {
  const { observationWindow, abandonAfter, rollbackWindow, attributionWindow, attributionWindows } = ledger;
  return {
    observationWindow,
    abandonAfter,
    rollbackWindow,
    versionFrom: (name) => services.find((one) => one.name === name)?.versionFrom ?? 'tag',
    attributionWindow: (name) => {
      const service = services.find((one) => one.name === name);
      const ofTier = service?.tier === undefined ? undefined : attributionWindows[service.tier];
      return service?.attributionWindow ?? ofTier ?? attributionWindow;
    },
  };
}

type IncidentsGround = {
  readonly unitOfWork: UnitOfWork;
  readonly now: () => number;
  readonly ledgerPolicy: () => LedgerPolicy;
  readonly catalog: () => Catalog;
  readonly config: () => Config;
  readonly logger: Logger;
};

/** What the API needs of incidents, and what is done for them beside it. */
export type IncidentParts = {
  readonly incidents: Omit<IncidentsDeps, 'now'>;
  readonly incidentMapping: IncidentHooksDeps['mapping'];
  /** Maps incidents anew when the configuration is another than before. */
  readonly incidentWork: Work;
};

/** Joins incidents with the ledger and the configured services. */
export function wireIncidents(ground: IncidentsGround): IncidentParts {
  const { unitOfWork, now, ledgerPolicy, catalog, config, logger } = ground;
  const incidents = createIncidents({ unitOfWork, now, policy: ledgerPolicy });
  const findPlace: IncidentsDeps['findPlace'] = (name) => {
    const service = findService(catalog(), name);
    return service === null ? null : { service: service.name, environment: service.environment };
  };
  let mappedWith: Config | null = null;
  return {
    incidents: { incidents, findPlace },
    incidentMapping: () => ({ mapping: config().incidents, findPlace, webhooks: config().auth.webhooks }),
    incidentWork: {
      tick: async () => undefined,
      housekeeping: async () => {
        const current = config();
        if (mappedWith === current) return;
        try {
          await incidents.remap((keys) => findByKeys(keys, { mapping: current.incidents, findPlace }));
          mappedWith = current;
        } catch (error) {
          logger.error({ err: error }, 'incidents could not be mapped anew');
        }
      },
      stop: async () => undefined,
    },
  };
}
