import assert from 'node:assert/strict';
import { judge } from '../../src/judge/judge.ts';
import type { Finding, JudgeInput, MetricInput, Samples } from '../../src/judge/types.ts';
import { gauge, input, ratio } from './inputs.ts';

const n = 30;
const flat = (value: number, steps = n): number[] => Array.from({ length: steps }, () => value);
const once = (value: number): number[] => [value, ...flat(0, n - 1)];

/** A wave of ± 5 % that no test of independence would call noise of one arm alone, shifted for each arm. */
const wave = (level: number, shift: number, steps = n): number[] =>
  Array.from({ length: steps }, (_, i) => level * Math.exp(0.05 * Math.sin(7.3 * (i + shift) ** 1.3)));

function look(metric: MetricInput, changes: Partial<JudgeInput> = {}) {
  const judgement = judge(input([metric], changes));
  return { ...judgement, finding: judgement.findings[0] as Finding };
}

describe('a pass needs data, not a prior', () => {
  it('one error of the baseline and none of the canary do not prove a quiet canary fine', () => {
    const { verdict } = look(ratio([flat(0), flat(10)], [once(1), flat(10)]));
    assert.equal(verdict, 'inconclusive');
  });

  it('unequal traffic does not lend a canary without errors a ratio', () => {
    const { verdict } = look(ratio([flat(0), flat(5)], [once(1), flat(500)]));
    assert.equal(verdict, 'inconclusive');
  });

  it('error counts that are NaN are a missing answer and not an error-free service', () => {
    const { verdict, reason } = look(ratio([flat(Number.NaN), flat(1000)], [flat(0), flat(1000)]));
    assert.equal(verdict, 'inconclusive');
    assert.match(reason, /30 values were not a finite number and taken as missing/);
  });

  it('absent error counts are an error-free service, and the reason says that they never existed', () => {
    const absent = Array.from({ length: n }, () => null);
    const { verdict, reason } = look(ratio([absent, flat(1000)], [absent, flat(1000)]));
    assert.equal(verdict, 'pass');
    assert.match(
      reason,
      /^errors: no errors in 30 000 canary and 30 000 baseline requests \(their series never existed\)/,
    );
  });

  it('an error-free canary passes from about 3 065 requests on', () => {
    const of = (requests: number) => look(ratio([flat(0), flat(requests)], [flat(0), flat(requests)]));
    assert.equal(of(103).verdict, 'pass');
    const { verdict, reason } = of(80);
    assert.equal(verdict, 'inconclusive');
    assert.match(
      reason,
      /not enough requests to exclude .*: about 9 more minutes \(66\d more canary requests\)/,
    );
  });

  it('bursts in a few steps weigh by those steps, not by the quiet ones around them', () => {
    const bursts = Array.from({ length: n }, (_, i) => (i % 6 === 0 ? 24 : 0));
    const others = Array.from({ length: n }, (_, i) => (i % 6 === 3 ? 24 : 0));
    const { verdict } = look(
      ratio([bursts, flat(10_000)], [others, flat(10_000)], { acceptable: { absolute: 0.0003 } }),
    );
    assert.equal(verdict, 'inconclusive');
  });
});

describe('impossible counts are no evidence', () => {
  it('more events than requests neither fail nor pass a run', () => {
    const { verdict, finding } = look(ratio([flat(500), flat(100)], [flat(1), flat(100)]));
    assert.equal(verdict, 'inconclusive');
    assert.deepEqual([finding.logE, finding.effect, finding.obstacle], [0, null, 'error']);
    assert.match(finding.reason, /errors has more events than its total in 30 steps/);
  });

  it('many events without a single request are as impossible', () => {
    const total = [...flat(0, 15), ...flat(1000, 15)];
    const { finding } = look(ratio([flat(50), total], [flat(0), flat(1000)]));
    assert.match(finding.error ?? '', /more events than its total in 15 steps/);
  });
});

describe('a gauge that does not move', () => {
  it('passes when both arms are 0 all the time', () => {
    assert.equal(look(gauge(flat(0), flat(0))).verdict, 'pass');
  });

  it('does not pass with two steps', () => {
    assert.equal(look(gauge(flat(0, 2), flat(0, 2))).verdict, 'inconclusive');
  });

  it('teaches nothing by a past that never moved', () => {
    const [canary, baseline] = [wave(100, 1), wave(100, 40)];
    const without = look(gauge(canary, baseline)).evidence.logE;
    assert.equal(look(gauge(canary, baseline, { history: flat(5, 60) })).evidence.logE, without);
    assert.notEqual(look(gauge(canary, baseline, { history: wave(5, 9, 60) })).evidence.logE, without);
  });

  it('reads gaps of its past as gaps', () => {
    const past: (number | null)[] = wave(5, 9, 60);
    const gapped = past.map((value, i) => (i % 7 === 3 ? null : value));
    const closed = gapped.filter((value) => value !== null);
    const logE = (history: Samples) => look(gauge(wave(110, 1), wave(100, 40), { history })).evidence.logE;
    assert.notEqual(logE(gapped), logE(closed));
  });
});

describe('the judge says when', () => {
  it('a harm began that came late', () => {
    const slowed = wave(100, 1).map((value, i) => (i < 20 ? value : 1.5 * value));
    const { verdict, reason } = look(gauge(slowed, wave(100, 40)));
    assert.equal(verdict, 'fail');
    assert.match(reason, /more than the 2 % allowed since step 2[012]$/);
    const errors = [...flat(10, 20), ...flat(40, 10)];
    assert.match(
      look(ratio([errors, flat(1000)], [flat(10), flat(1000)])).reason,
      /allowed since step 2[012]$/,
    );
  });

  it('and nothing of it for harm from the start', () => {
    assert.match(look(gauge(wave(150, 1), wave(100, 40))).reason, /more than the 2 % allowed$/);
  });

  it('a harmless canary is decided: at the planned end and not sooner', () => {
    const half = (values: number[]) => values.slice(0, 15);
    const open = { final: false };
    const gauges = [look(gauge(half(wave(90, 1)), half(wave(100, 40))), open)];
    const ratios = [look(ratio([flat(1, 15), flat(1000, 15)], [flat(10, 15), flat(1000, 15)]), open)];
    for (const { finding } of [...gauges, ...ratios]) assert.equal(finding.remainingSeconds, 15 * 60);
  });

  it('a harmful one will be found', () => {
    const metric = ratio([flat(2, 5), flat(100, 5)], [flat(1, 5), flat(100, 5)]);
    const { finding } = look(metric, { final: false, plannedSteps: 120 });
    assert.ok(finding.remainingSeconds !== null && finding.remainingSeconds < 115 * 60);
  });
});

describe('which way is harm', () => {
  it('a fall under "either" is called a fall', () => {
    const { verdict, reason } = look(gauge(wave(50, 1), wave(100, 40), { direction: 'either' }));
    assert.equal(verdict, 'fail');
    assert.match(reason, /a fall of more than the 2 % allowed$/);
  });

  it('a fall of a ratio is harder to find than its rise, for it leaves fewer events', () => {
    const rise = look(ratio([flat(20), flat(100)], [flat(20), flat(100)])).finding;
    const fall = look(ratio([flat(20), flat(100)], [flat(20), flat(100)], { direction: 'decrease' })).finding;
    const [up, down] = [rise.minimumDetectableEffect ?? 0, fall.minimumDetectableEffect ?? 0];
    assert.ok(up > 0.1 && down > 1 - 1 / 1.1 && down < 1);
    assert.ok(1 / (1 - down) > 1 + up, `${up} against ${down}`);
  });
});
