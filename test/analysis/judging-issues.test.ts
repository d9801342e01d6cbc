import assert from 'node:assert/strict';
import fc from 'fast-check';
import { judgeRequest } from '../../src/analysis/judging.ts';
import { hasCode, type InputIssue } from '../../src/errors.ts';
import { flat } from '../judge/inputs.ts';

type Body = Record<string, unknown>;

const five = flat(5, 5);
const arm = { events: five, total: flat(1000, 5) };
const le = [0.1, 0.5];
const buckets = flat([1, 2], 5);

/** A body with a metric of every kind, each right. */
function body(changes: Body = {}, samples: Body = {}, plan: Body = {}): Body {
  return {
    plan: {
      metrics: [
        { name: 'errors', kind: 'ratio' },
        { name: 'jobs', kind: 'count' },
        { name: 'latency', kind: 'gauge' },
        { name: 'cpu', kind: 'gauge', per: 'pod' },
        { name: 'spread', kind: 'histogram' },
        { name: 'memory', kind: 'limit', max: 9 },
      ],
      ...plan,
    },
    samples: {
      errors: { canary: arm, baseline: arm },
      jobs: { canary: { events: five, exposure: five }, baseline: { events: five, exposure: five } },
      latency: { canary: five, baseline: five },
      cpu: { canary: { pods: { a: five } }, baseline: { pods: { b: five } } },
      spread: { canary: { le, buckets }, baseline: { le, buckets } },
      memory: { canary: five },
      ...samples,
    },
    stepSeconds: 60,
    ...changes,
  };
}

function issuesOf(request: unknown): readonly InputIssue[] {
  try {
    judgeRequest(request);
  } catch (error) {
    if (hasCode(error, 'invalid_input')) return error.issues;
    throw error;
  }
  return [];
}

const told = (request: unknown) => issuesOf(request).map(({ path, message }) => `${path}: ${message}`);
const canary = (metric: string, value: unknown, baseline: unknown = arm) =>
  body({}, { [metric]: { canary: value, baseline } });
const without = (name: string) => Object.fromEntries(Object.entries(body()).filter(([key]) => key !== name));
const pods = (value: unknown) => canary('cpu', { pods: value }, { pods: { b: five } });
const histogram = (value: unknown) => canary('spread', value, { le, buckets });

const numbers = 'an array of numbers and nulls is needed';
const byName = 'an object with the samples of each metric by its name is needed';
const seconds = 'a number of seconds from 1 to 86400 is needed';

/** What is wrong, and all that is said of it. */
const faults: readonly (readonly [what: string, request: unknown, ...said: string[]])[] = [
  ['no object', [1], ': found [1]; an object with plan, samples and stepSeconds is needed'],
  ['nothing', undefined, ': found nothing; an object with plan, samples and stepSeconds is needed'],
  [
    'an unknown key',
    body({ look: 'each' }),
    'look: unknown key; allowed are plan, samples, stepSeconds, looks, history',
  ],
  ['no plan', without('plan'), 'plan: is missing; an object with metrics is needed'],
  ['a plan that is none', body({ plan: 'http' }), 'plan: found "http"; an object with metrics is needed'],
  ['no samples', without('samples'), `samples: is missing; ${byName}`],
  ['samples that are none', body({ samples: [1] }), `samples: found [1]; ${byName}`],
  ['no step', without('stepSeconds'), `stepSeconds: is missing; ${seconds}`],
  ['a step of 0', body({ stepSeconds: 0 }), `stepSeconds: found 0; ${seconds}`],
  ['a step of more than a day', body({ stepSeconds: 86401 }), `stepSeconds: found 86401; ${seconds}`],
  ['a step in words', body({ stepSeconds: '1m' }), `stepSeconds: found "1m"; ${seconds}`],
  ['looks of another kind', body({ looks: 'all' }), 'looks: found "all"; allowed are each, last'],
  ['history that is none', body({ history: 3 }), `history: found 3; ${byName}`],
  [
    'several faults at once',
    body({ stepSeconds: -1, looks: 1 }),
    `stepSeconds: found -1; ${seconds}`,
    'looks: found 1; allowed are each, last',
  ],
  [
    'samples of a stranger',
    body({}, { latencyy: { canary: five, baseline: five } }),
    'samples.latencyy: is not a metric of the plan; its metrics are errors, jobs, latency, cpu, spread, memory',
  ],
  [
    'history of a stranger',
    body({ history: { x: {} } }),
    'history.x: is not a metric of the plan; its metrics are errors, jobs, latency, cpu, spread, memory',
  ],
  [
    'a metric without samples',
    body({}, { latency: undefined }),
    'samples.latency: is missing; an object with canary and baseline is needed',
  ],
  [
    'a metric that is a list',
    body({}, { latency: five }),
    'samples.latency: found [5,5,5,5,5]; an object with canary and baseline is needed',
  ],
  [
    'a third arm',
    body({}, { latency: { canary: five, baseline: five, control: five } }),
    'samples.latency.control: unknown key; allowed are canary, baseline',
  ],
  [
    'a missing arm',
    body({}, { latency: { canary: five } }),
    `samples.latency.baseline: is missing; ${numbers}`,
  ],
  [
    'the shape of another kind',
    canary('latency', arm, five),
    `samples.latency.canary: found ${JSON.stringify(arm)}; ${numbers}`,
  ],
  [
    'a list where an object belongs',
    canary('errors', five),
    'samples.errors.canary: found [5,5,5,5,5]; an object with events and total is needed',
  ],
  [
    'no total',
    canary('errors', { events: five }),
    `samples.errors.canary.total: is missing; ${numbers}`,
    'samples.errors.canary.events: found 5 steps beside 0 in total; both must have as many, or events none at all',
  ],
  [
    'a total in a count',
    canary('jobs', { events: five, total: five }, { events: five, exposure: five }),
    'samples.jobs.canary.total: unknown key; allowed are events, exposure',
    `samples.jobs.canary.exposure: is missing; ${numbers}`,
    'samples.jobs.canary.events: found 5 steps beside 0 in exposure; both must have as many, or events none at all',
  ],
  [
    'events cut short',
    canary('errors', { events: [1], total: five }),
    'samples.errors.canary.events: found 1 steps beside 5 in total; both must have as many, or events none at all',
  ],
  [
    'what is no number',
    canary('errors', { events: [1, 'NaN', 1, true, Number.POSITIVE_INFINITY], total: five }),
    'samples.errors.canary.events[1]: found "NaN"; a finite number or null is needed',
    'samples.errors.canary.events[3]: found true; a finite number or null is needed',
    'samples.errors.canary.events[4]: found Infinity; a finite number or null is needed',
  ],
  [
    'infinity in words',
    canary('latency', ['Infinity', '-Infinity', '+Inf', 1, 1], five),
    'samples.latency.canary[0]: found "Infinity"; a finite number or null is needed',
    'samples.latency.canary[1]: found "-Infinity"; a finite number or null is needed',
    'samples.latency.canary[2]: found "+Inf"; a finite number or null is needed',
  ],
  [
    'more steps than a run may have',
    canary('latency', flat(1, 20_001), five),
    'samples.latency.canary: found 20001 steps; at most 20000 are allowed',
  ],
  [
    'pods where none are told apart',
    canary('latency', { pods: { a: five } }, five),
    `samples.latency.canary: found {"pods":{"a":[5,5,5,5,5]}}; ${numbers}`,
  ],
  [
    'pods in a list',
    pods([five]),
    'samples.cpu.canary.pods: found [[5,5,5,5,5]]; an object with an array of values for each pod is needed',
  ],
  [
    'no pod',
    pods({}),
    'samples.cpu.canary.pods: found {}; an object with an array of values for each pod is needed',
  ],
  [
    "a pod's value",
    pods({ a: [1, 'x'] }),
    'samples.cpu.canary.pods.a[1]: found "x"; a finite number or null is needed',
  ],
  [
    'a limit with a baseline',
    body({}, { memory: { canary: five, baseline: five } }),
    'samples.memory.baseline: unknown key; allowed are canary',
  ],
  [
    'a limit with a past',
    body({ history: { memory: { baseline: five } } }),
    'history.memory: is not needed; a limit has no baseline',
  ],
  [
    'a past in the wrong shape',
    body({ history: { latency: { baseline: [1, 'x'] }, errors: { canary: arm } } }),
    'history.errors.canary: unknown key; allowed are baseline',
    'history.errors.baseline: is missing; an object with events and total is needed',
    'history.latency.baseline[1]: found "x"; a finite number or null is needed',
  ],
  [
    'edges that do not ascend',
    histogram({ le: [0.5, 0.1], buckets }),
    'samples.spread.canary.le[1]: found 0.1 after 0.5; edges must ascend',
  ],
  [
    'an infinite edge that is not the last',
    histogram({ le: ['+Inf', 0.1], buckets }),
    'samples.spread.canary.le[0]: found "+Inf"; a number is needed, or "+Inf" for the last edge',
  ],
  [
    'no edge',
    histogram({ le: [], buckets: [] }),
    'samples.spread.canary.le: found []; an array of ascending edges is needed',
  ],
  [
    'a row of another width',
    histogram({ le, buckets: [[1, 2], [1], 7] }),
    'samples.spread.canary.buckets[1]: found 1 counts; null or one count for each of the 2 edges of le is needed',
    'samples.spread.canary.buckets[2]: found 7; null or one count for each of the 2 edges of le is needed',
  ],
  [
    'a count that is none',
    histogram({ le, buckets: [[1, null]] }),
    'samples.spread.canary.buckets[0][1]: found null; a finite number is needed',
  ],
  [
    'a fault of the plan',
    body({}, {}, { alpha: 2, duration: '1 hour' }),
    'plan.duration: found "1 hour"; allowed are durations such as 30s, 15m, 2h, 1d',
    'plan.alpha: Too big: expected number to be <=0.5',
  ],
  [
    'a plan shorter than four of the steps',
    body({ stepSeconds: 600 }, {}, { duration: '30m' }),
    'plan.duration: after a warmup of 0s it must leave at least 4 steps of 10m; found 30m',
  ],
  [
    'a plan longer than a run may be',
    body({ stepSeconds: 1 }, {}, { duration: '6h' }),
    'stepSeconds: found 1s; a run of 6h may have at most 20000 steps',
  ],
  [
    'a step of the plan that is none',
    body({}, {}, { step: 'often' }),
    'plan.step: found "often"; allowed are durations such as 30s, 15m, 2h, 1d',
  ],
  [
    'more looks than are made one by one',
    body({
      looks: 'each',
      plan: { metrics: [{ name: 'latency', kind: 'gauge' }] },
      samples: { latency: { canary: flat(1, 5001), baseline: [] } },
    }),
    'looks: found "each" over 5001 steps of 1 series; for so many series at most 5000 steps are looked at one by one, and "last" is allowed for more',
  ],
];

describe('a request to judge samples at hand', () => {
  it('is taken as it should be', () => {
    assert.deepEqual(told(body()), []);
    assert.deepEqual(
      told(body({ history: { latency: { baseline: five }, cpu: { baseline: { pods: { b: five } } } } })),
      [],
    );
  });

  for (const [what, request, ...said] of faults) {
    it(`is refused for ${what}`, () => {
      assert.deepEqual(told(request), said);
    });
  }

  it('is told the first twenty of many faults', () => {
    const wrong = flat('x', 5000);

    assert.equal(issuesOf(canary('latency', wrong, wrong)).length, 20);
  });

  it('may bring queries and providers along, as a template has them', () => {
    const metric = {
      name: 'latency',
      kind: 'gauge',
      provider: 'p',
      query: 'q',
      support: 's',
      minSupport: 100,
    };
    const samples = { latency: { canary: five, baseline: five } };

    assert.deepEqual(told({ plan: { metrics: [metric] }, samples, stepSeconds: 60 }), []);
    assert.deepEqual(
      told({ plan: { metrics: [{ ...metric, provider: '' }] }, samples, stepSeconds: 60 }).length,
      1,
    );
    const { support: _, ...unasked } = metric;
    assert.deepEqual(told({ plan: { metrics: [unasked] }, samples, stepSeconds: 60 }), []);
  });

  it('is judged or refused for a reason, whatever it holds', () => {
    const value = fc.oneof(
      fc.double(),
      fc.constantFrom(null, '', '7', 'x', -1, 1e308),
      fc.jsonValue({ maxDepth: 2 }),
    );
    const list = fc.array(value, { maxLength: 8 });
    const shape = fc.oneof(
      list,
      fc.record({ events: list, total: list }, { requiredKeys: [] }),
      fc.record({ le: list, buckets: fc.array(list, { maxLength: 4 }) }, { requiredKeys: [] }),
      fc.record({ pods: fc.dictionary(fc.string(), list) }),
      fc.jsonValue({ maxDepth: 3 }),
    );
    const kind = fc.constantFrom('gauge', 'ratio', 'count', 'histogram', 'limit', 'constructor', 3);
    const request = fc.record(
      {
        plan: fc.record(
          {
            duration: fc.constantFrom('5m', '1h', 'x', 4),
            warmup: fc.constantFrom('0m', '3m', null),
            metrics: fc.array(
              fc.record(
                { name: fc.constant('m'), kind, max: fc.constant(3) },
                { requiredKeys: ['name', 'kind'] },
              ),
              { maxLength: 2 },
            ),
          },
          { requiredKeys: ['metrics'] },
        ),
        samples: fc.record({ m: fc.record({ canary: shape, baseline: shape }, { requiredKeys: [] }) }),
        stepSeconds: fc.oneof(fc.constant(60), value),
        looks: fc.constantFrom('each', 'last', 'x'),
      },
      { requiredKeys: ['plan', 'samples', 'stepSeconds'] },
    );

    fc.assert(
      fc.property(request, (given) => {
        for (const { path, message } of issuesOf(given))
          assert.doesNotMatch(`${path} ${message}`, /undefined|"none"|\[object/);
      }),
      { numRuns: 500 },
    );
  });
});
