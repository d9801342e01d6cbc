import { formatDuration } from '../../duration.ts';
import { invalidInput } from '../../errors.ts';
import type { Change } from '../../ledger/change.ts';
import type { Run } from '../run.ts';
import { areSameArms } from './arms.ts';
import { type Deploy, planDeploys, type SkippedChange } from './deploys.ts';
import { longest, type NamedPlan, type PastWindow, type Subject } from './past-window.ts';
import type { ReportSubject } from './report.ts';
import { busySpans, quietStarts, startOf } from './schedule.ts';

/** Which stretches of the past to judge; times and durations in milliseconds. */
export type WindowsRequest = {
  readonly kind: 'aa' | 'deploys' | 'both';
  readonly from: number;
  readonly to: number;
  readonly now: number;
  /** Between two harmless windows; `null`: as long as the longest plan. */
  readonly every: number | null;
  readonly quiet: number;
  /** How much earlier the baseline of harmless windows is read; 0 = at the same time. */
  readonly offset: number;
  /** The arms of harmless windows, and of deploys of which no analysis is kept. */
  readonly subject: Subject;
  readonly plans: readonly NamedPlan[];
  /** Why a window cannot be judged under the plans; `null` when it can. */
  readonly objectTo: (window: PastWindow) => string | null;
};

/** What the ledger knows of the service. */
export type KnownPast = {
  readonly changes: readonly Change[];
  readonly runs: ReadonlyMap<string, readonly Run[]>;
};

export type PlannedBacktest = {
  /** Harmless ones first. */
  readonly windows: readonly PastWindow[];
  /** Between the starts of two harmless windows. */
  readonly every: number;
  readonly harmless: ReportSubject['harmless'];
  readonly deploys: { readonly judged: readonly Deploy[]; readonly skipped: readonly SkippedChange[] } | null;
};

/** Until when data are there under every plan. */
function measuredUntil({ now, plans }: WindowsRequest): number {
  return now - Math.max(0, ...plans.map(({ plan }) => plan.delay));
}

function lengthOf({ plans }: WindowsRequest): number {
  return Math.max(0, ...plans.map(({ plan }) => longest(plan)));
}

/** Refuses steps that the offset is no multiple of: the two arms would not lie on one grid. */
function checkOffset({ offset, plans }: WindowsRequest): void {
  const wrong = plans.find(({ plan }) => offset % plan.step !== 0);
  if (wrong === undefined) return;
  const step = formatDuration(wrong.plan.step);
  throw invalidInput([
    {
      path: '--offset',
      message: `found ${formatDuration(offset)}; it must be a multiple of the step of ${wrong.label}, ${step}`,
    },
  ]);
}

function planHarmless(
  request: WindowsRequest,
  past: KnownPast | null,
): Pick<PlannedBacktest, 'windows' | 'harmless' | 'every'> {
  checkOffset(request);
  const { subject, offset, quiet, from } = request;
  const length = lengthOf(request);
  const every = request.every ?? length;
  const to = Math.min(request.to, measuredUntil(request));
  const busy = past === null ? [] : busySpans(past.changes);
  const { starts, busy: left } = quietStarts({ from, to, every, length, quiet, offset }, busy);
  const windows = starts.map((start) => ({ start, subject, offset, rolloutEnd: null, changeId: null }));
  const { canary, baseline } = subject;
  const counts = { planned: starts.length, busy: past === null ? null : left };
  return { windows, every, harmless: { every, quiet, offset, canary, baseline, ...counts } };
}

/** Why the windows of a deploy cannot be judged; `null` when they can. */
function objectToDeploy(request: WindowsRequest, { windows }: Deploy): string | null {
  const last = Math.max(...windows.map(({ start }) => start));
  if (last + lengthOf(request) > measuredUntil(request)) return 'its window is not over';
  if (windows.some(areSameArms)) return 'its canary and its baseline select the same';
  for (const window of windows) {
    const objection = request.objectTo(window);
    if (objection !== null) return objection;
  }
  return null;
}

function planPastDeploys(request: WindowsRequest, past: KnownPast): NonNullable<PlannedBacktest['deploys']> {
  const inRange = past.changes.filter((change) => {
    const start = startOf(change) ?? change.createdAt;
    return start >= request.from && start < request.to;
  });
  const { canary, baseline } = request.subject;
  const scopes = areSameArms({ ...request, rolloutEnd: null, changeId: null, offset: 0 })
    ? null
    : { canary, baseline };
  const { deploys, skipped } = planDeploys(inRange, past.runs, scopes);
  const objections = deploys.map((deploy) => ({ deploy, why: objectToDeploy(request, deploy) }));
  const refused = objections.flatMap(({ deploy, why }) =>
    why === null ? [] : [{ change: deploy.change, why }],
  );
  const judged = objections.flatMap(({ deploy, why }) => (why === null ? [deploy] : []));
  judged.sort((left, right) => left.startedAt - right.startedAt);
  return { judged, skipped: [...skipped, ...refused] };
}

/** Refuses a request that leaves nothing to judge, saying what would. */
function refuseNothing(request: WindowsRequest, { windows, harmless, deploys }: PlannedBacktest): void {
  if (windows.length > 0) return;
  const reasons = [];
  if (harmless !== null)
    reasons.push(
      (harmless.busy ?? 0) > 0
        ? `each of ${harmless.busy} windows has a deploy in it or within ${formatDuration(request.quiet)} before (--quiet)`
        : `no window of ${formatDuration(lengthOf(request))} fits between --from and --to`,
    );
  if (deploys !== null) {
    const why = [...new Set(deploys.skipped.map((one) => one.why))].join('; ');
    reasons.push(
      why === '' ? 'the ledger has no change in that range' : `no change can be judged again: ${why}`,
    );
  }
  throw invalidInput([{ path: '', message: `there is nothing to judge: ${reasons.join(', and ')}` }]);
}

/**
 * The windows to judge: harmless ones over the range where nothing was rolled out, past deploys, or both. Pure but for
 * `objectTo`. Rejects with `invalid_input` when there are none.
 *
 * @param past `null` when the ledger was not asked; no deploys then, and no window is left out for one
 */
export function planWindows(request: WindowsRequest, past: KnownPast | null): PlannedBacktest {
  const harmless = request.kind === 'deploys' ? null : planHarmless(request, past);
  const deploys = request.kind === 'aa' || past === null ? null : planPastDeploys(request, past);
  const planned = {
    windows: [...(harmless?.windows ?? []), ...(deploys?.judged ?? []).flatMap(({ windows }) => windows)],
    every: harmless?.every ?? lengthOf(request),
    harmless: harmless?.harmless ?? null,
    deploys,
  };
  refuseNothing(request, planned);
  return planned;
}
