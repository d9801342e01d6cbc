import { type Request, Router } from 'express';
import { queryRange, queryText, queryWord } from './query.ts';
import type { components } from './schema.gen.ts';
import { writeInstant } from './times.ts';

type Schemas = components['schemas'];

const buckets = ['day', 'week', 'month'] as const;
const groupings = ['service', 'team', 'environment', 'tier'] as const;
const counts = ['failed', 'escaped'] as const;

/** What a report is asked for; what is absent is left to the report's own defaults. Times in milliseconds. */
export type ChangeFailureQuery = {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly service?: string | undefined;
  readonly team?: string | undefined;
  readonly environment?: string | undefined;
  readonly tier?: string | undefined;
  readonly bucket?: (typeof buckets)[number] | undefined;
  readonly tz?: string | undefined;
  readonly groupBy?: (typeof groupings)[number] | undefined;
  readonly count?: (typeof counts)[number] | undefined;
  readonly includeRollbacks?: boolean | undefined;
};

type Percentiles = { readonly p50: number | null; readonly p90: number | null };
type Rates = {
  readonly changes: number;
  readonly failed: number;
  readonly escaped: number;
  readonly caughtInCanary: number;
  readonly failedToDeploy: number;
  readonly rate: number | null;
  readonly interval: readonly [number, number] | null;
  readonly enough: boolean;
  readonly deploymentsPerDay: number | null;
  readonly leadTimeSeconds: Percentiles;
  readonly recoverySeconds: Percentiles;
  readonly reworkRate: number | null;
};
export type ChangeFailureReport = {
  readonly definition: string;
  readonly from: number;
  readonly to: number;
  readonly tz: string;
  readonly totals: Rates;
  readonly previous: Rates | null;
  readonly buckets: readonly (Rates & { readonly start: number })[];
  readonly groups: readonly (Rates & { readonly key: string })[];
  readonly pending: number;
  readonly abandoned: number;
  readonly unattributedIncidents: number;
};
/** The reports that callers may ask for. */
export type Reports = { changeFailure(query: ChangeFailureQuery): Promise<ChangeFailureReport> };

function readQuery(request: Request): ChangeFailureQuery {
  const includeRollbacks = request.query['includeRollbacks'];
  return {
    ...queryRange(request),
    service: queryText(request, 'service'),
    team: queryText(request, 'team'),
    environment: queryText(request, 'environment'),
    tier: queryText(request, 'tier'),
    bucket: queryWord(request, 'bucket', buckets),
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
    response.json(writeReport(await reports.changeFailure(readQuery(request))));
  });
  return router;
}
