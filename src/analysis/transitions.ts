import { formatDuration } from '../duration.ts';
import type { Judgement, Verdict } from '../judge/types.ts';
import type { Override, Run } from './run.ts';
import { dueLooks, endsAt, lastPoint, nextLook } from './window.ts';

/** What is to be done with a run now. */
export type Action =
  | { readonly type: 'wait'; readonly until: number }
  | { readonly type: 'look'; readonly looks: readonly number[] }
  | { readonly type: 'expire' }
  | { readonly type: 'none' };

export type NextOptions = {
  /** A polled run that nobody asked for this long expires, milliseconds. */
  readonly expireAfter: number;
  /** Since when callers could have asked: the start of this process. */
  readonly upSince: number;
};

/** Looks made up in one go; the rest follows at once, so that a long backlog does not hold a lease for long. */
const looksAtOnce = 500;

/** Whether a run is over. */
export function isOver(run: Run): boolean {
  return run.phase === 'concluded' || run.phase === 'cancelled';
}

/**
 * What is due for `run` at `now`. A look missed while nobody was there is made up: all looks due are listed, each to
 * be judged on the data of its own time. Pure.
 */
export function next(run: Run, now: number, options: NextOptions): Action {
  if (isOver(run) || run.nextLookAt === null) return { type: 'none' };
  const silentSince = Math.max(run.askedAt, options.upSince);
  if (run.polled && now - silentSince > Math.max(options.expireAfter, 2 * run.plan.interval))
    return { type: 'expire' };
  if (now < run.nextLookAt) return { type: 'wait', until: run.nextLookAt };
  const looks = dueLooks(run, run.lookedThrough, now, looksAtOnce);
  return looks.length > 0
    ? { type: 'look', looks }
    : { type: 'wait', until: nextLook(run, run.lookedThrough) ?? endsAt(run) };
}

/** One look as it was judged. */
export type Look = {
  /** The scheduled time of the look. */
  readonly at: number;
  readonly judgement: Judgement;
};

/** How long after the planned end a last look that a provider failed is tried again. */
function lastTry(run: Run, now: number): number {
  return (run.finalTriedAt ?? now) + Math.min(2 * run.plan.interval, 120_000);
}

function retryDelay(run: Run): number {
  return Math.min(run.plan.interval, 30_000);
}

/** What the plan makes of an inconclusive end. What could not be judged at all stays inconclusive. */
function resolveInconclusive(run: Run, judgement: Judgement): Verdict {
  const choice = run.plan.onInconclusive;
  if (choice === 'fail') return 'fail';
  return choice === 'pass' && !judgement.findings.some((finding) => finding.obstacle !== null)
    ? 'pass'
    : 'inconclusive';
}

/** The run, ended with `verdict`; a dry run keeps telling its caller pass. */
export function conclude(run: Run, verdict: Verdict, reason: string, now: number): Run {
  return {
    ...run,
    phase: 'concluded',
    verdict: run.dryRun ? 'pass' : verdict,
    reason,
    nextLookAt: null,
    concludedAt: now,
  };
}

function extendWindow(run: Run): Run {
  const extended = { ...run, finalTriedAt: null, end: run.start + run.plan.maxDuration };
  const until = formatDuration(run.plan.maxDuration);
  return {
    ...extended,
    reason: `extended to ${until}: ${run.reason}`,
    nextLookAt: nextLook(extended, run.lookedThrough),
  };
}

/**
 * The run after one look. `fail` is latched: it ends the run at any look. At the planned end a pass or the plan's
 * answer to an inconclusive one ends it, or `extend` moves the end once. Pure.
 */
export function record(run: Run, look: Look, now: number): Run {
  const { judgement } = look;
  const isFinal = look.at >= endsAt(run);
  const unread = judgement.findings.some((finding) => finding.obstacle === 'error');
  if (isFinal && unread && judgement.verdict === 'inconclusive' && now < lastTry(run, now)) {
    return {
      ...run,
      finalTriedAt: run.finalTriedAt ?? now,
      phase: 'running',
      judgement,
      reason: judgement.reason,
      nextLookAt: now + retryDelay(run),
    };
  }
  const looked: Run = {
    ...run,
    phase: 'running',
    judgement,
    judgedVerdict: judgement.verdict,
    score: judgement.score,
    reason: judgement.reason,
    looks: run.looks + 1,
    lookedThrough: look.at,
  };
  if (judgement.verdict === 'fail' || judgement.verdict === 'pass')
    return conclude(looked, judgement.verdict, judgement.reason, now);
  if (!isFinal) return { ...looked, nextLookAt: nextLook(looked, look.at) };
  const mayExtend = run.rolloutEndedAt === null && run.start + run.plan.maxDuration > run.end;
  if (run.plan.onInconclusive === 'extend' && mayExtend)
    return extendWindow({ ...looked, judgedVerdict: 'running' });
  return conclude(looked, resolveInconclusive(run, judgement), judgement.reason, now);
}

/**
 * The run over a window that goes on to `end`, for callers who ask again and again about one that grows. Where it ended
 * without a fail before that it is open again, with the evidence of all it has seen; a fail is latched, and what was
 * cancelled, overridden by a person or whose rollout is over stays so. The run itself when there is nothing to do. Pure.
 */
export function grow(run: Run, end: number, now: number): Run {
  const isFinal =
    [run.verdict, run.judgedVerdict].includes('fail') ||
    run.phase === 'cancelled' ||
    run.rolloutEndedAt !== null ||
    run.override !== undefined;
  if (end <= run.end || (isOver(run) && isFinal)) return run;
  const grown = { ...run, end, askedAt: Math.max(run.askedAt, now) };
  const nextLookAt = nextLook(grown, run.lookedThrough);
  if (!isOver(run)) return { ...grown, nextLookAt };
  return {
    ...grown,
    phase: 'running',
    verdict: run.dryRun ? 'pass' : 'running',
    judgedVerdict: 'running',
    reason: `asked about a longer window; until then: ${run.reason}`,
    finalTriedAt: null,
    nextLookAt,
    concludedAt: null,
  };
}

/** The run, given up by a person or a caller. Harmless when it is over. */
export function cancel(run: Run, reason: string, now: number): Run {
  if (isOver(run)) return run;
  const judgedVerdict = run.judgedVerdict === 'fail' ? 'fail' : 'inconclusive';
  return {
    ...run,
    phase: 'cancelled',
    verdict: run.dryRun ? 'pass' : 'inconclusive',
    judgedVerdict,
    reason,
    nextLookAt: null,
    concludedAt: now,
  };
}

/**
 * The run with a person's verdict in the place of the judge's. A run that goes on ends by it; what the judge said stays,
 * and where it had not said anything yet that is inconclusive.
 */
export function override(run: Run, said: Override): Run {
  const { verdict, by, reason, at } = said;
  const judged = run.judgedVerdict === 'running' ? 'inconclusive' : run.judgedVerdict;
  const overridden: Run = {
    ...run,
    verdict,
    judgedVerdict: judged,
    override: said,
    reason: `${by} decided ${verdict}: ${reason} (the judge said ${judged})`,
  };
  return isOver(run) ? overridden : { ...overridden, phase: 'concluded', nextLookAt: null, concludedAt: at };
}

/** The run, given up because its caller no longer asks. */
export function expire(run: Run, expireAfter: number, now: number): Run {
  return cancel(
    run,
    `nobody asked for this analysis for ${formatDuration(Math.max(expireAfter, 2 * run.plan.interval))}, so it was given up`,
    now,
  );
}

/**
 * The run after the controller ended its rollout at `at`. The window ends there and the run concludes at once: never
 * pass before the planned end. A verdict already reached stays, and a window that was complete by then is judged.
 */
export function endRollout(
  run: Run,
  how: 'completed' | 'aborted' | 'superseded',
  at: number,
  now: number,
): Run {
  const marked = { ...run, rolloutEndedAt: Math.max(run.rolloutEndedAt ?? 0, at) };
  if (isOver(run) || lastPoint(run, at + run.plan.delay) >= lastPoint(run, endsAt(run))) return marked;
  const seen = formatDuration(Math.max(0, Math.floor((at - run.start) / 1000) * 1000));
  const planned = formatDuration(run.end - run.start);
  const reason = `the rollout was ${how} after ${seen} of the planned ${planned}, too early to say more than: ${run.reason}`;
  return {
    ...conclude({ ...marked, judgedVerdict: 'inconclusive' }, 'inconclusive', reason, now),
    end: Math.max(run.start, Math.min(run.end, at)),
  };
}
