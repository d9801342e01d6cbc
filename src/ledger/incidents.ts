import { randomUUID } from 'node:crypto';
import { type InputIssue, invalidInput, SerinError } from '../errors.ts';
import { checkInstant, checkWord } from './change-report.ts';
import { type AttributionRuling, type Incident, type IncidentReport, incidentStatuses } from './incident.ts';
import { foldIncident, type IncidentIdentity } from './incident-fold.ts';
import type { IncidentFilter, IncidentPage } from './incident-store.ts';
import type { LedgerStore } from './ledger-store.ts';
import type { LedgerPolicy } from './policy.ts';
import { foldTouched, reattribute } from './relations.ts';

/** What a person says an incident belongs to. */
export type AttributionWord = Omit<AttributionRuling, 'at'>;

/** What callers may do with incidents. All reject with a SerinError. */
export type Incidents = {
  /**
   * Takes what sources tell, all or none, and gives the incidents in their order, put to changes. Safe to repeat.
   * Paths are `[0].openedAt` for several.
   */
  take(reports: readonly IncidentReport[], by: string): Promise<readonly Incident[]>;
  /** `not_found` when there is none. */
  get(id: string): Promise<Incident>;
  list(filter: IncidentFilter, limit: number, cursor: string | null): Promise<IncidentPage>;
  /** A person's word on the change it belongs to, or on none; it wins and survives whatever else becomes known. */
  attribute(id: string, word: AttributionWord): Promise<Incident>;
};

type Stores = { readonly ledger: LedgerStore };

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
async function findOrCreate(store: LedgerStore, report: IncidentReport, now: number): Promise<Incident> {
  const { source, externalId } = report;
  const known = await store.incidents.findByName(source, externalId);
  const base: IncidentIdentity = { id: randomUUID(), source, externalId, createdAt: now };
  const incident = foldIncident(base, [report], []);
  await holdPlaces(store, [known, incident]);
  if (known !== null) return known;
  if (await store.incidents.insert(incident)) return incident;
  const quicker = await store.incidents.findByName(source, externalId);
  if (quicker !== null) return quicker;
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

async function takeOne(store: LedgerStore, report: IncidentReport, policy: LedgerPolicy): Promise<Incident> {
  const incident = await findOrCreate(store, report, policy.now);
  const isNew = await store.incidents.addReport(incident.id, report, policy.now);
  return isNew ? refold(store, incident, policy) : incident;
}

async function findIncident(store: LedgerStore, id: string): Promise<Incident> {
  const incident = await store.incidents.find(id);
  if (incident === null) throw new SerinError('not_found', `no incident has the id "${id}"`);
  return incident;
}

async function attributeByHand(
  store: LedgerStore,
  id: string,
  word: AttributionWord,
  policy: LedgerPolicy,
): Promise<Incident> {
  const incident = await findIncident(store, id);
  const change = word.changeId === null ? null : await store.find(word.changeId);
  if (word.changeId !== null && change === null)
    throw invalidInput([{ path: 'changeId', message: `found "${word.changeId}"; no change has that id` }]);
  await holdPlaces(store, [incident, change]);
  await store.incidents.addRuling(id, { ...word, at: policy.now }, policy.now);
  return refold(store, incident, policy);
}

/** Joins the use cases around incidents. */
export function createIncidents({ unitOfWork, now, policy }: IncidentsDeps): Incidents {
  const current = (): LedgerPolicy => ({ ...policy(), now: now() });
  return {
    take: async (reports) => {
      const issues: InputIssue[] = [];
      reports.forEach((report, index) => {
        checkReport(report, reports.length === 1 ? '' : `[${index}].`, now(), issues);
      });
      if (issues.length > 0) throw invalidInput(issues);
      return unitOfWork.transaction(async ({ ledger }) => {
        const taken: Incident[] = [];
        for (const report of reports) taken.push(await takeOne(ledger, report, current()));
        return taken;
      });
    },
    get: (id) => findIncident(unitOfWork.stores.ledger, id),
    list: (filter, limit, cursor) => unitOfWork.stores.ledger.incidents.list(filter, limit, cursor),
    attribute: (id, word) =>
      unitOfWork.transaction(({ ledger }) => attributeByHand(ledger, id, word, current())),
  };
}
