import { z } from 'zod';
import { type ChangeLink, type IncidentStatus, incidentStatuses } from '../../ledger/incident.ts';
import { parseWith, strict } from '../../parse.ts';
import { makeTold, type ReadIncidents, readTime, type ToldIncident } from './told.ts';

const instant = z
  .string()
  .refine((text) => readTime(text) !== null, 'allowed are RFC 3339 times such as 2026-11-23T10:20:00Z')
  .transform((text) => readTime(text));

/** As `POST /v1/incidents` has it. */
const change = strict({
  id: z.string().optional(),
  source: z.string().optional(),
  externalId: z.string().optional(),
  version: z.string().optional(),
  commit: z.string().optional(),
  artifact: z.string().optional(),
}).refine(
  ({ source, externalId }) => (source === undefined) === (externalId === undefined),
  'has one of source and externalId; they go together',
);

const report = strict({
  externalId: z.coerce.string().min(1).max(500),
  status: z.enum(incidentStatuses).optional(),
  service: z.string().optional(),
  environment: z.string().optional(),
  severity: z.string().optional(),
  title: z.string().optional(),
  url: z.string().optional(),
  at: instant.optional(),
  openedAt: instant.optional(),
  acknowledgedAt: instant.optional(),
  resolvedAt: instant.optional(),
  labels: z.record(z.string(), z.coerce.string()).default({}),
  version: z.string().optional(),
  commit: z.string().optional(),
  artifact: z.string().optional(),
  change: change.optional(),
});

type Report = z.output<typeof report>;

function timesOf({ openedAt = null, acknowledgedAt = null, resolvedAt = null, at }: Report) {
  return { openedAt, acknowledgedAt, resolvedAt, at: at ?? resolvedAt ?? acknowledgedAt ?? openedAt };
}

function statusOf({ status, acknowledgedAt, resolvedAt }: Report): IncidentStatus {
  return status ?? (resolvedAt ? 'resolved' : acknowledgedAt ? 'acknowledged' : 'open');
}

function linkOf(one: Report): ChangeLink | null {
  const { version, commit, artifact, change: named } = one;
  const told = { version, commit, artifact, ...named };
  if (Object.values(told).every((value) => value === undefined)) return null;
  return {
    changeId: told.id ?? null,
    source: told.source ?? null,
    externalId: told.externalId ?? null,
    version: told.version ?? null,
    commit: told.commit ?? null,
    artifact: told.artifact ?? null,
  };
}

function read(one: Report): ToldIncident {
  const { externalId, service, environment, labels } = one;
  return makeTold(externalId, {
    ...timesOf(one),
    status: statusOf(one),
    title: one.title ?? null,
    severity: one.severity ?? null,
    url: one.url ?? null,
    labels: environment === undefined ? labels : { ...labels, environment },
    names: service === undefined ? [] : [service],
    link: linkOf(one),
  });
}

/** Serin's own form, one incident or several, for sources that can be told what to send. */
export const readGeneric: ReadIncidents = (body) =>
  Array.isArray(body) ? parseWith(z.array(report).max(500), body).map(read) : [read(parseWith(report, body))];
