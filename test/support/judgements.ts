import type { Finding, Judgement, Verdict } from '../../src/judge/types.ts';

const arm = { count: 3, missing: 0, mean: 1, median: 1, p95: 1, events: null, total: null };

/** A finding of the metric `errors` with that verdict. */
export function makeFinding(changes: Partial<Finding> = {}): Finding {
  return {
    metric: 'errors',
    kind: 'ratio',
    verdict: 'running',
    critical: false,
    weight: 1,
    direction: 'increase',
    effect: 0.02,
    interval: [-0.05, 0.09],
    intervalLevel: 0.9,
    effectAbsolute: 0.0002,
    intervalAbsolute: [-0.0005, 0.0009],
    anytimeInterval: [-0.2, 0.3],
    cliffsDelta: null,
    shift: null,
    mannWhitneyP: null,
    noise: null,
    edges: null,
    limit: null,
    margin: 0.1,
    acceptable: { relative: 0.5 },
    logE: -0.4,
    pValue: 1,
    adjustedPValue: 1,
    canary: arm,
    baseline: arm,
    minimumDetectableEffect: null,
    remainingSeconds: null,
    obstacle: null,
    reason: 'errors: as before',
    error: null,
    ...changes,
  };
}

/** A judgement with that verdict and one finding. */
export function makeJudgement(verdict: Verdict, finding: Partial<Finding> = {}): Judgement {
  return {
    verdict,
    score: verdict === 'pass' ? 100 : verdict === 'fail' ? 0 : 50,
    reason: `judged ${verdict}`,
    evidence: { logE: verdict === 'fail' ? 4 : -0.4, pValue: verdict === 'fail' ? 0.018 : 1, alpha: 0.05 },
    findings: [makeFinding({ verdict, ...finding })],
  };
}
