import { randomUUID } from 'node:crypto';
import { type InputIssue, invalidInput, SerinError } from '../errors.ts';
import { type Actor, requireScope, system } from './actor.ts';
import { type AuditStore, entryOf } from './audit-store.ts';
import type { Change } from './change.ts';
import { checkInstant, checkWord } from './change-report.ts';
import { type AttributionRuling, type Incident, type IncidentReport, incidentStatuses } from './incident.ts';
import { foldIncident, type IncidentIdentity } from './incident-fold.ts';
import type { IncidentFilter, IncidentPage } from './incident-store.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { LedgerPolicy } from './policy.ts';
import { foldTouched, reattribute } from './relations.ts';

/** What a person says an incident belongs to. */
export type AttributionWord = Pick<AttributionRuling, 'changeId' | 'reason'>;

/** The place of the first of these names that is configured; `null`: none is. */
export type FindByKeys = (
  keys: readonly string[],
) => { readonly service: string; readonly environment: string } | null;

/** What callers may do with incidents. All reject with a SerinError. */
export type Incidents = {
  /**
   * Takes what sources tell, all or none, and gives the incidents in their order, put to changes. Safe to repeat.
   * Paths are `[0].openedAt` for several. `forbidden` for a service outside the scope.
   */
  take(reports: readonly IncidentReport[], by: Actor): Promise<readonly Incident[]>;
  /** `not_found` when there is none. */
  get(id: string): Promise<Incident>;
  list(filter: IncidentFilter, limit: number, cursor: string | null): Promise<IncidentPage>;
  /**
   * Puts incidents that map to no service to the one that `find` knows by what their source called it; gives how many.
   * Call it when the configuration is another.
   */
  remap(find: FindByKeys): Promise<number>;
  /** A person's word on the change it belongs to, or on none; it wins and survives whatever else becomes known. */
  attribute(id: string, word: AttributionWord, by: Actor): Promise<Incident>;
};

type Stores = { readonly ledger: LedgerStore; readonly audit: AuditStore };

export type IncidentsDeps = {
  readonly unitOfWork: {
    readonly stores: Stores;
    transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
  };
  readonly now: () => number;
  readonly policy: () => Omit<LedgerPolicy, 'now'>;
};

function checkReport(report: IncidentReport, at: string, now: number, issues: InputIssue[]): void {
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

/** Places that a report may touch are held in one order, so that two requests never wait for each other. */
async function holdPlaces(
  store: LedgerStore,
  placed: readonly (Pick<Incident, 'service' | 'environment'> | null)[],
): Promise<void> {
  const places = placed.flatMap((one) =>
    one === null || one.service === null || one.environment === null
      ? []
      : [[one.service, one.environment] as const],
  );
  const sorted = [...new Map(places.map((place) => [JSON.stringify(place), place]))].sort(
    ([left], [right]) => (left < right ? -1 : 1),
  );
  for (const [, [service, environment]] of sorted) await store.holdPlace(service, environment);
}

/** Places are held before any row is, as everywhere in the ledger. */
async function findOrCreate(
  store: LedgerStore,
  report: IncidentReport,
  now: number,
): Promise<{ readonly incident: Incident; readonly isNew: boolean }> {
  const { source, externalId } = report;
  const known = await store.incidents.findByName(source, externalId);
  const base: IncidentIdentity = { id: randomUUID(), source, externalId, createdAt: now };
  const incident = foldIncident(base, [report], []);
  await holdPlaces(store, [known, incident]);
  if (known !== null) return { incident: known, isNew: false };
  if (await store.incidents.insert(incident)) return { incident, isNew: true };
  const quicker = await store.incidents.findByName(source, externalId);
  if (quicker !== null) return { incident: quicker, isNew: false };
  throw new SerinError('conflict', `another request is recording ${source} ${externalId}; try again`);
}

/** What the incident's reports come to now, put to the change it belongs to now. */
async function refold(store: LedgerStore, known: Incident, policy: LedgerPolicy): Promise<Incident> {
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

/** What the audit trail says of an incident. */
function brief({ source, externalId, service, environment, status, attribution }: Incident): object {
  return { source, externalId, service, environment, status, ...attribution };
}

async function takeOne(
  { ledger, audit }: Stores,
  report: IncidentReport,
  by: Actor,
  policy: LedgerPolicy,
): Promise<Incident> {
  const { service } = report.facts;
  if (service) requireScope(by, service);
  const { incident, isNew } = await findOrCreate(ledger, report, policy.now);
  if (incident.service !== null) requireScope(by, incident.service);
  if (!(await ledger.incidents.addReport(incident.id, report, policy.now))) return incident;
  const after = await refold(ledger, incident, policy);
  await audit.append(
    entryOf(by, policy.now, {
      action: 'incident.report',
      subject: { type: 'incident', id: incident.id },
      before: isNew ? null : brief(incident),
      after: brief(after),
    }),
  );
  return after;
}

async function findIncident(store: LedgerStore, id: string): Promise<Incident> {
  const incident = await store.incidents.find(id);
  if (incident === null) throw new SerinError('not_found', `no incident has the id "${id}"`);
  return incident;
}

async function findNamed(
  store: LedgerStore,
  { changeId }: AttributionWord,
  by: Actor,
): Promise<Change | null> {
  if (changeId === null) return null;
  const change = await store.find(changeId);
  if (change === null)
    throw invalidInput([{ path: 'changeId', message: `found "${changeId}"; no change has that id` }]);
  requireScope(by, change.service);
  return change;
}

async function attributeByHand(
  { ledger, audit }: Stores,
  id: string,
  word: AttributionWord,
  by: Actor,
  policy: LedgerPolicy,
): Promise<Incident> {
  const before = await findIncident(ledger, id);
  if (before.service !== null) requireScope(by, before.service);
  await holdPlaces(ledger, [before, await findNamed(ledger, word, by)]);
  await ledger.incidents.addRuling(id, { ...word, by: by.name, at: policy.now }, policy.now);
  const after = await refold(ledger, before, policy);
  await audit.append(
    entryOf(by, policy.now, {
      action: 'incident.attribution',
      subject: { type: 'incident', id },
      before: brief(before),
      after: brief(after),
      reason: word.reason,
    }),
  );
  return after;
}

/** What the configuration tells of an incident, told at its beginning so that it changes nothing else. */
function mappingReport(incident: Incident, place: ReturnType<FindByKeys> & object): IncidentReport {
  const { source, externalId, openedAt, environment } = incident;
  const facts = { service: place.service, environment: environment ?? place.environment };
  const nothing = { openedAt, acknowledgedAt: null, resolvedAt: null };
  return { source, externalId, status: 'open', at: openedAt, ...nothing, facts };
}

const pageSize = 200;

async function remap(
  { unitOfWork }: Pick<IncidentsDeps, 'unitOfWork'>,
  find: FindByKeys,
  policy: () => LedgerPolicy,
): Promise<number> {
  let mapped = 0;
  for (let cursor: string | null = null; ; ) {
    const page: IncidentPage = await unitOfWork.stores.ledger.incidents.list(
      { mapped: false },
      pageSize,
      cursor,
    );
    for (const incident of page.items) {
      const place = find(incident.serviceKeys);
      if (place === null) continue;
      const report = mappingReport(incident, place);
      await unitOfWork.transaction((stores) => takeOne(stores, report, system, policy()));
      mapped += 1;
    }
    if (page.nextCursor === null) return mapped;
    cursor = page.nextCursor;
  }
}

/** Joins the use cases around incidents. */
export function createIncidents({ unitOfWork, now, policy }: IncidentsDeps): Incidents {
  const current = (): LedgerPolicy => ({ ...policy(), now: now() });
  return {
    take: async (reports, by) => {
      const issues: InputIssue[] = [];
      reports.forEach((report, index) => {
        checkReport(report, reports.length === 1 ? '' : `[${index}].`, now(), issues);
      });
      if (issues.length > 0) throw invalidInput(issues);
      return unitOfWork.transaction(async (stores) => {
        const taken: Incident[] = [];
        for (const report of reports) taken.push(await takeOne(stores, report, by, current()));
        return taken;
      });
    },
    get: (id) => findIncident(unitOfWork.stores.ledger, id),
    list: (filter, limit, cursor) => unitOfWork.stores.ledger.incidents.list(filter, limit, cursor),
    remap: (find) => remap({ unitOfWork }, find, current),
    attribute: (id, word, by) =>
      unitOfWork.transaction((stores) => attributeByHand(stores, id, word, by, current())),
  };
}
