import assert from 'node:assert/strict';
import { judge } from '../../src/judge/judge.ts';
import { counts, flat, gauge, input, noisy, ratio } from './inputs.ts';

const requests = flat(1000);
const slow = noisy(1, 150, 0.05);
const usual = noisy(2, 100, 0.05);
const alike = noisy(3, 100, 0.05);
const fine = () => ratio([counts(4, 10), requests], [counts(5, 10), requests]);
const broken = () => ratio([counts(6, 50), requests], [counts(7, 10), requests]);

describe('judge', () => {
  describe('passes', () => {
    it('what is as good as before, at the planned end and not before', () => {
      const metrics = [fine(), gauge(alike, usual)];
      assert.equal(judge(input(metrics)).verdict, 'pass', judge(input(metrics)).reason);
      assert.equal(judge(input(metrics, { final: false })).verdict, 'running');
    });

    it('a service without a single error, once there were requests enough', () => {
      const without = (perStep: number) =>
        judge(input([ratio([flat(0), flat(perStep)], [flat(0), flat(perStep)])]));
      assert.equal(without(110).verdict, 'pass');
      assert.match(without(110).reason, /no errors in 3 300 canary and 3 300 baseline requests/);
      assert.equal(without(80).verdict, 'inconclusive');
    });

    it('a service whose errors have no series yet', () => {
      assert.equal(judge(input([ratio([flat(null), requests], [flat(null), requests])])).verdict, 'pass');
    });

    it('what differs by less than the acceptable difference in natural units', () => {
      const metric = (absolute: number) =>
        gauge(noisy(8, 0.0115, 0.02), noisy(9, 0.01, 0.02), { margin: 0.3, acceptable: { absolute } });
      assert.equal(judge(input([metric(0.01)])).verdict, 'pass');
      assert.equal(judge(input([metric(0.0001)])).verdict, 'inconclusive');
    });

    it('early when the plan allows it and the evidence against harm is there', () => {
      const metrics = [
        ratio([counts(10, 40, 20), flat(1000, 20)], [counts(11, 40, 20), flat(1000, 20)], {
          acceptable: { relative: 1 },
        }),
      ];
      assert.equal(judge(input(metrics, { final: false, earlyPass: true })).verdict, 'pass');
      assert.equal(judge(input(metrics, { final: false })).verdict, 'running');
    });

    it('not early for being fine since some later step, after harm at the start', () => {
      const early = counts(22, 40, 24).map((count, step) => (step < 8 ? 3 * count : Math.round(0.8 * count)));
      const metrics = [
        ratio([early, flat(1000, 24)], [counts(23, 40, 24), flat(1000, 24)], {
          margin: 9,
          acceptable: { relative: 0.5 },
        }),
      ];
      const once = judge(input(metrics, { final: false, earlyPass: true }));
      assert.equal(once.verdict, 'running');
    });
  });

  describe('fails', () => {
    it('more errors, with the effect and its interval', () => {
      const { verdict, reason, findings, evidence } = judge(input([broken()], { final: false }));
      const [finding] = findings;
      assert.equal(verdict, 'fail');
      assert.ok(evidence.logE >= Math.log(20) && evidence.pValue <= 0.05);
      assert.ok(
        finding?.effect !== null && finding !== undefined && finding.effect > 3 && finding.effect < 5,
      );
      assert.ok(
        finding.interval !== null &&
          finding.interval[0] < finding.effect &&
          finding.effect < finding.interval[1],
      );
      assert.match(
        reason,
        /^errors: 5 % in the canary against 1 %, 4\.\d× \(90 % interval \d\.\d–\d\.\d\), more than the 1\.1× allowed$|^errors: [\d.]+ % in the canary against [\d.]+ %, \d\.\d× \(90 % interval/,
      );
    });

    it('slower answers, and names the guilty metric alone', () => {
      const { verdict, findings, reason } = judge(input([fine(), gauge(slow, usual)]));
      assert.equal(verdict, 'fail');
      assert.deepEqual(
        findings.map((finding) => finding.verdict),
        ['pass', 'fail'],
      );
      assert.match(
        reason,
        /^latency: 1\d\d in the canary against [\d.]+, [\d.]+ % higher \(90 % interval .*more than the 2 % allowed$/,
      );
    });

    it('a harm that begins late', () => {
      const late = counts(12, 10).map((count, step) => (step < 16 ? count : 5 * count));
      assert.equal(judge(input([ratio([late, requests], [counts(13, 10), requests])])).verdict, 'fail');
      const slowed = alike.map((value, step) => (step < 16 ? value : 1.5 * value));
      assert.equal(judge(input([gauge(slowed, usual)])).verdict, 'fail');
    });

    it('only in the direction that is harm', () => {
      for (const [direction, verdict] of [
        ['increase', 'fail'],
        ['either', 'fail'],
        ['decrease', 'pass'],
      ] as const) {
        assert.equal(judge(input([gauge(slow, usual, { direction })])).verdict, verdict, direction);
      }
      assert.equal(judge(input([gauge(usual, slow, { direction: 'decrease' })])).verdict, 'fail');
      assert.equal(
        judge(
          input([ratio([counts(14, 10), requests], [counts(15, 50), requests], { direction: 'decrease' })]),
        ).verdict,
        'fail',
      );
    });

    it('a critical metric that many others would dilute', () => {
      const weak = ratio([counts(16, 14, 30), requests], [counts(17, 8, 30), requests], { critical: true });
      const others = Array.from({ length: 20 }, (_, index) =>
        gauge(noisy(100 + index, 100, 0.05), noisy(200 + index, 100, 0.05), { name: `g${index}` }),
      );
      const withCritical = judge(input([weak, ...others]));
      const without = judge(input([{ ...weak, critical: false }, ...others]));
      assert.ok(withCritical.evidence.logE > without.evidence.logE + Math.log(5));
      assert.ok(Math.abs((withCritical.findings[0]?.weight ?? 0) - (0.5 + 0.5 / 21)) < 1e-12);
    });
  });

  describe('leaves open', () => {
    it('what too little data cannot exclude', () => {
      const { verdict, reason } = judge(
        input([ratio([counts(18, 1, 6), flat(100, 6)], [counts(19, 1, 6), flat(100, 6)])]),
      );
      assert.equal(verdict, 'inconclusive');
      assert.match(
        reason,
        /not enough requests to exclude a worsening of 50 % or 0\.1 points: about [\d.]+ more hours/,
      );
    });

    it('a run whose critical metric did not pass, whatever the others say', () => {
      const open = ratio([counts(18, 1, 30), flat(100)], [counts(19, 1, 30), flat(100)], {
        name: 'rare',
        critical: true,
      });
      assert.equal(judge(input([open, gauge(alike, usual)])).verdict, 'inconclusive');
      assert.equal(
        judge(input([{ ...open, critical: false }, gauge(alike, usual, { critical: true })])).verdict,
        'pass',
      );
    });

    for (const [what, canary] of [
      ['three steps in a row', alike.map((value, step) => (step >= 10 && step < 13 ? null : value))],
      ['the last three steps', alike.map((value, step) => (step >= 27 ? null : value))],
    ] as const) {
      it(`a canary that was silent for ${what} while the baseline spoke`, () => {
        const judged = judge(input([gauge(canary, usual), fine()]));
        assert.equal(judged.verdict, 'inconclusive');
        assert.equal(judged.findings[0]?.obstacle, 'silent');
        assert.match(judged.reason, /silent/);
        assert.equal(
          judge(input([gauge(canary, usual), fine()], { final: false, onCanarySilent: 'fail' })).verdict,
          'fail',
        );
      });
    }

    it('no canary for gaps that both arms share, nor for two steps', () => {
      const gap = (from: number, to: number) => (value: number, step: number) =>
        step >= from && step < to ? null : value;
      assert.equal(judge(input([gauge(alike.map(gap(10, 14)), usual.map(gap(10, 14)))])).verdict, 'pass');
      assert.equal(judge(input([gauge(alike.map(gap(10, 12)), usual)])).verdict, 'pass');
    });

    it('a metric without data, and fails for it only where the plan says so', () => {
      const empty = gauge(flat(null), flat(null));
      const { verdict, findings } = judge(input([empty, fine()]));
      assert.deepEqual([verdict, findings[0]?.obstacle], ['inconclusive', 'no_data']);
      assert.equal(judge(input([empty, fine()], { onNoData: 'fail' })).verdict, 'fail');
      assert.equal(judge(input([empty, fine()], { onNoData: 'fail', final: false })).verdict, 'running');
    });

    it('a window whose end nobody saw, though both arms went quiet together', () => {
      const quiet = (values: number[]) => values.map((value, step) => (step >= 27 ? null : value));
      const { verdict, findings, reason } = judge(input([gauge(quiet(alike), quiet(usual)), fine()]));
      assert.deepEqual([verdict, findings[0]?.obstacle], ['inconclusive', 'no_data']);
      assert.match(reason, /none of the last 3 steps has data in both arms/);
    });

    it('a metric that is missing in more than half of the steps', () => {
      const sparse = (values: number[]) => values.map((value, step) => (step % 5 < 3 ? null : value));
      assert.equal(judge(input([gauge(sparse(alike), sparse(usual))])).findings[0]?.obstacle, 'no_data');
    });

    it('a metric that could not be read, whatever was read before', () => {
      const { verdict, findings, reason } = judge(
        input([gauge(alike, usual, { error: 'connection refused' }), fine()]),
      );
      assert.equal(verdict, 'inconclusive');
      assert.deepEqual([findings[0]?.obstacle, findings[0]?.error], ['error', 'connection refused']);
      assert.match(reason, /latency: could not be judged: connection refused/);
    });
  });

  describe('says what is wrong with the values', () => {
    it('negative counts, and more events than requests', () => {
      const negative = judge(input([ratio([flat(-1), requests], [flat(1), requests])]));
      assert.match(negative.findings[0]?.error ?? '', /errors has negative counts in 30 steps/);
      const excess = judge(input([ratio([flat(1500), requests], [flat(1), requests])]));
      assert.match(excess.findings[0]?.error ?? '', /errors has more events than its total in 30 steps/);
      assert.equal(
        judge(input([ratio([flat(1000.9), requests], [flat(1000.9), requests])])).findings[0]?.error,
        null,
      );
    });

    it('values that are no finite numbers, which count as missing', () => {
      const odd = alike.map((value, step) =>
        step === 4 ? Number.NaN : step === 9 ? Number.POSITIVE_INFINITY : value,
      );
      const { verdict, findings } = judge(input([gauge(odd, usual)]));
      assert.equal(verdict, 'pass');
      assert.deepEqual([findings[0]?.canary.count, findings[0]?.canary.missing], [28, 2]);
      assert.match(findings[0]?.reason ?? '', /2 values were not a finite number and taken as missing/);
    });
  });

  describe('stands odd series', () => {
    const odd: readonly (readonly [string, (number | null)[], (number | null)[]])[] = [
      ['all zero', flat(0), flat(0)],
      ['constant and equal', flat(5), flat(5)],
      ['constant and a tenth of a per cent apart', flat(5.005), flat(5)],
      ['one point', [1], [1]],
      ['no point', [], []],
      ['a zero baseline', flat(3), flat(0)],
      [
        'values on both sides of zero',
        noisy(20, 1, 1).map((value) => value - 1),
        noisy(21, 1, 1).map((value) => value - 1),
      ],
      ['huge values', flat(1e300), flat(1e300)],
      ['tiny values', flat(1e-300), flat(1e-300)],
    ];
    for (const [what, canary, baseline] of odd) {
      it(what, () => {
        const judged = judge(input([gauge(canary, baseline)]));
        assert.doesNotMatch(JSON.stringify(judged), /NaN|Infinity/);
        if (!what.includes('zero baseline')) assert.notEqual(judged.verdict, 'fail');
      });
    }
  });

  it('scores 0 to 100 by weight', () => {
    assert.deepEqual(
      [
        judge(input([fine()])).score,
        judge(input([broken()])).score,
        judge(input([fine()], { final: false })).score,
      ],
      [100, 0, 50],
    );
    assert.equal(judge(input([{ ...fine(), weight: 3 }, gauge(slow, usual)])).score, 75);
  });

  it('tells what effect could be found and how long that may take', () => {
    const [finding] = judge(
      input([gauge(alike.slice(0, 10), usual.slice(0, 10))], { final: false }),
    ).findings;
    assert.ok(
      (finding?.minimumDetectableEffect ?? 0) > 0.02 && (finding?.minimumDetectableEffect ?? 1) < 0.3,
    );
    assert.ok((finding?.remainingSeconds ?? 0) > 0 && (finding?.remainingSeconds ?? 1e9) <= 20 * 60);
  });
});
