import { type Plan, parsePlan } from '../../src/analysis/plan.ts';
import type { Run } from '../../src/analysis/run.ts';
import { nextLook } from '../../src/analysis/window.ts';

/** A plan with one ratio on the synthetic provider: 10 minutes, a look each minute. */
export function makePlan(changes: Record<string, unknown> = {}): Plan {
  return parsePlan({
    duration: '10m',
    interval: '1m',
    delay: '30s',
    metrics: [{ name: 'errors', kind: 'ratio', provider: 'synthetic', events: 'errors', total: 'requests' }],
    ...changes,
  });
}

/** 2026-01-01T00:00:00Z, a whole number of every step used in tests. */
export const start = Date.UTC(2026, 0, 1);

/** A run that waits for its first look. */
export function makeRun(changes: Partial<Run> = {}): Run {
  const plan = changes.plan ?? makePlan();
  const window = {
    start: changes.start ?? start,
    end: changes.end ?? (changes.start ?? start) + plan.duration,
    plan,
  };
  return {
    ...window,
    id: '00000000-0000-4000-8000-000000000001',
    key: 'k',
    attempt: 1,
    service: 'checkout',
    environment: 'production',
    target: null,
    changeId: 'c1',
    rollout: null,
    version: 'v2',
    digest: 'd',
    canary: { scenario: 'harmless' },
    baseline: {},
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
    alpha: plan.alpha,
    analysesOfChange: 1,
    createdAt: window.start,
    askedAt: window.start,
    concludedAt: null,
    rolloutEndedAt: null,
    ...changes,
  };
}
