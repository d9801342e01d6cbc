import { compareText } from './compare-text.ts';
import {
  type AttributionRuling,
  type Incident,
  type IncidentFacts,
  type IncidentReport,
  type IncidentStatus,
  unattributed,
} from './incident.ts';

/** What tells one incident from another; given once, when it is made. */
export type IncidentIdentity = Pick<Incident, 'id' | 'source' | 'externalId' | 'createdAt'>;

/** Of reports at the same time the higher rank is heard last. */
const ranks: Readonly<Record<IncidentStatus, number>> = {
  open: 0,
  acknowledged: 1,
  resolved: 2,
  dismissed: 3,
};

const noFacts: IncidentFacts = {
  service: null,
  serviceKeys: [],
  environment: null,
  severity: null,
  title: null,
  url: null,
  labels: {},
  link: null,
};

function compare(left: IncidentReport, right: IncidentReport): number {
  return (
    left.at - right.at ||
    ranks[left.status] - ranks[right.status] ||
    compareText(JSON.stringify(left), JSON.stringify(right))
  );
}

/** Later reports correct earlier ones; what they do not tell stays. */
function mergeFacts(reports: readonly IncidentReport[]): IncidentFacts {
  const told = reports.flatMap(({ facts }) =>
    Object.entries(facts).filter(([, value]) => value !== undefined && value !== null),
  );
  return { ...noFacts, ...Object.fromEntries(told) };
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

/** Sources that tell no beginning are taken at the time of their first report. */
function findOpening(reports: readonly IncidentReport[]): number {
  return (
    earliest(reports.map(({ openedAt }) => openedAt)) ??
    earliest(reports.map(({ at, resolvedAt }) => resolvedAt ?? at)) ??
    0
  );
}

function isOver({ status }: Pick<IncidentReport, 'status'>): boolean {
  return status === 'resolved' || status === 'dismissed';
}

/**
 * An acknowledgement after the end is a late one, and no sign that it began again. Sources that tell of no such act, but
 * that somebody is at work on it (Jira, ServiceNow), tell that it did.
 */
function saysNothingNew(report: IncidentReport): boolean {
  return report.status === 'acknowledged' && report.acknowledgedAt !== null;
}

/** The reports since it ended for the last time, the end first; empty while it goes on. */
function sinceEnd(reports: readonly IncidentReport[]): readonly IncidentReport[] {
  const news = reports.filter((report) => !saysNothingNew(report));
  return news.slice(news.findLastIndex((report) => !isOver(report)) + 1);
}

/** Nobody told that it began, and who told the end knows of ends of what hurt nobody. */
function isVain(reports: readonly IncidentReport[]): boolean {
  return reports.every(({ withoutBeginning }) => withoutBeginning === true);
}

function statusOf(reports: readonly IncidentReport[], over: readonly IncidentReport[]): IncidentStatus {
  return isVain(reports) ? 'dismissed' : ((over.at(-1) ?? reports.at(-1))?.status ?? 'open');
}

/** What is told of it after the end moves the end only where it says when that was. */
function findResolution(over: readonly IncidentReport[]): number | null {
  return over.findLast(({ resolvedAt }) => resolvedAt !== null)?.resolvedAt ?? over[0]?.at ?? null;
}

/** Rulings in the order of their own time; of two at once the one made later (it stands later in the list). */
export function rulingInForce(rulings: readonly AttributionRuling[]): AttributionRuling | null {
  return rulings.reduce<AttributionRuling | null>(
    (last, ruling) => (last === null || ruling.at >= last.at ? ruling : last),
    null,
  );
}

/**
 * The state of an incident: what its reports come to in the order of their own time, whatever order they arrived in
 * and however often. A report after the end that it hurts opens it again; the beginning stays the first one.
 *
 * @returns without an attribution, which depends on the changes around it
 */
export function foldIncident(
  base: IncidentIdentity,
  reports: readonly IncidentReport[],
  rulings: readonly AttributionRuling[],
): Incident {
  const ordered = [...reports].sort(compare);
  const over = sinceEnd(ordered);
  const status = statusOf(ordered, over);
  const { id, source, externalId, createdAt } = base;
  return {
    ...{ id, source, externalId, createdAt, status },
    ...mergeFacts(ordered),
    openedAt: findOpening(ordered),
    acknowledgedAt: earliest(ordered.map((report) => report.acknowledgedAt)),
    resolvedAt: findResolution(over),
    ruling: rulingInForce(rulings),
    attribution: unattributed,
  };
}
