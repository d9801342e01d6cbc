import assert from 'node:assert/strict';
import { overridePlan, parsePlan, queriesOf } from '../../src/analysis/plan.ts';
import { SerinError } from '../../src/errors.ts';

const ratio = { name: 'errors', kind: 'ratio', provider: 'p', events: 'e', total: 't' };
const gauge = { name: 'latency', kind: 'gauge', provider: 'p', query: 'q' };
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
      /^plan\.metrics\[0\]\.kind: found "gouge"; allowed are gauge, ratio, count/,
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
  it('names the field that each query fills', () => {
    const [first, second] = parsePlan({
      ...good,
      metrics: [ratio, { ...gauge, support: 's', minSupport: 10 }],
    }).metrics;
    assert.ok(first !== undefined && second !== undefined);
    assert.deepEqual(queriesOf(first), [
      { field: 'events', query: 'e' },
      { field: 'total', query: 't' },
    ]);
    assert.deepEqual(queriesOf(second), [
      { field: 'value', query: 'q' },
      { field: 'support', query: 's' },
    ]);
  });
});
