import assert from 'node:assert/strict';
import { type KayentaMetric, kayentaMetric } from '../../../src/judge/kayenta/config.ts';
import { judgeByKayenta } from '../../../src/judge/kayenta/judgement.ts';
import type { JudgeInput, MetricInput } from '../../../src/judge/types.ts';
import { counts, flat, gauge, histogram, input, noisy, ratio } from '../inputs.ts';

const alike = () => gauge(noisy(1, 100, 0.05), noisy(2, 100, 0.05));
const slower = () => gauge(noisy(1, 150, 0.05), noisy(2, 100, 0.05));
const errors = (mean: number) => ratio([counts(3, mean), flat(1000)], [counts(4, 10), flat(1000)]);

function judged(
  metrics: readonly MetricInput[],
  changes: Partial<KayentaMetric> = {},
  run: Partial<JudgeInput> = {},
) {
  const config = {
    metrics: metrics.map(({ name, direction, critical }) =>
      kayentaMetric(name, { direction, critical, groups: [name], ...changes }),
    ),
    groupWeights: new Map<string, number>(),
  };
  return judgeByKayenta(config, { pass: 95, marginal: 50 }, input(metrics, run));
}

describe('a run judged by Kayenta’s rule', () => {
  it('passes what is alike, with the shift and its interval at 98 %', () => {
    const { verdict, score, findings, evidence } = judged([alike(), errors(10)]);
    assert.equal(verdict, 'pass');
    assert.equal(score, 100);
    assert.deepEqual(evidence, { logE: 0, pValue: 1, alpha: 0.05 });
    const [latency] = findings;
    assert.equal(latency?.verdict, 'pass');
    assert.equal(latency?.intervalLevel, 0.98);
    const [low, high] = latency?.intervalAbsolute ?? [];
    assert.ok(low !== undefined && high !== undefined && low < 0.5 && high > -0.5);
  });

  it('is inconclusive between the thresholds and fails below them', () => {
    assert.equal(judged([slower(), errors(10)]).verdict, 'inconclusive');
    const { verdict, score, reason, findings } = judged([slower(), errors(60)]);
    assert.equal(verdict, 'fail');
    assert.equal(score, 0);
    assert.match(reason, /score is 0, Fail; latency was classified as High/);
    assert.ok(findings.every((finding) => finding.verdict === 'fail'));
  });

  it('says nothing before the planned end', () => {
    const { verdict, findings, score } = judged([slower()], {}, { final: false });
    assert.equal(verdict, 'running');
    assert.equal(score, 50);
    assert.equal(findings[0]?.verdict, 'running');
  });

  it('does not pass a metric that could not be read, nor a silent canary', () => {
    const unread = judged([{ ...alike(), error: 'refused' }]);
    assert.equal(unread.verdict, 'inconclusive');
    assert.match(unread.reason, /could not be judged: refused/);
    const quiet = gauge([...noisy(1, 100, 0.05, 27), null, null, null], noisy(2, 100, 0.05));
    assert.equal(judged([quiet]).verdict, 'inconclusive');
    assert.equal(judged([quiet]).findings[0]?.obstacle, 'silent');
    assert.equal(judged([quiet], {}, { onCanarySilent: 'fail' }).verdict, 'fail');
  });

  it('fails without data as Kayenta does, and leaves muted metrics out', () => {
    const nothing = gauge(flat(null), noisy(2, 100, 0.05));
    assert.equal(judged([nothing]).verdict, 'fail');
    assert.equal(judged([{ ...nothing, name: 'cpu' }, alike()], {}).verdict, 'fail');
    const muted = judged([slower()], { muted: true });
    assert.equal(muted.verdict, 'fail', 'nothing is left to be scored');
    assert.match(muted.findings[0]?.reason ?? '', /it is muted/);
  });

  it('refuses kinds that Kayenta has no word for', () => {
    const limit: MetricInput = {
      name: 'cpu',
      kind: 'limit',
      direction: 'increase',
      margin: 0,
      acceptable: {},
      weight: 1,
      critical: false,
      canary: { values: flat(1) },
      max: 2,
    };
    const { verdict, findings } = judged([alike(), limit]);
    assert.notEqual(verdict, 'pass');
    assert.equal(findings[1]?.obstacle, 'error');
  });
});

describe('what is told of a run judged by Kayenta’s rule', () => {
  const rate = (events: number, changes: Parameters<typeof ratio>[2] = {}) =>
    ratio([flat(events), flat(1000)], [flat(10), flat(1000)], changes);

  it('are ratios and counts by events per total of each step, with the sums of both', () => {
    for (const kind of ['ratio', 'count'] as const) {
      const [finding] = judged([rate(20, { kind })]).findings;
      assert.equal(finding?.effect, 1);
      assert.ok(Math.abs((finding?.effectAbsolute ?? 0) - 0.01) < 1e-12);
      assert.deepEqual([finding?.canary.mean, finding?.baseline.mean], [0.02, 0.01]);
      assert.deepEqual([finding?.canary.events, finding?.canary.total], [600, 30_000]);
      assert.equal(finding?.weight, 1);
    }
  });

  it('are absent events as none, and steps without a total as missing', () => {
    const events = [...flat(null, 10), ...flat(20, 20)];
    const total = [...flat(1000, 25), ...flat(0, 5)];
    const [finding] = judged([ratio([events, total], [flat(10), flat(1000)])]).findings;
    const { count, missing, events: all } = finding!.canary;
    assert.deepEqual({ count, missing, all }, { count: 25, missing: 5, all: 300 });
  });

  it('are the arms by the values that are there', () => {
    const gappy = (value: number, seed: number) =>
      noisy(seed, value, 0.001).map((one, step) => ((step + seed) % 6 === 0 ? null : one));
    const [finding] = judged([gauge(gappy(101, 1), gappy(100, 2))]).findings;
    assert.equal(finding?.cliffsDelta, 1);
    assert.equal(judged([gauge(gappy(99, 1), gappy(100, 2))]).findings[0]?.cliffsDelta, -1);
    assert.deepEqual([finding?.canary.missing, finding?.baseline.missing], [5, 5]);
    assert.ok(Math.abs((finding?.canary.mean ?? 0) - 101) < 0.1);
    assert.ok(Math.abs((finding?.baseline.mean ?? 0) - 100) < 0.1);
  });

  it('is no effect where the baseline is 0', () => {
    const [finding] = judged([rate(10, { baseline: { events: flat(0), total: flat(1000) } })]).findings;
    assert.equal(finding?.effect, null);
  });

  it('is nothing of a kind that the rule does not know, but its name', () => {
    const kind = histogram(
      { le: [1], buckets: flat([1]) },
      { le: [1], buckets: flat([1]) },
      { name: 'slow' },
    );
    const [finding] = judged([kind]).findings;
    assert.match(finding?.reason ?? '', /slow is a histogram, which Kayenta's judge does not know/);
    for (const arm of [finding?.canary, finding?.baseline])
      assert.deepEqual([arm?.count, arm?.missing, arm?.mean], [0, 0, null]);
    assert.equal(finding?.cliffsDelta, null);
  });

  it('is a metric without data inconclusive alone, and a fail where it is critical or the plan says so', () => {
    const nothing = gauge(flat(null), flat(null), { name: 'cpu' });
    const others = [alike(), errors(10), { ...alike(), name: 'latency of others' }];
    const of = (run: Partial<JudgeInput>, critical = false) =>
      judged([{ ...nothing, critical }, ...others], {}, run);
    const [finding] = of({}).findings;
    assert.deepEqual([finding?.verdict, finding?.obstacle], ['inconclusive', 'no_data']);
    assert.equal(of({}).verdict, 'pass');
    assert.equal(of({ onNoData: 'fail' }).verdict, 'fail');
    assert.equal(of({}, true).findings[0]?.verdict, 'fail');
    assert.equal(judged(others, {}, { onNoData: 'fail', onCanarySilent: 'fail' }).verdict, 'pass');
    assert.deepEqual(
      judged(others).findings.map(({ obstacle }) => obstacle),
      [null, null, null],
    );
  });

  it('is a silent canary inconclusive, and said after the label', () => {
    const quiet = gauge([...noisy(1, 100, 0.05, 27), ...flat(null, 3)], noisy(2, 100, 0.05));
    const { findings } = judged([quiet]);
    assert.equal(findings[0]?.verdict, 'inconclusive');
    assert.match(findings[0]?.reason ?? '', /^latency was classified as Pass; the canary fell silent/);
  });

  it('is the score, then what did not pass and nothing else, or that all passed', () => {
    assert.equal(
      judged([alike(), errors(10)]).reason,
      "Kayenta's score is 100, Pass; latency and errors passed",
    );
    const { reason, findings } = judged([slower(), errors(10)]);
    assert.equal(reason, `Kayenta's score is 50, Marginal; ${findings[0]?.reason}`);
    assert.match(judged([alike()], {}, { final: false }).reason, /it is asked at the planned end/);
  });

  it('are muted metrics no reason not to pass, whatever became of them', () => {
    const unread = { ...alike(), name: 'cpu', error: 'refused' };
    const config = (muted: boolean) => ({
      metrics: [kayentaMetric('latency', { groups: ['g'] }), kayentaMetric('cpu', { groups: ['h'], muted })],
      groupWeights: new Map<string, number>(),
    });
    const of = (muted: boolean) =>
      judgeByKayenta(config(muted), { pass: 95, marginal: 50 }, input([alike(), unread])).verdict;
    assert.deepEqual([of(true), of(false)], ['pass', 'inconclusive']);
  });
});
