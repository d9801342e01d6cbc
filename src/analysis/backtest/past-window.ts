import { createHash } from 'node:crypto';
import type { Plan } from '../plan.ts';
import type { Run } from '../run.ts';
import { nextLook } from '../window.ts';

/** Who is compared with whom: what a run takes its queries' variables from. */
export type Subject = Pick<Run, 'service' | 'environment' | 'target' | 'version' | 'canary' | 'baseline'>;

/** How and when the controller ended the rollout of a window; the arms are not the same populations afterwards. */
export type RolloutEnd = { readonly how: 'completed' | 'aborted' | 'superseded'; readonly at: number };

/** A stretch of the past that is judged as if an analysis had been started there. */
export type PastWindow = {
  /** Milliseconds. */
  readonly start: number;
  readonly subject: Subject;
  /** How much earlier the baseline is read than the canary, milliseconds; 0 = at the same time. */
  readonly offset: number;
  readonly rolloutEnd: RolloutEnd | null;
  /** The change that was rolled out there; `null`: none, so that whatever fails is a false alarm. */
  readonly changeId: string | null;
};

/** A plan under the name that the report uses for it. */
export type NamedPlan = { readonly label: string; readonly plan: Plan };

/** A fingerprint of anything that can be written as JSON, 32 hexadecimal digits. */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 32);
}

/** The longest that a run under the plan may take, milliseconds: up to `maxDuration` where it may be extended. */
export function longest({ onInconclusive, duration, maxDuration }: Plan): number {
  return onInconclusive === 'extend' ? maxDuration : duration;
}

/**
 * The run that would have been started at the window's start, before its first look. Everything that decides how it is
 * read and judged is that of a run of the service; the rest says that nobody ever saw it.
 */
export function pastRun({ start, subject, changeId }: PastWindow, plan: Plan): Run {
  const window = { start, end: start + plan.duration, plan };
  return {
    ...window,
    ...subject,
    id: 'backtest',
    key: 'backtest',
    attempt: 1,
    changeId: changeId ?? 'none',
    rollout: null,
    digest: '',
    dryRun: false,
    polled: false,
    phase: 'waiting',
    verdict: 'running',
    judgedVerdict: 'running',
    score: 50,
    reason: 'waiting for the first data',
    judgement: null,
    looks: 0,
    finalTriedAt: null,
    lookedThrough: null,
    nextLookAt: nextLook(window, null),
    alpha: plan.alpha / plan.stages,
    analysesOfChange: 1,
    createdAt: start,
    askedAt: start,
    concludedAt: null,
    rolloutEndedAt: null,
  };
}
