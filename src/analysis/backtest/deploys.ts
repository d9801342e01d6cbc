import type { Change } from '../../ledger/change.ts';
import type { Run, Scope } from '../run.ts';
import { fingerprint, type PastWindow, type RolloutEnd, type Subject } from './past-window.ts';
import { startOf } from './schedule.ts';

/** A change of the ledger whose fate is settled, with the windows in which it was, or would have been, judged. */
export type Deploy = {
  readonly change: Change;
  readonly startedAt: number;
  readonly harmful: boolean;
  /** Stopped by a verdict of the judge itself, so that judging it again proves little. */
  readonly toldByJudge: boolean;
  readonly windows: readonly PastWindow[];
};

/** A change that is not judged, and why. */
export type SkippedChange = { readonly change: Change; readonly why: string };

/** How the arms are told apart where no analysis of the change is kept; `null`: they are not. */
export type FallbackScopes = { readonly canary: Scope; readonly baseline: Scope } | null;

/** Why a change says nothing about plans; `null` when it does. */
function whySkipped({ outcome, failureClass }: Change): string | null {
  if (outcome === 'pending' || outcome === 'abandoned') return `what became of it is not known (${outcome})`;
  if (failureClass === 'failed_to_deploy') return 'it failed to deploy: no user met it';
  return null;
}

/** The end of the attempt that was under way at `start`, or of the change when no attempt is told. */
function rolloutEndAt({ attempts }: Change, start: number): RolloutEnd | null {
  const own = attempts.find(
    ({ startedAt, endedAt }) => (startedAt ?? 0) <= start && endedAt !== null && endedAt > start,
  );
  if (own === undefined || own.endedAt === null || own.result === 'open') return null;
  return { how: own.result, at: own.endedAt };
}

function windowOf(change: Change, start: number, subject: Subject): PastWindow {
  return { start, subject, offset: 0, rolloutEnd: rolloutEndAt(change, start), changeId: change.id };
}

/** One window for each start and pair of arms that an analysis of the change had, in order of time. */
function windowsOfRuns(change: Change, runs: readonly Run[]): PastWindow[] {
  const windows = runs.map((run) => {
    const { service, environment, target, version, canary, baseline } = run;
    return windowOf(change, run.start, { service, environment, target, version, canary, baseline });
  });
  const distinct = new Map(windows.map((window) => [fingerprint([window.start, window.subject]), window]));
  return [...distinct.values()].sort((left, right) => left.start - right.start);
}

/** A person who rules that a change failed is a witness of his own; a controller that followed the verdict is not. */
function isToldByJudge({ failureClass, attribution }: Change, runs: readonly Run[]): boolean {
  if (failureClass !== 'caught_in_canary' || attribution?.method === 'manual') return false;
  return attribution?.method === 'verdict' || runs.some((run) => !run.dryRun && run.judgedVerdict === 'fail');
}

function subjectOf({ service, environment, targets, version }: Change): Omit<Subject, 'canary' | 'baseline'> {
  return { service, environment, target: targets[0] ?? null, version: version ?? '' };
}

/** The change with its windows, or why there are none. */
function planDeploy(change: Change, runs: readonly Run[], scopes: FallbackScopes): Deploy | string {
  const why = whySkipped(change);
  if (why !== null) return why;
  const startedAt = startOf(change) ?? runs[0]?.start ?? null;
  if (startedAt === null) return 'nobody told when it began';
  const common = { change, startedAt, harmful: change.outcome === 'failed' };
  if (runs.length > 0)
    return { ...common, toldByJudge: isToldByJudge(change, runs), windows: windowsOfRuns(change, runs) };
  if (scopes === null) return 'no analysis of it is kept, and nothing else tells its arms apart';
  const window = windowOf(change, startedAt, { ...subjectOf(change), ...scopes });
  return { ...common, toldByJudge: isToldByJudge(change, []), windows: [window] };
}

/**
 * The changes that can be judged again: those whose outcome is known, in the windows and with the arms of their own
 * analyses where these are kept, else from their start with the arms given.
 *
 * @param runs the kept analyses of a change, by its id
 */
export function planDeploys(
  changes: readonly Change[],
  runs: ReadonlyMap<string, readonly Run[]>,
  scopes: FallbackScopes,
): { readonly deploys: readonly Deploy[]; readonly skipped: readonly SkippedChange[] } {
  const planned = changes.map((change) => ({
    change,
    deploy: planDeploy(change, runs.get(change.id) ?? [], scopes),
  }));
  return {
    deploys: planned.flatMap(({ deploy }) => (typeof deploy === 'string' ? [] : [deploy])),
    skipped: planned.flatMap(({ change, deploy }) =>
      typeof deploy === 'string' ? [{ change, why: deploy }] : [],
    ),
  };
}
