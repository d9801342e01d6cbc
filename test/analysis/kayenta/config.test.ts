import assert from 'node:assert/strict';
import { readCanaryConfig } from '../../../src/analysis/kayenta/canary-config.ts';
import { type PlanTerms, planOfConfig } from '../../../src/analysis/kayenta/config-plan.ts';
import { planNames } from '../../../src/analysis/kayenta/metric-names.ts';
import { SerinError } from '../../../src/errors.ts';
import { makeCanaryConfig, makeSequentialConfig } from '../../support/canary-configs.ts';

const minute = 60_000;
const terms: PlanTerms = {
  step: minute,
  window: 30 * minute,
  thresholds: { pass: 90, marginal: 75 },
  netflixJudge: 'kayenta',
  providerOf: (type) => `the ${type}`,
};

function metric(name: string, canary: object = {}, changes: object = {}) {
  return {
    name,
    query: { type: 'synthetic', metricName: 'cpu' },
    groups: ['g'],
    scopeName: 'default',
    analysisConfigurations: { canary },
    ...changes,
  };
}

function plan(config: Record<string, unknown>, changes: Partial<PlanTerms> = {}) {
  return planOfConfig(readCanaryConfig(config), { ...terms, ...changes }).plan;
}

function issuesOf(work: () => unknown): readonly string[] {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof SerinError);
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('a canary config', () => {
  it('tells everything that is wrong with it, each by its path', () => {
    const issues = issuesOf(() =>
      readCanaryConfig({
        name: 'with space',
        applications: [],
        judges: {},
        judge: { name: 'dredd-v1.0', judgeConfigurations: { alhpa: 0.1 } },
        metrics: [
          metric('a', { direction: 'up' }, { scopeName: undefined }),
          metric('a', {}, { query: { type: 'atlas', q: 'x' } }),
        ],
        classifier: { groupWeights: { h: 10 } },
      }),
    );

    for (const expected of [
      /^name: found "with space"/,
      /^applications: at least one/,
      /^judges: is no known key/,
      /^judge\.name: found "dredd-v1\.0"; allowed are NetflixACAJudge-v1\.0, RemoteJudge-v1\.0, Serin-v1\.0/,
      /^judge\.judgeConfigurations\.alhpa: is no known key; allowed are duration, interval/,
      /^metrics\[0\]\.analysisConfigurations\.canary\.direction: found "up"/,
      /^metrics\[0\]\.scopeName: is missing/,
      /^metrics\[1\]\.name: found "a" twice/,
      /^metrics\[1\]\.query\.type: found "atlas"/,
      /^classifier\.groupWeights\.h: no metric is in this group/,
    ])
      assert.ok(
        issues.some((issue) => expected.test(issue)),
        `${expected} in ${issues.join('\n')}`,
      );
  });

  it('has one scope for all of its metrics', () => {
    const config = makeCanaryConfig({
      metrics: [metric('a'), metric('b', {}, { scopeName: 'other' })],
      classifier: {},
    });

    assert.match(
      issuesOf(() => readCanaryConfig(config)).join(),
      /metrics\[1\]\.scopeName: found "other" beside "default"/,
    );
    assert.equal(
      readCanaryConfig(makeCanaryConfig({ metrics: [metric('a', {}, { scopeName: 'x' })], classifier: {} }))
        .scopeName,
      'x',
    );
  });

  for (const value of [null, 'text', [], { metrics: 'x' }])
    it(`is refused when it is ${JSON.stringify(value)}`, () => {
      assert.ok(issuesOf(() => readCanaryConfig(value)).length > 0);
    });
});

describe('the plan of a canary config', () => {
  it("says all to Kayenta's rule that the config says", () => {
    const canary = {
      direction: 'increase',
      critical: true,
      mustHaveData: true,
      nanStrategy: 'replace',
      outliers: { strategy: 'remove', outlierFactor: 2 },
      effectSize: { measure: 'cles', allowedIncrease: 0.6 },
    };
    const made = plan(makeCanaryConfig({ metrics: [metric('p99 latency', canary)], classifier: {} }));

    assert.equal(made.judge, 'kayenta');
    assert.deepEqual(made.kayenta, { thresholds: terms.thresholds, groupWeights: {} });
    assert.equal(made.duration, 30 * minute);
    assert.equal(made.step, minute);
    const [one] = made.metrics;
    assert.equal(one?.name, 'p99-latency');
    assert.equal(one?.provider, 'the synthetic');
    assert.equal(one?.critical, true);
    assert.deepEqual(one?.kayenta, {
      groups: ['g'],
      nanStrategy: 'replace',
      mustHaveData: true,
      muted: false,
      outliers: canary.outliers,
      effectSize: {
        measure: 'cles',
        allowedIncrease: 0.6,
        allowedDecrease: 0.5,
        criticalIncrease: 0.5,
        criticalDecrease: 0.5,
      },
    });
  });

  it('carries the allowed effect, weights and pods over to the sequential judge, and leaves muted metrics out', () => {
    const prometheus = {
      type: 'prometheus',
      metricName: 'm',
      resourceType: 'gce_instance',
      groupByFields: ['pod'],
    };
    const made = plan(
      makeSequentialConfig({
        metrics: [
          metric('a', { direction: 'increase', effectSize: { allowedIncrease: 1.2 } }),
          metric(
            'b',
            { direction: 'decrease', effectSize: { allowedDecrease: 0.7 } },
            { groups: ['h'], query: prometheus },
          ),
          metric('c', { effectSize: { measure: 'cles', allowedIncrease: 0.9 } }, { groups: ['h'] }),
          metric('d', { muted: true }),
        ],
        classifier: { groupWeights: { g: 60 } },
      }),
    );

    assert.equal(made.judge, 'sequential');
    assert.deepEqual(
      made.metrics.map(({ name }) => name),
      ['a', 'b', 'c'],
    );
    const [a, b, c] = made.metrics;
    assert.ok(Math.abs((a?.margin ?? 0) - 0.2) < 1e-12);
    assert.ok(Math.abs((a?.acceptable.relative ?? 0) - 0.3) < 1e-12);
    assert.ok(Math.abs((b?.margin ?? 0) - 0.3) < 1e-12);
    assert.equal(b?.kind === 'gauge' ? b.per : null, 'pod');
    assert.equal(c?.margin, 0.02);
    assert.deepEqual(
      made.metrics.map(({ weight }) => weight),
      [30, 20, 20],
    );
    assert.throws(
      () => plan(makeSequentialConfig({ metrics: [metric('a', { muted: true })], classifier: {} })),
      /metrics: are all muted/,
    );
  });

  it('is judged by whom the configuration says for a config that names Kayenta’s own judge', () => {
    assert.equal(plan(makeCanaryConfig(), { netflixJudge: 'sequential' }).judge, 'sequential');
    assert.equal(plan(makeSequentialConfig(), { netflixJudge: 'kayenta' }).judge, 'sequential');
  });

  it('lasts as long as the longest of request and config, and as long as can be judged', () => {
    const judge = { name: 'Serin-v1.0', judgeConfigurations: { duration: '20m', warmup: '3m', alpha: 0.01 } };
    const config = makeSequentialConfig({ judge });

    assert.equal(plan(config, { window: 30 * minute }).duration, 30 * minute);
    assert.equal(plan(config, { window: 5 * minute }).duration, 20 * minute);
    assert.equal(plan(makeSequentialConfig(), { window: 0 }).duration, 4 * minute);
    assert.equal(plan(config).alpha, 0.01);
    assert.equal(plan(config).warmup, 3 * minute);
  });

  it('tells what is wrong with its settings by the path of the config', () => {
    const judge = { name: 'Serin-v1.0', judgeConfigurations: { duration: 'long', alpha: 2 } };

    const issues = issuesOf(() => plan(makeSequentialConfig({ judge })));

    assert.match(issues.join('\n'), /^judge\.judgeConfigurations\.alpha: /m);
  });
});

describe('names of metrics in a plan', () => {
  it('are those of the config where a plan takes them, distinct in any case', () => {
    assert.deepEqual(planNames(['cpu', 'p99 latency', 'p99/latency', '漢', ' -x', 'cpu']), [
      'cpu',
      'p99-latency',
      'p99-latency-2',
      'metric',
      'x',
      'cpu-2',
    ]);
  });
});
