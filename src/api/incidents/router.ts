import { type Request, Router } from 'express';
import { type InputIssue, invalidInput } from '../../errors.ts';
import {
  type ChangeLink,
  type Incident,
  type IncidentReport,
  incidentStatuses,
} from '../../ledger/incident.ts';
import type { IncidentFilter } from '../../ledger/incident-store.ts';
import type { Incidents } from '../../ledger/incidents.ts';
import { actorOf } from '../context.ts';
import { queryFlag, queryPage, queryRange, queryService, queryText, queryWord } from '../query.ts';
import type { components } from '../schema.gen.ts';
import { parseInstant, writeInstant, writeInstantOrNull } from '../times.ts';
import type { ServicePlace } from './mapping.ts';

type Schemas = components['schemas'];

export type IncidentsDeps = {
  readonly incidents: Incidents;
  /** The configured service of that name or alias, with the environment it is in by default; `null`: none. */
  readonly findPlace: (name: string) => ServicePlace | null;
  readonly now: () => number;
};

/** An incident in the form of the API. */
export function writeIncident(incident: Incident): Schemas['Incident'] {
  const { attribution, ruling } = incident;
  return {
    id: incident.id,
    source: incident.source,
    externalId: incident.externalId,
    service: incident.service,
    serviceKeys: [...incident.serviceKeys],
    environment: incident.environment,
    status: incident.status,
    severity: incident.severity,
    title: incident.title,
    url: incident.url,
    openedAt: writeInstant(incident.openedAt),
    acknowledgedAt: writeInstantOrNull(incident.acknowledgedAt),
    resolvedAt: writeInstantOrNull(incident.resolvedAt),
    labels: { ...incident.labels },
    attribution: { ...attribution, by: ruling?.by ?? null, reason: ruling?.reason ?? null },
    createdAt: writeInstant(incident.createdAt),
  };
}

function readLink(link: Schemas['IncidentLink'], at: string, issues: InputIssue[]): ChangeLink {
  const { id, source, externalId, version, commit, artifact } = link;
  if ((source === undefined) !== (externalId === undefined))
    issues.push({ path: `${at}change`, message: 'has one of source and externalId; they go together' });
  return {
    changeId: id ?? null,
    source: source ?? null,
    externalId: externalId ?? null,
    version: version ?? null,
    commit: commit ?? null,
    artifact: artifact ?? null,
  };
}

/** A name that is configured nowhere is kept as it is: the ledger has changes of services nobody configured, too. */
function readPlace(
  { service, environment }: Schemas['IncidentReport'],
  findPlace: IncidentsDeps['findPlace'],
): { service?: string; environment?: string; serviceKeys?: string[] } {
  if (service === undefined) return environment === undefined ? {} : { environment };
  const place = findPlace(service);
  return {
    service: place?.service ?? service,
    environment: environment ?? place?.environment ?? 'production',
    serviceKeys: [service],
  };
}

/** A report in the form of the ledger. What cannot be read is added to `issues`, with paths under `at`. */
export function readIncidentReport(
  body: Schemas['IncidentReport'],
  at: string,
  { findPlace, now }: Pick<IncidentsDeps, 'findPlace' | 'now'>,
  issues: InputIssue[],
): IncidentReport {
  const instant = (key: 'at' | 'openedAt' | 'acknowledgedAt' | 'resolvedAt'): number | null =>
    body[key] === undefined ? null : parseInstant(body[key], `${at}${key}`, issues);
  const [openedAt, acknowledgedAt, resolvedAt] = (['openedAt', 'acknowledgedAt', 'resolvedAt'] as const).map(
    instant,
  ) as [number | null, number | null, number | null];
  if (body.url !== undefined && !/^https?:\/\//i.test(body.url))
    issues.push({ path: `${at}url`, message: 'allowed are http and https addresses' });
  const known = acknowledgedAt === null ? 'open' : 'acknowledged';
  return {
    source: body.source,
    externalId: body.externalId,
    status: body.status ?? (resolvedAt === null ? known : 'resolved'),
    at: instant('at') ?? resolvedAt ?? acknowledgedAt ?? openedAt ?? now(),
    openedAt,
    acknowledgedAt,
    resolvedAt,
    facts: {
      ...readPlace(body, findPlace),
      ...(body.severity === undefined ? {} : { severity: body.severity }),
      ...(body.title === undefined ? {} : { title: body.title }),
      ...(body.url === undefined ? {} : { url: body.url }),
      ...(body.labels === undefined ? {} : { labels: body.labels }),
      ...(body.change === undefined ? {} : { link: readLink(body.change, at, issues) }),
    },
  };
}

function readReports(
  body: Schemas['IncidentReport'] | Schemas['IncidentReport'][],
  deps: IncidentsDeps,
): readonly IncidentReport[] {
  const issues: InputIssue[] = [];
  const reports = Array.isArray(body)
    ? body.map((one, index) => readIncidentReport(one, `[${index}].`, deps, issues))
    : [readIncidentReport(body, '', deps, issues)];
  if (issues.length > 0) throw invalidInput(issues);
  return reports;
}

function readFilter(request: Request, { findPlace }: IncidentsDeps): IncidentFilter {
  return {
    service: queryService(request, findPlace),
    environment: queryText(request, 'environment'),
    source: queryText(request, 'source'),
    status: queryWord(request, 'status', incidentStatuses),
    changeId: queryText(request, 'changeId'),
    attributed: queryFlag(request, 'attributed'),
    mapped: queryFlag(request, 'mapped'),
    ...queryRange(request),
  };
}

/** The routes under `/v1/incidents`. */
export function createIncidentsRouter(deps: IncidentsDeps): Router {
  const { incidents } = deps;
  const router = Router();
  router.post('/v1/incidents', async (request, response) => {
    const reports = readReports(request.body, deps);
    const written = (await incidents.take(reports, actorOf(response))).map(writeIncident);
    response.json(Array.isArray(request.body) ? { items: written } : written[0]);
  });
  router.get('/v1/incidents', async (request, response) => {
    const { limit, cursor } = queryPage(request);
    const page = await incidents.list(readFilter(request, deps), limit, cursor);
    response.json({ items: page.items.map(writeIncident), nextCursor: page.nextCursor });
  });
  router.get('/v1/incidents/:id', async (request, response) => {
    response.json(writeIncident(await incidents.get(String(request.params['id']))));
  });
  router.put('/v1/incidents/:id/attribution', async (request, response) => {
    // An absent member and one that is null are the same here as everywhere.
    const { changeId = null, reason } = request.body as Schemas['AttributionWord'];
    const id = String(request.params['id']);
    const attributed = await incidents.attribute(id, { changeId, reason }, actorOf(response));
    response.json(writeIncident(attributed));
  });
  return router;
}
