import assert from 'node:assert/strict';
import { judgeRequest } from '../../src/analysis/judging.ts';
import { parsePlan } from '../../src/analysis/plan.ts';
import type { KeptSeries } from '../../src/analysis/run-store.ts';
import { judgeInput } from '../../src/analysis/samples.ts';
import { endsAt } from '../../src/analysis/window.ts';
import { judge } from '../../src/judge/judge.ts';
import { trajectory } from '../../src/judge/trajectory.ts';
import type { Samples } from '../../src/judge/types.ts';
import { counts, flat, gauge, input, noisy, ratio } from '../judge/inputs.ts';
import { makeRun, start } from '../support/plans.ts';

type Body = Record<string, unknown>;

const errorsOf = (canary: number, steps = 30) => ({
  canary: { events: counts(1, canary, steps), total: flat(1000, steps) },
  baseline: { events: counts(2, 10, steps), total: flat(1000, steps) },
});
const latency = { canary: noisy(3, 100, 0.05), baseline: noisy(4, 100, 0.05) };

/** A body with one ratio, harmless over 30 minutes unless said otherwise. */
function body(changes: Body = {}, plan: Body = {}): Body {
  return {
    plan: { metrics: [{ name: 'errors', kind: 'ratio' }], ...plan },
    samples: { errors: errorsOf(10) },
    stepSeconds: 60,
    ...changes,
  };
}

describe('judging samples at hand', () => {
  it('says what the judge says of them', () => {
    const both = body(
      { samples: { errors: errorsOf(10), latency } },
      {
        metrics: [
          { name: 'errors', kind: 'ratio' },
          { name: 'latency', kind: 'gauge' },
        ],
      },
    );
    const arm = ({ events, total }: { events: Samples; total: Samples }) => [events, total] as const;
    const { canary, baseline } = errorsOf(10);

    const { judgement, trajectory: looks, steps, plannedSteps } = judgeRequest(both);

    const metrics = [ratio(arm(canary), arm(baseline)), gauge(latency.canary, latency.baseline)];
    assert.deepEqual(judgement, judge(input(metrics)));
    assert.equal(looks, null);
    assert.deepEqual([steps, plannedSteps], [30, 30]);
  });

  it('looks at every step when asked to, and says what is said at the look that concludes', () => {
    const { canary, baseline } = errorsOf(60);

    const answer = judgeRequest(body({ samples: { errors: errorsOf(60) }, looks: 'each' }));

    const metric = ratio([canary.events, canary.total], [baseline.events, baseline.total]);
    const expected = trajectory(input([metric]), { goOn: true });
    assert.deepEqual(answer.trajectory, expected);
    assert.deepEqual(answer.judgement, expected.judgement);
    assert.equal(answer.judgement.verdict, 'fail');
    assert.ok((answer.trajectory?.failedAt ?? 30) < 10);
  });

  it('gives the same answer to the same body, and leaves the body as it was', () => {
    const request = body({ looks: 'each', samples: { errors: errorsOf(13) } });
    const before = structuredClone(request);

    assert.deepEqual(judgeRequest(request), judgeRequest(before));
    assert.deepEqual(request, before);
  });

  it('takes numbers and steps that come as strings, and "" as missing', () => {
    const { canary, baseline } = errorsOf(10);
    const text = (values: readonly number[]) => values.map(String);
    const texts = { events: text(canary.events), total: text(canary.total) };
    const holed = { ...canary, total: canary.total.map((value, step) => (step === 4 ? null : value)) };
    const emptied = { ...texts, total: texts.total.map((value, step) => (step === 4 ? '' : value)) };

    const asTexts = judgeRequest(
      body({ stepSeconds: '60', samples: { errors: { canary: emptied, baseline } } }),
    );

    assert.deepEqual(asTexts, judgeRequest(body({ samples: { errors: { canary: holed, baseline } } })));
  });
});

describe('the run that samples at hand make', () => {
  const stepsOf = (changes: Body, plan: Body) => {
    const { steps, plannedSteps, judgement } = judgeRequest(body(changes, plan));
    return [steps, plannedSteps, judgement.verdict];
  };
  const long = { samples: { errors: errorsOf(10, 60) } };

  it('is as long as the samples when the plan does not say', () => {
    assert.deepEqual(stepsOf({}, {}), [30, 30, 'pass']);
    assert.deepEqual(stepsOf({}, { duration: '30m' }), [30, 30, 'pass']);
  });

  it('is still running when the samples end before the plan, except when harm is found', () => {
    assert.deepEqual(stepsOf({}, { duration: '1h' }), [30, 60, 'running']);
    assert.deepEqual(stepsOf({ samples: { errors: errorsOf(60) } }, { duration: '1h' }), [30, 60, 'fail']);
  });

  it('ends with the plan, whatever the samples say later', () => {
    const harmLater = errorsOf(10, 60);
    harmLater.canary.events.fill(90, 30);

    assert.deepEqual(stepsOf({ samples: { errors: harmLater } }, { duration: '30m' }), [30, 30, 'pass']);
    assert.deepEqual(stepsOf({ samples: { errors: harmLater } }, {}), [60, 60, 'fail']);
  });

  it('leaves the warm-up out, as a run does', () => {
    const harmFirst = errorsOf(10);
    harmFirst.canary.events.fill(500, 0, 2);
    const samples = { errors: harmFirst };

    assert.deepEqual(stepsOf({ samples }, { duration: '30m' }), [30, 30, 'inconclusive']);
    assert.deepEqual(stepsOf({ samples }, { duration: '30m', warmup: '90s' }), [28, 28, 'pass']);
    assert.deepEqual(stepsOf({ samples }, { warmup: '2m' }), [28, 28, 'pass']);
  });

  it('goes by the step of the samples, whatever the plan says', () => {
    assert.deepEqual(stepsOf({ stepSeconds: 30 }, { duration: '30m', step: '1m', interval: '5m' }), [
      30,
      60,
      'running',
    ]);
    assert.deepEqual(stepsOf({ stepSeconds: 3600 }, { interval: '1m', maxDuration: '2h' }), [30, 30, 'pass']);
  });

  it('is extended once when it is inconclusive by its end and the plan says so', () => {
    const sparse = (steps: number) => {
      const arm = (seed: number) => ({ events: counts(seed, 1, steps), total: flat(100, steps) });
      return { samples: { errors: { canary: arm(1), baseline: arm(2) } } };
    };
    const plan = { duration: '15m', maxDuration: '60m' };

    assert.deepEqual(stepsOf(sparse(60), plan), [15, 15, 'inconclusive']);
    assert.deepEqual(stepsOf(sparse(60), { ...plan, onInconclusive: 'extend' }), [60, 15, 'pass']);
    assert.deepEqual(stepsOf(sparse(40), { ...plan, onInconclusive: 'extend' }), [40, 15, 'running']);
    assert.deepEqual(stepsOf(long, { duration: '30m', onInconclusive: 'extend' }), [30, 30, 'pass']);
  });

  it('spends the alpha of one stage', () => {
    assert.equal(judgeRequest(body({}, { stages: 4 })).judgement.evidence.alpha, 0.0125);
  });

  it('comes to no pass without a step', () => {
    const none = { events: [], total: [] };
    const samples = { errors: { canary: none, baseline: none } };

    for (const looks of ['each', 'last']) {
      const { judgement, steps, trajectory: looked } = judgeRequest(body({ samples, looks }));
      assert.deepEqual(
        [judgement.verdict, judgement.findings[0]?.obstacle, steps],
        ['inconclusive', 'no_data', 0],
      );
      assert.deepEqual(looked?.looks ?? [], []);
    }
    assert.equal(judgeRequest(body({ samples }, { warmup: '5m' })).judgement.verdict, 'inconclusive');
    assert.equal(judgeRequest(body({ samples }, { onNoData: 'fail' })).judgement.verdict, 'fail');
  });
});

describe('samples with faults that data have', () => {
  const findingOf = (samples: Body, plan: Body = {}) =>
    judgeRequest(body({ samples }, plan)).judgement.findings[0];

  it('fills up the shorter arm, and a canary that stopped does not pass', () => {
    const errors = errorsOf(10);
    const canary = { events: errors.canary.events.slice(0, 20), total: errors.canary.total.slice(0, 20) };

    const finding = findingOf({ errors: { ...errors, canary } });

    assert.equal(finding?.obstacle, 'silent');
    assert.equal(finding?.canary.missing, 10);
  });

  it('takes an empty list of events for a service that never had any', () => {
    const arm = { events: [], total: flat(1000) };

    const finding = findingOf({ errors: { canary: arm, baseline: arm } });

    assert.equal(finding?.verdict, 'pass');
    assert.deepEqual([finding?.canary.events, finding?.canary.total], [0, 30_000]);
  });

  it('judges a limit alone, and any kind of metric beside the others', () => {
    const le = [0.1, 0.5, '+Inf'];
    const buckets = flat([700, 250, 50]);
    const arm = { le, buckets };
    const { judgement } = judgeRequest(
      body(
        {
          samples: {
            jobs: {
              canary: { events: counts(5, 6), exposure: flat(20) },
              baseline: { events: counts(6, 6), exposure: flat(20) },
            },
            spread: { canary: arm, baseline: { le, buckets: [...buckets.slice(0, 29), null] } },
            availability: { canary: flat(0.001) },
          },
        },
        {
          metrics: [
            { name: 'jobs', kind: 'count' },
            { name: 'spread', kind: 'histogram', edges: [0.1] },
            { name: 'availability', kind: 'limit', max: 0.01 },
          ],
        },
      ),
    );

    assert.deepEqual(
      judgement.findings.map(({ metric, kind, obstacle }) => [metric, kind, obstacle]),
      [
        ['jobs', 'count', null],
        ['spread', 'histogram', null],
        ['availability', 'limit', null],
      ],
    );
    assert.equal(judgement.findings[1]?.baseline.missing, 1);
    assert.deepEqual(judgement.findings[2]?.limit, { max: 0.01, min: null });
  });

  it('lets negative counts be an error of the metric, not of the request', () => {
    const errors = errorsOf(10);
    errors.canary.events[3] = -1;

    const finding = findingOf({ errors });

    assert.notEqual(finding?.verdict, 'pass');
    assert.match(finding?.reason ?? '', /errors/);
  });

  it("learns a gauge's noise from the past it is given", () => {
    const plan = { metrics: [{ name: 'latency', kind: 'gauge' }] };
    const past = { latency: { baseline: noisy(9, 100, 0.05, 60, 0.8) } };
    const noiseWith = (history: Body) =>
      judgeRequest(body({ samples: { latency }, history }, plan)).judgement.findings[0]?.noise;

    assert.equal(noiseWith({})?.historySteps, 0);
    assert.equal(noiseWith(past)?.historySteps, 60);
    const without = { ...plan, noise: { history: false } };
    const { noise } = judgeRequest(body({ samples: { latency }, history: past }, without)).judgement
      .findings[0]!;
    assert.equal(noise?.historySteps, 0);
  });

  it('compares pods as their mean, in whatever order they are written', () => {
    const plan = { metrics: [{ name: 'cpu', kind: 'gauge', per: 'pod', margin: 0.1 }] };
    const arm = (seed: number) => ({ a: noisy(seed, 1, 0.1), b: [null, ...noisy(seed + 1, 2, 0.1, 25)] });
    const turned = ({ a, b }: ReturnType<typeof arm>) => ({ pods: { b, a } });
    const [canary, baseline] = [arm(1), arm(5)];

    const judged = judgeRequest(
      body({ samples: { cpu: { canary: { pods: canary }, baseline: { pods: baseline } } } }, plan),
    );
    const again = judgeRequest(
      body({ samples: { cpu: { canary: turned(canary), baseline: turned(baseline) } } }, plan),
    );

    assert.deepEqual(again, judged);
    assert.deepEqual(judged.judgement.findings[0]?.noise?.pods, { canary: 2, baseline: 2 });
    assert.equal(judged.judgement.findings[0]?.canary.count, 30);
  });

  it('guards against pods that differ for good as the plan says', () => {
    const arm = (seed: number) => ({ pods: { a: noisy(seed, 1, 0.05), b: noisy(seed + 1, 2, 0.05) } });
    const past = { cpu: { baseline: { pods: { a: noisy(7, 1, 0.05, 60), b: noisy(8, 2, 0.05, 60) } } } };
    const samples = { cpu: { canary: arm(1), baseline: arm(3) } };
    const offset = (podOffsetGuard: string, history: Body = {}) => {
      const plan = { metrics: [{ name: 'cpu', kind: 'gauge', per: 'pod', podOffsetGuard }] };
      return (
        judgeRequest(body({ samples, history }, plan)).judgement.findings[0]?.noise?.podOffset ?? Number.NaN
      );
    };

    const whole = offset('always', past);
    assert.ok(whole > 0.3, String(whole));
    assert.ok(Math.abs(offset('auto', past) / whole - 0.5) < 1e-9);
    assert.equal(offset('auto'), offset('always'));
    assert.equal(offset('never'), 0);
  });
});

describe('a run and its samples at hand', () => {
  it('are judged to the same judgement, bit for bit', () => {
    const queries = { provider: 'p' };
    const plan = parsePlan({
      duration: '30m',
      warmup: '2m',
      stages: 2,
      metrics: [
        { ...queries, name: 'errors', kind: 'ratio', events: 'e', total: 't', critical: true },
        { ...queries, name: 'cpu', kind: 'gauge', per: 'pod', query: 'q' },
        { ...queries, name: 'memory', kind: 'limit', query: 'q', max: 200 },
      ],
    });
    const run = makeRun({ plan, alpha: plan.alpha / plan.stages });
    const series = (values: Samples) => ({ start: start + 60_000, step: 60_000, values });
    const kept: KeptSeries[] = [];
    const keep = (metric: string, arm: KeptSeries['arm'], field: KeptSeries['field'], member = '') =>
      function these<T extends Samples>(values: T): T {
        kept.push({ metric, arm, field, member, series: series(values) });
        return values;
      };
    const arms = (['canary', 'baseline'] as const).map((arm, index) => {
      const errors = {
        events: keep('errors', arm, 'events')(counts(index + 1, 20)),
        total: keep('errors', arm, 'total')(flat(1000)),
      };
      const pods = {
        one: keep('cpu', arm, 'value', 'one')(noisy(index + 3, 1, 0.05)),
        two: keep('cpu', arm, 'value', 'two')(noisy(index + 5, 1, 0.05)),
      };
      // The mean that a provider's pods are kept with.
      keep(
        'cpu',
        arm,
        'value',
      )(pods.one.map((one, step) => Math.exp(mean(Math.log(one), Math.log(pods.two[step] ?? 0)))));
      return { errors, cpu: { pods } };
    });
    const memory = { canary: keep('memory', 'canary', 'value')(noisy(7, 100, 0.1)) };
    const both = (metric: 'errors' | 'cpu') => ({ canary: arms[0]?.[metric], baseline: arms[1]?.[metric] });
    const samples = { errors: both('errors'), cpu: both('cpu'), memory };
    const offline = {
      duration: '30m',
      warmup: '2m',
      stages: 2,
      metrics: [
        { name: 'errors', kind: 'ratio', critical: true },
        { name: 'cpu', kind: 'gauge', per: 'pod' },
        { name: 'memory', kind: 'limit', max: 200 },
      ],
    };

    const { judgement } = judgeRequest({ plan: offline, samples, stepSeconds: 60 });

    assert.deepEqual(judgement, judge(judgeInput(run, { kept, errors: new Map() }, endsAt(run))));
    assert.equal(judgement.findings[1]?.noise?.pods?.canary, 2);
  });
});

function mean(one: number, other: number): number {
  return (one + other) / 2;
}
