import type { Change } from './change.ts';
import type { AttributionMethod, Incident } from './incident.ts';
import type { Remedy } from './remedies.ts';

/** That something hurt and a change is held to have caused it. Times in milliseconds. */
export type Blame = {
  readonly method: Exclude<AttributionMethod, 'none'>;
  /** 0–1. */
  readonly confidence: number;
  /** `null`: it was taken back, and no incident told why. */
  readonly incidentId: string | null;
  readonly at: number;
  /** When it was over; `null` while it lasts. */
  readonly recoveredAt: number | null;
  /** Who said so, where a person did. */
  readonly by: string | null;
  readonly reason: string | null;
};

/** What a source calls a rollback is one; that an old version came back may have other reasons. */
const remedyConfidences: Readonly<Record<Remedy['ground'], number>> = { told: 0.8, version: 0.7 };

/** What an incident that was put to a change holds against it; `null` for one that is put to none. */
export function blameOfIncident(incident: Incident): Blame | null {
  const { method, confidence } = incident.attribution;
  if (method === 'none' || incident.attribution.changeId === null) return null;
  return {
    method,
    confidence,
    incidentId: incident.id,
    at: incident.openedAt,
    recoveredAt: incident.resolvedAt,
    by: incident.ruling?.by ?? null,
    reason: incident.ruling?.reason ?? incident.title,
  };
}

/** What being taken back holds against a change. */
export function blameOfRemedy(remedy: Remedy, by: Change): Blame {
  const what = by.version === null ? `change ${by.id}` : `a change to ${by.version}`;
  return {
    method: 'rollback',
    confidence: remedyConfidences[remedy.ground],
    incidentId: null,
    at: remedy.startedAt,
    recoveredAt: remedy.at,
    by: null,
    reason: `taken back by ${what}`,
  };
}

/** The surest first, then the earliest, then by incident: an order that does not hang on that of arrival. */
export function surestFirst(left: Blame, right: Blame): number {
  return (
    right.confidence - left.confidence ||
    left.at - right.at ||
    ((left.incidentId ?? '') < (right.incidentId ?? '') ? -1 : 1)
  );
}
