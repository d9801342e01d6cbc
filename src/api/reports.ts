import { type Request, Router } from 'express';
import { mustConcernList } from '../auth/caller.ts';
import { bucketLengths } from '../ledger/calendar.ts';
import { counts, type Rates } from '../ledger/rates.ts';
import { type ChangeFailureReport, groupings } from '../ledger/report.ts';
import type { ChangeFailureQuery, Reports } from '../ledger/reports.ts';
import { callerOf } from './context.ts';
import { queryRange, queryText, queryWord } from './query.ts';
import type { components } from './schema.gen.ts';
import { writeInstant } from './times.ts';

type Schemas = components['schemas'];

function readQuery(request: Request): ChangeFailureQuery {
  const includeRollbacks = request.query['includeRollbacks'];
  return {
    ...queryRange(request),
    service: queryText(request, 'service'),
    team: queryText(request, 'team'),
    environment: queryText(request, 'environment'),
    tier: queryText(request, 'tier'),
    bucket: queryWord(request, 'bucket', bucketLengths),
    tz: queryText(request, 'tz'),
    groupBy: queryWord(request, 'groupBy', groupings),
    count: queryWord(request, 'count', counts),
    includeRollbacks: includeRollbacks === undefined ? undefined : String(includeRollbacks) === 'true',
  };
}

function writeRates(rates: Rates): Schemas['Rates'] {
  return {
    changes: rates.changes,
    failed: rates.failed,
    escaped: rates.escaped,
    caughtInCanary: rates.caughtInCanary,
    failedToDeploy: rates.failedToDeploy,
    rate: rates.rate,
    interval: rates.interval === null ? null : [...rates.interval],
    enough: rates.enough,
    deploymentsPerDay: rates.deploymentsPerDay,
    leadTimeSeconds: { ...rates.leadTimeSeconds },
    recoverySeconds: { ...rates.recoverySeconds },
    reworkRate: rates.reworkRate,
  };
}

function writeReport(report: ChangeFailureReport): Schemas['ChangeFailureReport'] {
  return {
    definition: report.definition,
    from: writeInstant(report.from),
    to: writeInstant(report.to),
    tz: report.tz,
    totals: writeRates(report.totals),
    previous: report.previous === null ? null : writeRates(report.previous),
    buckets: report.buckets.map((bucket) => ({ start: writeInstant(bucket.start), ...writeRates(bucket) })),
    groups: report.groups.map((group) => ({ key: group.key, ...writeRates(group) })),
    pending: report.pending,
    abandoned: report.abandoned,
    unattributedIncidents: report.unattributedIncidents,
  };
}

/** The routes under `/v1/reports`. */
export function createReportsRouter(reports: Reports): Router {
  const router = Router();
  router.get('/v1/reports/change-failure', async (request, response) => {
    const query = readQuery(request);
    mustConcernList(callerOf(response), query.service);
    response.json(writeReport(await reports.changeFailure(query)));
  });
  return router;
}
