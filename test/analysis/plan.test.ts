import assert from 'node:assert/strict';
import { queriesOf } from '../../src/analysis/metric-queries.ts';
import { noiseFrom, overridePlan, parsePlan } from '../../src/analysis/plan.ts';
import { SerinError } from '../../src/errors.ts';

const ratio = { name: 'errors', kind: 'ratio', provider: 'p', events: 'e', total: 't' };
const gauge = { name: 'latency', kind: 'gauge', provider: 'p', query: 'q' };
const histogram = { name: 'latency', kind: 'histogram', provider: 'p', query: 'q' };
const limit = { name: 'availability', kind: 'limit', provider: 'p', query: 'q', max: 0.01 };
const good = { duration: '30m', metrics: [ratio, gauge] };

function issuesOf(value: unknown): string[] {
  try {
    parsePlan(value, ['plan']);
  } catch (error) {
    assert.ok(error instanceof SerinError && error.code === 'invalid_input', String(error));
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

describe('parsePlan', () => {
  it('fills in the defaults of the plan and of each kind', () => {
    const plan = parsePlan(good);
    assert.deepEqual(
      [plan.duration, plan.interval, plan.step, plan.delay, plan.warmup, plan.maxDuration],
      [1_800_000, 60_000, 60_000, 30_000, 0, 3_600_000],
    );
    assert.deepEqual(
      [plan.alpha, plan.stages, plan.settle, plan.onInconclusive, plan.onNoData, plan.onCanarySilent],
      [0.05, 1, 2, 'inconclusive', 'inconclusive', 'inconclusive'],
    );
    assert.deepEqual(
      plan.metrics.map(({ margin, acceptable }) => [margin, acceptable]),
      [
        [0.1, { relative: 0.5, absolute: 0.001 }],
        [0.02, { relative: 0.1 }],
      ],
    );
  });

  it('takes numbers and booleans as strings', () => {
    const [metric] = parsePlan({
      ...good,
      metrics: [{ ...ratio, weight: '2', critical: 'true', margin: '0' }],
    }).metrics;
    assert.deepEqual([metric?.weight, metric?.critical, metric?.margin], [2, true, 0]);
  });

  it('learns noise from all there is, unless it says otherwise, and stays the plan it was without a word of it', () => {
    assert.deepEqual(noiseFrom(parsePlan(good)), { history: true, earlierRuns: true });
    assert.deepEqual(
      [{ history: 'false' }, { earlierRuns: false }, { history: 'true', earlierRuns: 'false' }, {}].map(
        (noise) => noiseFrom(parsePlan({ ...good, noise })),
      ),
      [
        { history: false, earlierRuns: true },
        { history: true, earlierRuns: false },
        { history: true, earlierRuns: false },
        { history: true, earlierRuns: true },
      ],
    );
    assert.ok(!JSON.stringify(parsePlan(good)).includes('noise'));
  });

  it('takes a guard against pods that differ for good', () => {
    const guards = ['auto', 'always', 'never'].map((podOffsetGuard) => {
      const [metric] = parsePlan({ ...good, metrics: [{ ...gauge, per: 'pod', podOffsetGuard }] }).metrics;
      return metric?.kind === 'gauge' ? metric.podOffsetGuard : null;
    });
    assert.deepEqual(guards, ['auto', 'always', 'never']);
  });

  it('fills in the defaults of a histogram and of a limit', () => {
    const [buckets, threshold] = parsePlan({ ...good, metrics: [histogram, limit] }).metrics;
    assert.deepEqual(buckets, {
      ...histogram,
      direction: 'increase',
      weight: 1,
      critical: false,
      edges: [],
      margin: 0.05,
      acceptable: { relative: 0.5, absolute: 0.001 },
    });
    assert.deepEqual(threshold, {
      ...limit,
      direction: 'increase',
      weight: 1,
      critical: false,
      margin: 0,
      acceptable: {},
    });
  });

  it('takes which way is harm from the thresholds of a limit', () => {
    const directions = [{ max: 1 }, { min: 1 }, { max: 1, min: 0 }].map(
      (thresholds) =>
        parsePlan({ ...good, metrics: [{ ...limit, max: undefined, ...thresholds }] }).metrics[0]?.direction,
    );
    assert.deepEqual(directions, ['increase', 'decrease', 'either']);
  });

  it('takes edges and thresholds as strings', () => {
    const metrics = [
      { ...histogram, edges: ['0.1', 0.25] },
      { ...limit, max: '5' },
    ];
    const [buckets, threshold] = parsePlan({ ...good, metrics }).metrics;
    assert.ok(buckets?.kind === 'histogram' && threshold?.kind === 'limit');
    assert.deepEqual([buckets.edges, threshold.max], [[0.1, 0.25], 5]);
  });

  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    [
      'an unknown key',
      { ...good, durration: '3m' },
      /^plan: unknown key "durration"; allowed are name, duration/,
    ],
    [
      'a key of another kind',
      { ...good, metrics: [{ ...gauge, events: 'x' }] },
      /^plan\.metrics\[0\]: unknown key "events"/,
    ],
    [
      'an unknown kind',
      { ...good, metrics: [{ ...gauge, kind: 'gouge' }] },
      /^plan\.metrics\[0\]\.kind: found "gouge"; allowed are gauge, ratio, count, histogram, limit$/m,
    ],
    [
      'a word that every object has as a kind',
      { ...good, metrics: [{ ...gauge, kind: 'constructor' }] },
      /^plan\.metrics\[0\]\.kind: found "constructor"; allowed are gauge/,
    ],
    [
      'series per anything but pod',
      { ...good, metrics: [{ ...gauge, per: 'node' }] },
      /^plan\.metrics\[0\]\.per: found "node"; allowed are pod$/m,
    ],
    [
      'pods of a histogram',
      { ...good, metrics: [{ ...histogram, per: 'pod' }] },
      /^plan\.metrics\[0\]: unknown key "per"; allowed are name, .*edges/,
    ],
    [
      'edges that do not ascend',
      { ...good, metrics: [{ ...histogram, edges: [0.1, 0.5, '0.5', 0.2] }] },
      /^plan\.metrics\[0\]\.edges\[2\]: found 0\.5 after 0\.5; edges must ascend\n.*edges\[3\]: found 0\.2 after 0\.5/,
    ],
    [
      'an edge that is not finite',
      { ...good, metrics: [{ ...histogram, edges: ['+Inf'] }] },
      /^plan\.metrics\[0\]\.edges\[0\]: found "\+Inf"; a number is needed/,
    ],
    [
      'edges that are no list',
      { ...good, metrics: [{ ...histogram, edges: 0.25 }] },
      /^plan\.metrics\[0\]\.edges: found 0\.25; a array is needed/,
    ],
    [
      'more than 20 edges',
      { ...good, metrics: [{ ...histogram, edges: Array.from({ length: 21 }, (_, index) => index) }] },
      /^plan\.metrics\[0\]\.edges: at most 20 edges may be given/,
    ],
    [
      'a limit without a threshold',
      { ...good, metrics: [{ ...limit, max: undefined }] },
      /^plan\.metrics\[0\]\.max: is missing; give max, min or both/,
    ],
    [
      'a limit that nothing can keep',
      { ...good, metrics: [{ ...limit, min: '0.5' }] },
      /^plan\.metrics\[0\]\.min: found 0\.5; it must be below max, 0\.01/,
    ],
    [
      'a limit with a direction',
      { ...good, metrics: [{ ...limit, direction: 'increase' }] },
      /^plan\.metrics\[0\]: unknown key "direction"; allowed are name, provider, weight, critical, kayenta, kind, query, max, min/,
    ],
    [
      'a missing query',
      { ...good, metrics: [{ ...gauge, query: undefined }] },
      /^plan\.metrics\[0\]\.query: is missing/,
    ],
    [
      'an unknown word',
      { ...good, onNoData: 'pass' },
      /^plan\.onNoData: found "pass"; allowed are inconclusive, fail/,
    ],
    [
      'a duration without unit',
      { ...good, duration: '30' },
      /^plan\.duration: found "30"; allowed are durations/,
    ],
    [
      'a duration below the interval',
      { ...good, duration: '30s' },
      /^plan\.duration: found 30s; it must be at least the interval, 1m/,
    ],
    [
      'a warm-up that leaves nothing',
      { ...good, warmup: '28m' },
      /^plan\.duration: after a warmup of 28m it must leave at least 4 steps/,
    ],
    ['a maximum below the duration', { ...good, maxDuration: '20m' }, /^plan\.maxDuration: found 20m/],
    [
      'two metrics of one name',
      { ...good, metrics: [ratio, ratio] },
      /^plan\.metrics\[1\]\.name: found "errors" twice/,
    ],
    ['no metrics', { ...good, metrics: [] }, /^plan\.metrics: at least one/],
    [
      'an empty acceptable',
      { ...good, metrics: [{ ...ratio, acceptable: {} }] },
      /^plan\.metrics\[0\]\.acceptable: is empty/,
    ],
    [
      'support without minSupport',
      { ...good, metrics: [{ ...gauge, support: 's' }] },
      /support and minSupport go together/,
    ],
    [
      'noise from elsewhere',
      { ...good, noise: { pods: true } },
      /^plan\.noise: unknown key "pods"; allowed are history, earlierRuns$/,
    ],
    [
      'noise that is neither on nor off',
      { ...good, noise: { history: 'no' } },
      /^plan\.noise\.history: found "no"/,
    ],
    [
      'a guard that it does not know',
      { ...good, metrics: [{ ...gauge, per: 'pod', podOffsetGuard: 'on' }] },
      /^plan\.metrics\[0\]\.podOffsetGuard: found "on"; allowed are auto, always, never$/,
    ],
    [
      'a guard of pods that are not told apart',
      { ...good, metrics: [{ ...gauge, podOffsetGuard: 'never' }] },
      /^plan\.metrics\[0\]\.podOffsetGuard: goes with per: pod$/,
    ],
    ['a negative margin', { ...good, metrics: [{ ...ratio, margin: -1 }] }, /^plan\.metrics\[0\]\.margin/],
    ['an alpha of 1', { ...good, alpha: 1 }, /^plan\.alpha/],
    ['something that is no plan', 'plan', /^plan: found "plan"; a object/],
  ];
  for (const [what, value, message] of bad) {
    it(`refuses ${what} with its path and what is allowed`, () => {
      assert.match(issuesOf(value).join('\n'), message);
    });
  }

  it('names every issue at once', () => {
    assert.equal(
      issuesOf({ ...good, alpha: 7, onNoData: 'x', metrics: [{ ...gauge, kind: 'x' }] }).length,
      3,
    );
  });
});

describe('overridePlan', () => {
  it('replaces duration and interval, and the step that follows the interval', () => {
    const plan = overridePlan(parsePlan(good), 7_200_000, 30_000);
    assert.deepEqual(
      [plan.duration, plan.interval, plan.step, plan.maxDuration],
      [7_200_000, 30_000, 30_000, 7_200_000],
    );
  });

  it('checks the result', () => {
    assert.throws(() => overridePlan(parsePlan(good), 30_000, null), /duration: found 30s/);
  });
});

describe('queriesOf', () => {
  const both = ['canary', 'baseline'];
  const asked = (metric: object): unknown[] =>
    parsePlan({ ...good, metrics: [metric] }).metrics.flatMap((one) =>
      queriesOf(one).map(({ field, query, arms, memberLabel }) => [field, query, arms, memberLabel]),
    );

  it('names the field that each query fills', () => {
    assert.deepEqual(asked(ratio), [
      ['events', 'e', both, null],
      ['total', 't', both, null],
    ]);
    assert.deepEqual(asked({ name: 'jobs', kind: 'count', provider: 'p', events: 'e', exposure: 'x' }), [
      ['events', 'e', both, null],
      ['total', 'x', both, null],
    ]);
    assert.deepEqual(asked({ ...gauge, support: 's', minSupport: 10 }), [
      ['value', 'q', both, null],
      ['support', 's', both, null],
    ]);
  });

  it('says which label tells several series apart', () => {
    assert.deepEqual(asked({ ...gauge, per: 'pod', support: 's', minSupport: 10 }), [
      ['value', 'q', both, 'pod'],
      ['support', 's', both, null],
    ]);
    assert.deepEqual(asked(histogram), [['value', 'q', both, 'le']]);
  });

  it('asks of a limit the canary alone', () => {
    assert.deepEqual(asked(limit), [['value', 'q', ['canary'], null]]);
  });
});
