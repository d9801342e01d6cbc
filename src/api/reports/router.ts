import { type Request, Router } from 'express';
import { mustConcernList } from '../../auth/caller.ts';
import { bucketLengths } from '../../ledger/calendar.ts';
import type { JudgeQuality } from '../../ledger/judge-quality.ts';
import { counts } from '../../ledger/rates.ts';
import { groupings } from '../../ledger/report.ts';
import type { ChangeFailureQuery, Reports } from '../../ledger/reports.ts';
import type { StoredReport, StoredReports } from '../../ledger/stored-reports.ts';
import { callerOf } from '../context.ts';
import { type FindService, queryPage, queryRange, queryService, queryText, queryWord } from '../query.ts';
import type { components } from '../schema.gen.ts';
import { writeInstant } from '../times.ts';
import { sendReport } from './formats.ts';
import { writeJudgeQuality } from './judge-quality.ts';
import { writeReport } from './wire.ts';

type Schemas = components['schemas'];

export type ReportsRouterDeps = {
  readonly reports: Reports;
  readonly judgeQuality: JudgeQuality;
  readonly storedReports: Pick<StoredReports, 'list' | 'get'>;
  readonly findPlace: FindService;
};

function queryBoolean(request: Request, name: string): boolean | undefined {
  const value = request.query[name];
  return value === undefined ? undefined : String(value) === 'true';
}

function readScope(request: Request, { findPlace }: ReportsRouterDeps) {
  return {
    ...queryRange(request),
    service: queryService(request, findPlace),
    team: queryText(request, 'team'),
    environment: queryText(request, 'environment'),
    tier: queryText(request, 'tier'),
  };
}

function readQuery(request: Request, deps: ReportsRouterDeps): ChangeFailureQuery {
  return {
    ...readScope(request, deps),
    bucket: queryWord(request, 'bucket', bucketLengths),
    tz: queryText(request, 'tz'),
    groupBy: queryWord(request, 'groupBy', groupings),
    count: queryWord(request, 'count', counts),
    includeRollbacks: queryBoolean(request, 'includeRollbacks'),
  };
}

function writeEntry({ id, schedule, dueAt, createdAt, report }: StoredReport): Schemas['StoredReportEntry'] {
  return {
    ...{ id, schedule },
    dueAt: writeInstant(dueAt),
    createdAt: writeInstant(createdAt),
    from: writeInstant(report.from),
    to: writeInstant(report.to),
  };
}

/** The routes under `/v1/reports`. */
export function createReportsRouter(deps: ReportsRouterDeps): Router {
  const { reports, judgeQuality, storedReports } = deps;
  const router = Router();
  router.get('/v1/reports/change-failure', async (request, response) => {
    const query = readQuery(request, deps);
    mustConcernList(callerOf(response), query.service);
    const report = writeReport(await reports.changeFailure(query));
    sendReport(request, response, report, report);
  });
  router.get('/v1/reports/judge-quality', async (request, response) => {
    const query = { ...readScope(request, deps), cases: queryBoolean(request, 'cases') };
    mustConcernList(callerOf(response), query.service);
    response.json(writeJudgeQuality(await judgeQuality.report(query)));
  });
  // What is kept is of many services: a caller with a scope asks for its own instead.
  router.get('/v1/reports/stored', async (request, response) => {
    mustConcernList(callerOf(response), undefined);
    const { limit, cursor } = queryPage(request);
    const page = await storedReports.list(queryText(request, 'schedule'), limit, cursor);
    response.json({ items: page.items.map(writeEntry), nextCursor: page.nextCursor });
  });
  router.get('/v1/reports/stored/:id', async (request, response) => {
    mustConcernList(callerOf(response), undefined);
    const stored = await storedReports.get(String(request.params['id']));
    const report = writeReport(stored.report);
    sendReport(request, response, report, { ...writeEntry(stored), report });
  });
  return router;
}
