import { Router } from 'express';
import type { AuthConfig } from '../../auth/config.ts';
import type { Incidents } from '../../ledger/incidents.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf } from '../context.ts';
import { admitSigned, type SignedDeps } from '../signed.ts';
import { counts, type MappingDeps, toReport } from './mapping.ts';
import { sourceNamed } from './sources.ts';

export type IncidentHooksDeps = SignedDeps & {
  readonly incidents: Pick<Incidents, 'take'>;
  readonly mapping: () => Omit<MappingDeps, 'now'> & { readonly webhooks: AuthConfig['webhooks'] };
  readonly metrics: Pick<Metrics, 'authFailure' | 'hookEvent'>;
};

/**
 * Takes webhooks of incident sources. What maps to no service is kept, to be mapped later, and accepted: sources switch
 * off a webhook that is refused a few times.
 */
export function createIncidentHooksRouter(deps: IncidentHooksDeps): Router {
  const router = Router();
  router.post('/v1/hooks/incidents/:source', async (request, response) => {
    const [name, { scheme, header, read }] = sourceNamed(String(request.params['source']));
    const { webhooks, mapping, findPlace } = deps.mapping();
    const signer = { source: name, config: webhooks[name], scheme, header };
    const by = await admitSigned(signer, request, response, deps);
    const told = read(request.body).filter((one) => counts(name, one, mapping));
    const house = { mapping, findPlace, now: deps.now() };
    const taken = await deps.incidents.take(
      told.map((one) => toReport(name, one, house)),
      by,
    );
    const unmapped = taken.filter(({ service }) => service === null);
    deps.metrics.hookEvent(name, 'incident', taken.length === 0 ? 'ignored' : 'recorded');
    if (unmapped.length > 0) {
      const { requestId } = contextOf(response);
      const keys = [...new Set(unmapped.flatMap(({ serviceKeys }) => serviceKeys))].slice(0, 20);
      deps.logger.warn({ requestId, source: name, keys }, 'incidents map to no service');
    }
    response.status(202).json({ accepted: true, incidents: taken.length, unmapped: unmapped.length });
  });
  return router;
}
