import assert from 'node:assert/strict';
import { type KayentaMetric, kayentaMetric } from '../../../src/judge/kayenta/config.ts';
import { judgeByKayenta } from '../../../src/judge/kayenta/judgement.ts';
import type { JudgeInput, MetricInput } from '../../../src/judge/types.ts';
import { counts, flat, gauge, input, noisy, ratio } from '../inputs.ts';

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
