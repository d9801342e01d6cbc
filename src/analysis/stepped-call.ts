import { SerinError } from '../errors.ts';
import type { Actor } from '../ledger/actor.ts';
import type { ChangeFacts } from '../ledger/change.ts';
import { type Catalog, findService, type Service } from './catalog.ts';
import type { Scope } from './run.ts';
import type { StartRequest } from './runs.ts';
import type { SteppedRollout } from './stepped-rollout.ts';

/** What a controller that asks before each step says with every question. Times in milliseconds. */
export type SteppedCall = {
  /** Which controller asks; the ledger knows its changes by this source. */
  readonly source: string;
  readonly namespace: string;
  readonly name: string;
  /** The controller's own name for what is rolled out. */
  readonly checksum: string;
  /** `null`: the service that has `namespace/name` or `name` as its name or alias. */
  readonly service: string | null;
  /** `null`: where the service is configured to belong, else production. */
  readonly environment: string | null;
  readonly target: string | null;
  readonly change: Partial<ChangeFacts>;
  readonly template: string | null;
  readonly duration: number | null;
  readonly interval: number | null;
  readonly dryRun: boolean;
  /** What selects the arms where the configuration of the service says nothing, and what the call says above both. */
  readonly scopes: { readonly defaults: Arms; readonly told: Arms };
  /** How long a step is held after an analysis without a verdict. */
  readonly patience: number;
  readonly by: Actor;
};

type Arms = { readonly canary: Scope; readonly baseline: Scope };

/** Where a call belongs. `service` is `null` when none is configured under the name that the call gives. */
export type Place = {
  readonly uid: string;
  readonly name: string;
  readonly environment: string;
  readonly service: Service | null;
};

function findConfigured(call: SteppedCall, catalog: Catalog): Service | null {
  if (call.service !== null) return findService(catalog, call.service);
  return findService(catalog, `${call.namespace}/${call.name}`) ?? findService(catalog, call.name);
}

/** Which service and environment a call is of; `null` when it names none and none is configured for it. */
export function locate(call: SteppedCall, catalog: Catalog): Place | null {
  const service = findConfigured(call, catalog);
  const name = service?.name ?? call.service;
  if (name === null) return null;
  const environment = call.environment ?? service?.environment ?? 'production';
  const { source, target, namespace } = call;
  return {
    uid: `${source}:${environment}/${target ?? ''}/${namespace}/${call.name}`,
    name,
    environment,
    service,
  };
}

/** The error for a call that `locate` finds no place for. */
export function unknownService({ namespace, name }: SteppedCall, catalog: Catalog): SerinError {
  const known = catalog.services.map((service) => service.name).join(', ') || 'none';
  const message = `found no service with the name or alias "${namespace}/${name}" or "${name}"; configured are ${known}`;
  return new SerinError('unknown_service', `service: ${message}`, { issues: [{ path: 'service', message }] });
}

/** The request of the analysis that a rollout's step waits for. */
export function requestOf(
  call: SteppedCall,
  { uid, name, environment, service }: Place,
  { revision, grants }: Pick<SteppedRollout, 'revision' | 'grants'>,
): StartRequest {
  const { source, target, change, template, duration, interval, dryRun, by, scopes } = call;
  const arm = (which: 'canary' | 'baseline'): Scope => ({
    ...scopes.defaults[which],
    ...service?.scopes[which],
    ...scopes.told[which],
  });
  return {
    ...{ source, target, change, template, duration, interval, dryRun, by, environment },
    key: `${uid}/${revision}/${grants}`,
    service: name,
    rollout: { uid, revision: String(revision), namespace: call.namespace, name: call.name },
    plan: null,
    canary: arm('canary'),
    baseline: arm('baseline'),
    start: null,
    end: null,
    polled: false,
  };
}
