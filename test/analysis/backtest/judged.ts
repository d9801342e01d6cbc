import type { JudgedMetric, JudgedWindow } from '../../../src/analysis/backtest/judged-window.ts';
import { start } from '../../support/plans.ts';

/** What a plan called web said of a metric: a pass. */
export function makeMetric(changes: Partial<JudgedMetric> = {}): JudgedMetric {
  return { metric: 'errors', verdict: 'pass', obstacle: null, effect: 0, ...changes };
}

/** A harmless window at the start of 2026 that the plan called web passed. */
export function makeJudged(changes: Partial<JudgedWindow> = {}): JudgedWindow {
  const verdict = changes.verdict ?? 'pass';
  return {
    key: 'k',
    plan: 'web',
    start,
    changeId: null,
    verdict,
    judgedVerdict: verdict,
    minutes: 30.5,
    reason: 'nothing is wrong',
    isEmpty: false,
    metrics: [makeMetric({ verdict })],
    harmed: [],
    ...changes,
  };
}
