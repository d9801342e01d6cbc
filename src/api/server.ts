import type { RequestListener, ServerResponse } from 'node:http';
import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';
import type { RolloutEvents } from '../analysis/rollout-events.ts';
import type { Runs } from '../analysis/runs.ts';
import type { SteppedRollouts } from '../analysis/stepped-rollouts.ts';
import type { Authentication } from '../auth/authentication.ts';
import type { Tokens } from '../auth/tokens.ts';
import { SerinError } from '../errors.ts';
import type { Gates } from '../gate/gates.ts';
import type { AuditStore } from '../ledger/audit-store.ts';
import type { Backfill } from '../ledger/backfill.ts';
import type { Changes } from '../ledger/changes.ts';
import { createHttpLog } from '../telemetry/http-log.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { guardAccess } from './access.ts';
import { createAnalysesRouter } from './analyses/router.ts';
import { type ArgoDeps, catchArgoErrors, createArgoAnalysisRouter } from './argo-rollouts/analysis.ts';
import { createArgoEventsRouter } from './argo-rollouts/events.ts';
import { createOutageClock } from './argo-rollouts/outage-clock.ts';
import { createAuditRouter } from './audit.ts';
import { catchEcsErrors, createEcsRouter, type EcsDeps } from './aws/ecs.ts';
import { createBackfillRouter } from './backfill/router.ts';
import { readBody } from './body.ts';
import { type CdEventsDeps, createCdEventsRouter } from './cdevents/router.ts';
import { createChangesRouter } from './changes.ts';
import { contextOf, openContext } from './context.ts';
import { tokenSegmentOf } from './credential.ts';
import { createDrain, type Drain } from './drain.ts';
import { catchFlaggerErrors, createFlaggerRouter, type FlaggerDeps } from './flagger/hooks.ts';
import { createFlaggerPrometheusRouter } from './flagger/prometheus.ts';
import { createGatesRouter } from './gates.ts';
import { createGithubRouter, type GithubDeps } from './github/router.ts';
import { createGitlabRouter } from './gitlab/router.ts';
import { createHealthRouter, type Health } from './health.ts';
import { createIncidentHooksRouter, type IncidentHooksDeps } from './incidents/hooks.ts';
import { createIncidentsRouter, type IncidentsDeps } from './incidents/router.ts';
import { plainJson } from './json.ts';
import { createJudgeRouter, type Judging } from './judge.ts';
import type { Kayenta } from './kayenta/deps.ts';
import { catchKayentaErrors } from './kayenta/outage.ts';
import { isKayentaRoute } from './kayenta/paths.ts';
import { createKayentaRouter } from './kayenta/router.ts';
import { findOperation } from './operations.ts';
import { toProblem } from './problem.ts';
import { dropEmptyQuery } from './query.ts';
import { toRefusal } from './refusal.ts';
import { createReportsRouter, type ReportsRouterDeps } from './reports/router.ts';
import { readSpecText, type Spec } from './spec.ts';
import { createSpinnakerRouter } from './spinnaker/stage.ts';
import { type After, afterOnClock } from './timers.ts';
import { createTokensRouter } from './tokens.ts';
import { createValidation, type Validation } from './validation.ts';

export type ServerDeps = Omit<ReportsRouterDeps, 'findPlace'> & {
  readonly runs: Runs;
  readonly rolloutEvents: RolloutEvents;
  readonly steppedRollouts: SteppedRollouts;
  readonly changes: Changes;
  readonly backfill: Backfill;
  readonly incidents: Omit<IncidentsDeps, 'now'>;
  readonly incidentMapping: IncidentHooksDeps['mapping'];
  readonly judging: Judging;
  readonly gates: Pick<Gates, 'evaluate'>;
  readonly github: Pick<GithubDeps, 'intake' | 'secrets' | 'house'>;
  /** What the configuration says of those who send webhooks. */
  readonly hookHouse: CdEventsDeps['house'];
  readonly kayenta: Kayenta;
  /** Tells who calls. */
  readonly authentication: Authentication;
  readonly tokens: Tokens;
  readonly audit: Pick<AuditStore, 'list'>;
  readonly health: Health;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Where people reach the server; `null` when not known, then pages are named by their path. */
  readonly publicUrl: string | null;
  /** Names, besides those of the loopback, for calls without a credential (OwnPages); `null`: any name. */
  readonly hostNames: readonly string[] | null;
  /** For how long an outage is answered `running`, milliseconds. */
  readonly outageGrace: () => number;
  /** Timers; the real clock by default. */
  readonly after?: After;
  /** Checks requests, and answers if it was made so; by default requests alone. */
  readonly validation?: Validation;
};

/** The API, to be given to an HTTP server. */
export type ApiServer = {
  readonly handler: RequestListener;
  /** Ends every answer that is held open with the state of the moment, and asks callers to connect anew. */
  drain(): void;
};

/** An answer is no page: nothing in it may be loaded or framed. Whether TLS is forced is up to who terminates it. */
const headers: HelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  },
  strictTransportSecurity: false,
};

function measure({ metrics, now }: ServerDeps): RequestHandler {
  return (request, response, next) => {
    const { method } = request;
    response.once('close', () => {
      const context = contextOf(response);
      const route = context.operation?.route ?? 'unknown';
      metrics.httpRequest(route, method, response.statusCode, now() - context.receivedAt);
    });
    next();
  };
}

function refine(spec: Spec): ErrorRequestHandler {
  return (error, request, response, next) => {
    next(toRefusal(error, request, contextOf(response).operation, spec));
  };
}

/** Answers every error that nobody answered before, and writes the unforeseen ones to the log. */
function answerErrors(logger: Logger): ErrorRequestHandler {
  return (error, _request, response, _next) => {
    const { requestId } = contextOf(response);
    const { status, retryAfter, body } = toProblem(error, requestId);
    if (status >= 500) logger.error({ err: error, requestId }, 'a request failed');
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    if (retryAfter !== null) response.setHeader('Retry-After', retryAfter);
    response.setHeader('Content-Type', 'application/problem+json');
    const isKayenta = isKayentaRoute(contextOf(response).operation?.route);
    response.status(status).json(isKayenta ? { ...body, message: body.detail } : body);
  };
}

const notFound: RequestHandler = (request, _response, next) => {
  next(
    new SerinError(
      'not_found',
      `there is nothing at ${request.path.slice(0, 200)}; /openapi.yaml lists what there is`,
    ),
  );
};

/** What happens to a request before its handler. */
function addReading(app: Express, deps: ServerDeps, drain: Drain, validation: Validation): void {
  app.use(openContext(deps.now), measure(deps));
  const tokenRoutes = Object.keys(validation.spec.paths).filter((route) => tokenSegmentOf(route) >= 0);
  const idOf = (_request: unknown, response: ServerResponse): string =>
    String(response.getHeader('X-Request-Id'));
  app.use(createHttpLog(deps.logger, idOf, tokenRoutes));
  app.use(helmet(headers));
  app.use(plainJson, drain.announce, findOperation(validation.spec), guardAccess(validation.spec, deps));
  app.use(dropEmptyQuery);
  app.use([...validation.before], [...readBody()], [...validation.request]);
}

/** The routes of the ledger and of those who run Serin. */
function addOwnRoutes(app: Express, deps: ServerDeps, drain: Drain, after: After, spec: Spec): void {
  const { now, runs, publicUrl } = deps;
  const { findPlace } = deps.incidents;
  app.use(createAnalysesRouter({ runs, drain, after, publicUrl, findPlace }));
  app.use(createChangesRouter({ changes: deps.changes, findPlace, now }));
  app.use(createTokensRouter(deps.tokens), createAuditRouter(deps.audit));
  app.use(createIncidentsRouter({ ...deps.incidents, now }));
  app.use(createBackfillRouter({ ...deps, findPlace, spec }));
  app.use(createReportsRouter({ ...deps, findPlace }));
  app.use(createJudgeRouter(deps.judging, drain));
  app.use(createGatesRouter(deps.gates));
}

/**
 * The routes of callers that are spoken to in their own tongue.
 *
 * @returns what answers their errors in it
 */
function addCallers(app: Express, deps: ServerDeps, drain: Drain, after: After): ErrorRequestHandler[] {
  const { now, logger, runs, publicUrl, metrics } = deps;
  const outage = createOutageClock(now, deps.outageGrace);
  const argo: ArgoDeps = { runs, outage, drain, after, now, logger, publicUrl };
  app.use(createArgoAnalysisRouter(argo), createArgoEventsRouter(deps.rolloutEvents, after));
  app.use(createKayentaRouter({ ...argo, ...deps.kayenta, judging: deps.judging }));
  const ecs: EcsDeps = { runs, after, now, logger };
  app.use(createSpinnakerRouter({ runs, after, publicUrl }), createEcsRouter(ecs));
  const flagger: FlaggerDeps = { steppedRollouts: deps.steppedRollouts, after, now, logger };
  app.use(createFlaggerRouter(flagger), createFlaggerPrometheusRouter(runs, now));
  app.use(createGithubRouter({ ...deps.github, logger, metrics, now, after }));
  const hooks = { ...deps, house: deps.hookHouse };
  app.use(createCdEventsRouter(hooks), createGitlabRouter(hooks));
  const { incidents } = deps.incidents;
  app.use(createIncidentHooksRouter({ ...deps, incidents, mapping: deps.incidentMapping }));
  return [catchArgoErrors(argo), catchFlaggerErrors(flagger), catchEcsErrors(ecs), catchKayentaErrors(argo)];
}

/** Makes the API. Nothing listens yet. */
export function createServer(deps: ServerDeps): ApiServer {
  const { after = afterOnClock, logger, health, metrics } = deps;
  const app = express();
  const drain = createDrain();
  const { validation = createValidation(readSpecText()) } = deps;
  app.disable('x-powered-by');
  app.enable('case sensitive routing');
  addReading(app, deps, drain, validation);
  addOwnRoutes(app, deps, drain, after, validation.spec);
  const catchers = addCallers(app, deps, drain, after);
  const { specText } = validation;
  app.use(createHealthRouter({ health, metrics, drain, after, specText }));
  app.use(notFound, refine(validation.spec), ...catchers, answerErrors(logger));
  return { handler: app, drain: drain.drain };
}
