import { Router } from 'express';
import type { Actor } from '../../ledger/actor.ts';
import type { Changes } from '../../ledger/changes.ts';
import type { Incidents } from '../../ledger/incidents.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf } from '../context.ts';
import type { HookHouse } from '../hook-house.ts';
import { admitSigned, type SignedDeps } from '../signed.ts';
import { readEnvelope } from './envelope.ts';
import { readEvent, type Told } from './event.ts';

export type CdEventsDeps = SignedDeps & {
  readonly changes: Pick<Changes, 'report'>;
  readonly incidents: { readonly incidents: Pick<Incidents, 'take'> };
  readonly house: () => HookHouse;
  readonly metrics: Pick<Metrics, 'authFailure' | 'hookEvent'>;
};

/** Each kind as a whole; whoever is told of a failure sends all of it again, which changes nothing twice. */
async function record(
  told: readonly Told[],
  by: Actor,
  { changes, incidents: { incidents } }: CdEventsDeps,
): Promise<void> {
  const reports = told.flatMap((one) => (one.kind === 'service' && one.report !== null ? [one.report] : []));
  const taken = told.flatMap((one) => (one.kind === 'incident' && one.report !== null ? [one.report] : []));
  if (reports.length > 0) await changes.report(reports, by);
  if (taken.length > 0) await incidents.take(taken, by);
}

/**
 * Takes CDEvents over CloudEvents. Everything that is well formed is accepted: events of other kinds, of services
 * nobody configured, and those that came before.
 */
export function createCdEventsRouter(deps: CdEventsDeps): Router {
  const router = Router();
  router.post('/v1/hooks/cdevents', async (request, response) => {
    const house = deps.house();
    const signer = {
      source: 'cdevents',
      config: house.webhooks.cdevents,
      scheme: () => 'standard-webhooks' as const,
    } as const;
    const by = await admitSigned(signer, request, response, deps);
    const told = readEnvelope(request).map((one) => readEvent(one, house));
    await record(told, by, deps);
    for (const { kind, report } of told)
      deps.metrics.hookEvent('cdevents', kind, report === null ? 'ignored' : 'recorded');
    const ignored = told.filter(({ report }) => report === null).length;
    if (ignored > 0) {
      const { requestId } = contextOf(response);
      deps.logger.info({ requestId, ignored }, 'CDEvents concerned nothing here');
    }
    response.status(202).json({ accepted: true });
  });
  return router;
}
