import { type Change, completedAt } from './change.ts';
import { describeSame } from './identity.ts';
import { type ChangeLink, type Incident, type IncidentAttribution, unattributed } from './incident.ts';

/** A change that may have caused an incident. */
export type Suspect = {
  readonly change: Change;
  /** When a later change began to take it back; `null`: none did. Milliseconds. */
  readonly undoneAt: number | null;
  /** Whether it took another one back itself, told so or by the look of it. */
  readonly isRemedy: boolean;
};

export type AttributionInput = {
  readonly incident: Incident;
  /** Changes of the incident's service and environment, at least of the last `versionWindow` before it. */
  readonly suspects: readonly Suspect[];
  /** The change that the incident names by id or by a source's name, wherever it is; `null`: none, or not known. */
  readonly linked: Change | null;
  /** How long after a change an incident may still be put to it without being told so, milliseconds. */
  readonly window: number;
};

/** How far back the version that an incident names is looked for: 30 days. */
export const versionWindow = 30 * 86_400_000;

/** How sure each rung is. Nearness alone says least, and less with each hour. */
const confidences = { manual: 1, link: 1, version: 0.95, verdict: 0.85, rollback: 0.8 } as const;
const nearest = 0.7;
const furthest = 0.4;

/** When a change began to reach users; one of which no time is known may have done so at any time. */
function startOf({ startedAt, finishedAt }: Change): number {
  return startedAt ?? finishedAt ?? 0;
}

/** How long ago the change was done when the incident began; 0 while it was under way. */
function ageAt(change: Change, at: number): number {
  const end = completedAt(change) ?? change.finishedAt ?? startOf(change);
  return Math.max(0, at - end);
}

/** The last to begin is the nearest; ties are broken by identity, so that nothing hangs on the order of arrival. */
function nearestFirst(left: Suspect, right: Suspect): number {
  const [one, other] = [left.change, right.change];
  return startOf(other) - startOf(one) || compareNames(one, other);
}

function compareNames(one: Change, other: Change): number {
  const [left, right] = [one, other].map(({ source, externalId }) => JSON.stringify([source, externalId]));
  return left === right ? 0 : (left ?? '') < (right ?? '') ? -1 : 1;
}

function namesDeployment(link: ChangeLink): boolean {
  return link.version !== null || link.commit !== null || link.artifact !== null;
}

function put(change: Change, method: keyof typeof confidences): IncidentAttribution {
  return { changeId: change.id, method, confidence: confidences[method] };
}

/** What may have hurt without being named: it reached somebody before the incident, not too long ago, and is no remedy. */
function mayHaveHurt({ change, isRemedy }: Suspect, { incident, window }: AttributionInput): boolean {
  if (isRemedy || change.kind === 'rollback' || change.failureClass === 'failed_to_deploy') return false;
  if (change.startedAt === null && change.finishedAt === null) return false;
  return ageAt(change, incident.openedAt) <= window;
}

function byVersion({ incident, suspects }: AttributionInput): IncidentAttribution | null {
  const { link } = incident;
  if (link === null || !namesDeployment(link)) return null;
  const found = suspects.find(({ change }) => describeSame(link, change));
  return found === undefined ? null : put(found.change, 'version');
}

function byNearness({ change }: Suspect, { incident, window }: AttributionInput): IncidentAttribution {
  const part = window === 0 ? 1 : ageAt(change, incident.openedAt) / window;
  return {
    changeId: change.id,
    method: 'window',
    confidence: Math.round(100 * (nearest - (nearest - furthest) * part)) / 100,
  };
}

/**
 * Which change an incident is put to: the first rung of the ladder that holds.
 *
 * 1. A person's word, whatever it is. 2. The change that the incident names. 3. One whose version, commit or artifact it
 * names. Then, among the changes that reached somebody before it and ended within the window: 4. the nearest whose
 * failing verdict was overruled, 5. the nearest that was taken back after the incident began, 6. the nearest. An
 * incident is never forced onto a change: without a rung it stays unattributed, as does one that was dismissed or whose
 * service is not known. The order of `suspects` plays no part.
 *
 * After DORA's practice and its tools' errors: latest-deployment-of-anything without limit (DevLake), of the team
 * (Middleware), none at all (GitLab).
 */
export function attribute(input: AttributionInput): IncidentAttribution {
  const { incident, linked } = input;
  if (incident.ruling !== null) {
    const { changeId } = incident.ruling;
    return { changeId, method: 'manual', confidence: confidences.manual };
  }
  if (incident.status === 'dismissed') return unattributed;
  if (linked !== null) return put(linked, 'link');
  const before = input.suspects
    .filter(({ change }) => startOf(change) <= incident.openedAt)
    .sort(nearestFirst);
  const near = before.filter((suspect) => mayHaveHurt(suspect, input));
  const overruled = near.find(({ change }) => change.verdictOverruled);
  const undone = near.find(({ undoneAt }) => undoneAt !== null && undoneAt >= incident.openedAt);
  return (
    byVersion({ ...input, suspects: before }) ??
    (overruled === undefined ? null : put(overruled.change, 'verdict')) ??
    (undone === undefined ? null : put(undone.change, 'rollback')) ??
    (near[0] === undefined ? unattributed : byNearness(near[0], input))
  );
}
