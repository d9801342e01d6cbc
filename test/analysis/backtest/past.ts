import { type BacktestOptions, backtest } from '../../../src/analysis/backtest/backtest.ts';
import { keepInMemory } from '../../../src/analysis/backtest/done-file.ts';
import type { NamedPlan, PastWindow, Subject } from '../../../src/analysis/backtest/past-window.ts';
import { parsePlan } from '../../../src/analysis/plan.ts';
import type { Change } from '../../../src/ledger/change.ts';
import type { Provider, QueryRequest } from '../../../src/metrics/provider.ts';
import { createProvider } from '../../../src/metrics/registry.ts';
import { start } from '../../support/plans.ts';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const never = new AbortController().signal;

const errors = { name: 'errors', kind: 'ratio', provider: 'synthetic', events: 'errors', total: 'requests' };
const latency = { name: 'latency', kind: 'gauge', provider: 'synthetic', query: 'latency_p99' };

/** Half an hour of errors and latency on the synthetic provider. */
export function makeNamedPlan(changes: Record<string, unknown> = {}, label = 'web'): NamedPlan {
  return { label, plan: parsePlan({ duration: '30m', metrics: [errors, latency], ...changes }) };
}

/** Two populations that ran side by side. */
export function makeSubject(changes: Partial<Subject> = {}): Subject {
  return {
    service: 'checkout',
    environment: 'production',
    target: null,
    version: '',
    canary: { zone: 'a' },
    baseline: { zone: 'b' },
    ...changes,
  };
}

/** A harmless window at the start of 2026. */
export function makeWindow(changes: Partial<PastWindow> = {}): PastWindow {
  return { start, subject: makeSubject(), offset: 0, rolloutEnd: null, changeId: null, ...changes };
}

/** Harmless windows one after the other. */
export function makeWindows(count: number, every: number, changes: Partial<PastWindow> = {}): PastWindow[] {
  return Array.from({ length: count }, (_, index) =>
    makeWindow({ ...changes, start: start + index * every }),
  );
}

/** A change that succeeded: under way for an hour from the start of 2026. */
export function makeChange(changes: Partial<Change> = {}): Change {
  return {
    id: 'c1',
    source: 'api',
    externalId: 'e1',
    service: 'checkout',
    environment: 'production',
    version: 'v2',
    commit: null,
    artifact: null,
    url: null,
    actor: null,
    kind: 'normal',
    committedAt: null,
    startedAt: start,
    targets: [],
    finishedAt: start + hour,
    outcome: 'succeeded',
    failureClass: null,
    outcomeAt: start + day,
    recoveredAt: null,
    attribution: null,
    attempts: [],
    analysisIds: [],
    verdictOverruled: false,
    createdAt: start,
    settlesAt: null,
    ...changes,
  };
}

/** The synthetic provider, with what it was asked. */
export function countingProvider(): Provider & { readonly asked: QueryRequest[] } {
  const inner = createProvider('synthetic', { type: 'synthetic' });
  const asked: QueryRequest[] = [];
  return {
    ...inner,
    asked,
    fetch: (request) => {
      asked.push(request);
      return inner.fetch(request);
    },
    fetchMembers: (request) => {
      asked.push(request);
      return inner.fetchMembers(request);
    },
  };
}

/** A backtest of `windows` under `makeNamedPlan()` on `provider`, a month after the start of 2026. */
export function runPast(
  windows: readonly PastWindow[],
  provider: Provider,
  changes: Partial<BacktestOptions> = {},
): ReturnType<typeof backtest> {
  return backtest({
    windows,
    plans: [makeNamedPlan()],
    harm: null,
    every: hour,
    version: '1',
    findProvider: (name) => (name === 'synthetic' ? provider : null),
    recallNoise: async () => [],
    done: keepInMemory(),
    concurrency: 2,
    deadlineMs: 5_000,
    now: start + 30 * day,
    stop: never,
    onProgress: () => {},
    ...changes,
  });
}
