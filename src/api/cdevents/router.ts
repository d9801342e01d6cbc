import { Router } from 'express';
import type { Changes } from '../../ledger/changes.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf } from '../context.ts';
import type { HookHouse } from '../hook-house.ts';
import { admitSigned, type SignedDeps } from '../signed.ts';
import { readEnvelope } from './envelope.ts';
import { readEvent } from './event.ts';

export type CdEventsDeps = SignedDeps & {
  readonly changes: Pick<Changes, 'report'>;
  readonly house: () => HookHouse;
  readonly metrics: Pick<Metrics, 'authFailure' | 'hookEvent'>;
};

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
    const reports = told.flatMap(({ report }) => (report === null ? [] : [report]));
    if (reports.length > 0) await deps.changes.report(reports, by);
    for (const { kind, report } of told)
      deps.metrics.hookEvent('cdevents', kind, report === null ? 'ignored' : 'recorded');
    if (reports.length < told.length) {
      const { requestId } = contextOf(response);
      deps.logger.info(
        { requestId, ignored: told.length - reports.length },
        'CDEvents concerned nothing here',
      );
    }
    response.status(202).json({ accepted: true });
  });
  return router;
}
