import type { CanaryRequest } from '../../src/analysis/kayenta/canary-request.ts';
import type { CanaryScope } from '../../src/analysis/kayenta/scope.ts';
import { start } from './plans.ts';

const minute = 60_000;

/** A canary config over the synthetic provider, by Kayenta's rule unless `changes` say otherwise. */
export function makeCanaryConfig(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    name: 'latency',
    applications: ['checkout'],
    judge: { name: 'NetflixACAJudge-v1.0', judgeConfigurations: {} },
    metrics: [
      {
        name: 'p99 latency',
        query: { type: 'synthetic', metricName: 'latency_p99' },
        groups: ['latency'],
        scopeName: 'default',
        analysisConfigurations: { canary: { direction: 'increase', critical: true } },
      },
    ],
    classifier: { groupWeights: { latency: 100 } },
    ...changes,
  };
}

/** The same by the sequential judge. */
export function makeSequentialConfig(
  changes: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return makeCanaryConfig({ judge: { name: 'Serin-v1.0', judgeConfigurations: {} }, ...changes });
}

/** One side of a comparison over the first ten minutes. */
export function makeScope(scope: string, changes: Partial<CanaryScope> = {}): CanaryScope {
  return {
    scope,
    location: null,
    start,
    end: start + 10 * minute,
    step: minute,
    extendedScopeParams: {},
    ...changes,
  };
}

/** A request about `checkout` by the template `http`, over a window that ends after so many minutes. */
export function makeCanaryRequest(minutes = 10, changes: Partial<CanaryRequest> = {}): CanaryRequest {
  const end = start + minutes * minute;
  return {
    kind: 'canary',
    application: 'checkout',
    config: { id: 'template-http' },
    scopes: {
      default: {
        control: makeScope('app=checkout and rollouts-pod-template-hash=old', { end }),
        experiment: makeScope('app=checkout and rollouts-pod-template-hash=new', { end }),
      },
    },
    thresholds: { pass: 90, marginal: 75 },
    accounts: { metrics: null, configuration: null, storage: null },
    parentPipelineExecutionId: null,
    request: { scopes: {} },
    ...changes,
  };
}
