import { randomUUID } from 'node:crypto';
import { type InputIssue, SerinError } from '../errors.ts';
import { type Actor, requireScope } from './actor.ts';
import { entryOf, timesOf } from './audit-store.ts';
import { checkInstant, checkWord } from './change-report.ts';
import { type Incident, type IncidentReport, incidentStatuses } from './incident.ts';
import { foldIncident, type IncidentIdentity } from './incident-fold.ts';
import type { LedgerStore } from './ledger-store.ts';
import { holdPlaces } from './places.ts';
import type { LedgerPolicy } from './policy.ts';
import { findLinked, foldTouched, reattribute } from './relations.ts';
import type { Stores } from './take-change.ts';

/** Adds what is wrong with a report, each with its path under `at` (`""`, or `[3].`). */
export function checkIncidentReport(
  report: IncidentReport,
  at: string,
  now: number,
  issues: InputIssue[],
): void {
  for (const key of ['source', 'externalId'] as const)
    if (report[key] === '') issues.push({ path: `${at}${key}`, message: 'is empty; a name is needed' });
  checkWord(report.status, incidentStatuses, `${at}status`, issues);
  for (const key of ['at', 'openedAt', 'acknowledgedAt', 'resolvedAt'] as const)
    checkInstant(report[key], `${at}${key}`, now, issues);
  const { openedAt, resolvedAt } = report;
  if (openedAt !== null && resolvedAt !== null && resolvedAt < openedAt)
    issues.push({
      path: `${at}resolvedAt`,
      message: 'is before openedAt; allowed is the same time or later',
    });
}

/** Places are held before any row is, as everywhere in the ledger. */
async function findOrCreate(
  store: LedgerStore,
  report: IncidentReport,
  now: number,
): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
  const { source, externalId } = report;
  const seen = await store.incidents.findByName(source, externalId);
  const base: IncidentIdentity = { id: randomUUID(), source, externalId, createdAt: now };
  const incident = foldIncident(base, [report], []);
  await holdPlaces(store, [seen, incident]);
  // What it is put to may be another one since.
  const known = seen === null ? null : await store.incidents.findByName(source, externalId);
  if (known !== null) return { incident: known, isNew: false };
  if (await store.incidents.insert(incident)) return { incident, isNew: true };
  const quicker = await store.incidents.findByName(source, externalId);
  if (quicker !== null) return { incident: quicker, isNew: false };
  throw new SerinError('conflict', `another request is recording ${source} ${externalId}; try again`);
}

/** What the incident's reports come to now, put to the change it belongs to now. */
export async function refoldIncident(
  store: LedgerStore,
  known: Incident,
  policy: LedgerPolicy,
): Promise<Incident> {
  const reports = await store.incidents.reportsOf(known.id);
  const folded = foldIncident(known, reports, await store.incidents.rulingsOf(known.id));
  const current = { ...folded, attribution: known.attribution };
  await store.incidents.save(current);
  // What it holds against its change may be another although it is the same change: when it ended, for example.
  const touched = new Set(known.attribution.changeId === null ? [] : [known.attribution.changeId]);
  const attributed = await reattribute(store, current, policy, touched);
  await foldTouched(store, touched, policy);
  return attributed;
}

/** What the audit trail says of an incident: all that a report can tell of it, and which change it is put to. */
export function briefOfIncident(incident: Incident): object {
  const { source, externalId, service, environment, severity, title, url, labels, link, status } = incident;
  const { openedAt, acknowledgedAt, resolvedAt, attribution } = incident;
  return {
    ...{ source, externalId, service, environment, severity, title, url, labels, link, status },
    ...timesOf({ openedAt, acknowledgedAt, resolvedAt }),
    ...attribution,
  };
}

/** What came of a report: the incident as it is then, and whether it is new, or was told anything new. */
export type TakenIncident = {
  readonly incident: Incident;
  readonly isNew: boolean;
  readonly isNews: boolean;
};

/** Who may tell of some services alone must not blame a change of another. */
async function requireScopes(store: LedgerStore, { facts }: IncidentReport, by: Actor): Promise<void> {
  if (facts.service) requireScope(by, facts.service);
  const linked = by.services ? await findLinked(store, facts) : null;
  if (linked !== null) requireScope(by, linked.service);
}

/**
 * Records a report for a caller and puts the incident to its change. Does not check the report. Call it in a
 * transaction. Rejects with `forbidden` for a service outside the scope, or a change of one that it names, and has written
 * nothing then.
 */
export async function takeIncident(
  { ledger, audit }: Stores,
  report: IncidentReport,
  by: Actor,
  policy: LedgerPolicy,
): Promise<TakenIncident> {
  await requireScopes(ledger, report, by);
  const { incident, isNew } = await findOrCreate(ledger, report, policy.now);
  if (incident.service !== null) requireScope(by, incident.service);
  if (!(await ledger.incidents.addReport(incident.id, report, policy.now)))
    return { incident, isNew, isNews: isNew };
  const after = await refoldIncident(ledger, incident, policy);
  await audit.append(
    entryOf(by, policy.now, {
      action: 'incident.report',
      subject: { type: 'incident', id: incident.id },
      before: isNew ? null : briefOfIncident(incident),
      after: briefOfIncident(after),
    }),
  );
  return { incident: after, isNew, isNews: true };
}
