import { type InputIssue, invalidInput, SerinError } from '../errors.ts';
import { type Actor, requireScope, system } from './actor.ts';
import { entryOf } from './audit-store.ts';
import type { Change } from './change.ts';
import type { AttributionRuling, Incident, IncidentReport } from './incident.ts';
import type { IncidentFilter, IncidentPage } from './incident-store.ts';
import type { LedgerStore } from './ledger-store.ts';
import { holdPlaces } from './places.ts';
import type { LedgerPolicy } from './policy.ts';
import type { Stores } from './take-change.ts';
import { briefOfIncident, checkIncidentReport, refoldIncident, takeIncident } from './take-incident.ts';

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

export type IncidentsDeps = {
  readonly unitOfWork: {
    readonly stores: Stores;
    transaction<T>(work: (stores: Stores) => Promise<T>): Promise<T>;
  };
  readonly now: () => number;
  readonly policy: () => Omit<LedgerPolicy, 'now'>;
};

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

function saysTheSame(
  said: AttributionRuling | null,
  { changeId, reason }: AttributionWord,
  by: Actor,
): boolean {
  return said !== null && said.changeId === changeId && said.reason === reason && said.by === by.name;
}

/** What is in force said again adds nothing, as everywhere in the ledger. */
async function attributeByHand(
  { ledger, audit }: Stores,
  id: string,
  word: AttributionWord,
  by: Actor,
  policy: LedgerPolicy,
): Promise<Incident> {
  const seen = await findIncident(ledger, id);
  if (seen.service !== null) requireScope(by, seen.service);
  await holdPlaces(ledger, [seen, await findNamed(ledger, word, by)]);
  // What it is put to may be another one since.
  const before = await findIncident(ledger, id);
  if (saysTheSame(before.ruling, word, by)) return before;
  await ledger.incidents.addRuling(id, { ...word, by: by.name, at: policy.now }, policy.now);
  const after = await refoldIncident(ledger, before, policy);
  await audit.append(
    entryOf(by, policy.now, {
      action: 'incident.attribution',
      subject: { type: 'incident', id },
      before: briefOfIncident(before),
      after: briefOfIncident(after),
      reason: word.reason,
    }),
  );
  return after;
}

/** Reports of several places hold them in one order. */
async function holdAll(store: LedgerStore, reports: readonly IncidentReport[]): Promise<void> {
  const places: Parameters<typeof holdPlaces>[1][number][] = [];
  for (const { source, externalId, facts } of reports) {
    const { service = null, environment = null } = facts;
    places.push(await store.incidents.findByName(source, externalId), { service, environment });
  }
  await holdPlaces(store, places);
}

/** What the configuration tells of an incident, told at its beginning so that it changes nothing else. */
function mappingReport(incident: Incident, place: ReturnType<FindByKeys> & object): IncidentReport {
  const { source, externalId, openedAt: at, environment } = incident;
  const facts = { service: place.service, environment: environment ?? place.environment };
  const nothing = { openedAt: null, acknowledgedAt: null, resolvedAt: null, withoutBeginning: true } as const;
  return { source, externalId, status: 'open', at, ...nothing, facts };
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
      await unitOfWork.transaction((stores) => takeIncident(stores, report, system, policy()));
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
        checkIncidentReport(report, reports.length === 1 ? '' : `[${index}].`, now(), issues);
      });
      if (issues.length > 0) throw invalidInput(issues);
      return unitOfWork.transaction(async (stores) => {
        const taken: Incident[] = [];
        if (reports.length > 1) await holdAll(stores.ledger, reports);
        for (const report of reports)
          taken.push((await takeIncident(stores, report, by, current())).incident);
        return taken;
      });
    },
    get: (id) => findIncident(unitOfWork.stores.ledger, id),
    list: async (filter, limit, cursor) => {
      const { ledger } = unitOfWork.stores;
      const changeId = filter.changeId && ((await ledger.find(filter.changeId))?.id ?? filter.changeId);
      return ledger.incidents.list({ ...filter, changeId }, limit, cursor);
    },
    remap: (find) => remap({ unitOfWork }, find, current),
    attribute: (id, word, by) =>
      unitOfWork.transaction((stores) => attributeByHand(stores, id, word, by, current())),
  };
}
