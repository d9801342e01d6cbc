import assert from 'node:assert/strict';
import { judgeBy, trajectoryBy } from '../../src/analysis/judging-by.ts';
import { parsePlan } from '../../src/analysis/plan.ts';
import { kayentaConfigOf } from '../../src/analysis/plan-kayenta.ts';
import { SerinError } from '../../src/errors.ts';
import { gauge, input, noisy, ratio } from '../judge/inputs.ts';

const latency = { name: 'latency', kind: 'gauge', provider: 'p', query: 'q' };
const errors = { name: 'errors', kind: 'ratio', provider: 'p', events: 'e', total: 't' };

function plan(changes: Record<string, unknown> = {}, metrics: readonly unknown[] = [latency, errors]) {
  return parsePlan({ duration: '30m', judge: 'kayenta', metrics, ...changes });
}

function refusal(changes: Record<string, unknown>, metrics?: readonly unknown[]): string {
  try {
    plan(changes, metrics);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof SerinError);
    return error.message;
  }
}

describe('a plan with judge: kayenta', () => {
  it('is a canaryConfig with Kayenta’s defaults, one group and thresholds 95 and 75', () => {
    const { config, thresholds } = kayentaConfigOf(plan());
    assert.deepEqual(thresholds, { pass: 95, marginal: 75 });
    const [first] = config.metrics;
    assert.deepEqual(first, {
      name: 'latency',
      groups: ['metrics'],
      direction: 'increase',
      nanStrategy: 'remove',
      outliers: { strategy: 'keep', outlierFactor: 3 },
      critical: false,
      mustHaveData: false,
      muted: false,
      effectSize: {
        measure: 'meanRatio',
        allowedIncrease: 1,
        allowedDecrease: 1,
        criticalIncrease: 1,
        criticalDecrease: 1,
      },
    });
  });

  it('takes groups, weights, thresholds and what a canaryConfig says of a metric', () => {
    const settings = {
      groups: ['Latency'],
      nanStrategy: 'replace',
      mustHaveData: true,
      outliers: { strategy: 'remove', outlierFactor: 2.5 },
      effectSize: { measure: 'cles', criticalIncrease: 0.8 },
    };
    const { config, thresholds } = kayentaConfigOf(
      plan(
        { kayenta: { thresholds: { pass: 90, marginal: 50 }, groupWeights: { Latency: 60, Errors: 40 } } },
        [
          { ...latency, critical: true, direction: 'either', kayenta: settings },
          { ...errors, kayenta: { groups: 'Errors' } },
        ],
      ),
    );
    assert.deepEqual(thresholds, { pass: 90, marginal: 50 });
    assert.deepEqual(
      [...config.groupWeights],
      [
        ['Latency', 60],
        ['Errors', 40],
      ],
    );
    assert.equal(config.metrics[0]?.critical, true);
    assert.equal(config.metrics[0]?.effectSize.criticalIncrease, 0.8);
    assert.equal(config.metrics[0]?.effectSize.allowedIncrease, 0.5);
    assert.deepEqual(config.metrics[1]?.groups, ['Errors']);
  });

  const bad: readonly [string, Record<string, unknown>, RegExp, (readonly unknown[])?][] = [
    [
      'an unknown word',
      {},
      /metrics\[0\]\.kayenta\.nanStrategy/,
      [{ ...latency, kayenta: { nanStrategy: 'drop' } }],
    ],
    ['an unknown key', {}, /metrics\[0\]\.kayenta/, [{ ...latency, kayenta: { nanstrategy: 'remove' } }]],
    [
      'a kind Kayenta does not know',
      {},
      /metrics\[0\]\.kind.*allowed are gauge, ratio, count/,
      [{ name: 'cpu', kind: 'limit', provider: 'p', query: 'q', max: 1 }],
    ],
    ['pods', {}, /metrics\[0\]\.per/, [{ ...latency, per: 'pod' }]],
    ['an early pass', { earlyPass: true }, /earlyPass/],
    ['noise to learn', { noise: { history: false } }, /noise.*learns no noise/],
    [
      'a weight of no group',
      { kayenta: { groupWeights: { Other: 10 } } },
      /groupWeights\.Other.*groups are metrics/,
    ],
    [
      'a pass below marginal',
      { kayenta: { thresholds: { pass: 10, marginal: 20 } } },
      /pass must be at least/,
    ],
    [
      'Kayenta’s words for the other judge',
      { judge: 'sequential', kayenta: {} },
      /kayenta.*judge: kayenta alone/,
    ],
  ];
  for (const [what, changes, message, metrics] of bad)
    it(`refuses ${what}`, () => {
      assert.match(refusal(changes, metrics), message);
    });

  it('is judged by Kayenta’s rule, at the end alone', () => {
    const run = input([
      gauge(noisy(1, 150, 0.05), noisy(2, 100, 0.05)),
      ratio([noisy(3, 10, 0.1), noisy(4, 1000, 0)], [noisy(5, 10, 0.1), noisy(6, 1000, 0)]),
    ]);
    assert.equal(judgeBy(plan(), run).verdict, 'fail');
    assert.equal(judgeBy(plan(), { ...run, final: false }).verdict, 'running');
    const { looks, failedAt, metrics } = trajectoryBy(plan(), run);
    assert.equal(failedAt, 30);
    assert.equal(looks.length, 30);
    assert.equal(looks.at(-2)?.verdict, 'running');
    assert.deepEqual(
      metrics.map((metric) => metric.failedAt),
      [30, null],
    );
  });
});
