import assert from 'node:assert/strict';
import { judge } from '../../../src/judge/judge.ts';
import { trajectory } from '../../../src/judge/trajectory.ts';
import type { Finding, JudgeInput, MetricInput, Samples } from '../../../src/judge/types.ts';
import { flat, input, limit, noisy } from '../inputs.ts';

function look(metric: MetricInput, changes: Partial<JudgeInput> = {}) {
  const judgement = judge(input([metric], changes));
  return { ...judgement, finding: judgement.findings[0] as Finding };
}

const failedAt = (metric: MetricInput) => trajectory(input([metric])).failedAt;
/** One level up to a step, another after it. */
const jump = (before: number, after: number, at: number): number[] =>
  Array.from({ length: 30 }, (_, step) => (step < at ? before : after));

describe('a limit', () => {
  describe('passes', () => {
    it('a level within it, in one sentence', () => {
      const { verdict, reason, finding } = look(limit(noisy(1, 0.005, 0.3), { max: 0.01 }));
      assert.equal(verdict, 'pass');
      assert.match(
        reason,
        /^availability: level 0\.005\d* \(90 % interval 0\.005\d* to 0\.006\d*\) against a maximum of 0\.01; a level beyond the limit is excluded$/,
      );
      assert.deepEqual([finding.effect, finding.limit], [null, { max: 0.01, min: null }]);
    });

    it('what is 0 all the time, and what stands at the limit all the time', () => {
      for (const [value, bounds] of [
        [0, { max: 0.01 }],
        [0, { max: 0 }],
        [0.1 + 0.2, { max: 0.3 }],
        [3, { min: 3 }],
        [1, { min: 1, max: 1 }],
      ] as const) {
        const { verdict, finding } = look(limit(flat(value), bounds));
        assert.equal(verdict, 'pass', `${value} against ${JSON.stringify(bounds)}`);
        assert.ok(finding.logE < 1e-12, String(finding.logE));
      }
    });

    it('what often stands at the limit and is never beyond it', () => {
      const replicas = Array.from({ length: 30 }, (_, step) => (step % 7 === 0 ? 4 : 3));
      assert.equal(look(limit(replicas, { min: 3 })).verdict, 'pass');
      assert.equal(look(limit(replicas.slice(0, 9), { min: 3 })).verdict, 'inconclusive');
      assert.equal(look(limit(flat(3, 5), { min: 3 })).verdict, 'pass');
    });

    it('a level far within it, in spite of a single value far beyond', () => {
      for (const usual of [flat(0.5), noisy(2, 0.5, 0.3)]) {
        const spiked = usual.map((value, step) => (step === 11 ? 10 : value));
        assert.equal(look(limit(spiked, { max: 1 })).verdict, 'pass');
      }
    });

    it('early, when the plan allows it', () => {
      const metric = limit(noisy(3, 0.2, 0.1, 20), { max: 1 });
      assert.equal(look(metric, { final: false, earlyPass: true }).verdict, 'pass');
      assert.equal(look(metric, { final: false }).verdict, 'running');
      const both = limit(noisy(3, 0.2, 0.1, 20), { max: 1, min: 0.19 });
      assert.equal(look(both, { final: false, earlyPass: true }).verdict, 'running');
    });

    it('not early for being within it since some later step', () => {
      const late = noisy(3, 1, 0.1, 24).map((value, step) => (step < 10 ? 1.6 * value : 0.4 * value));
      assert.equal(look(limit(late, { max: 1 }), { final: false, earlyPass: true }).verdict, 'running');
    });
  });

  describe('fails', () => {
    it('a level beyond it, with the distance in the metric’s units', () => {
      const { verdict, reason, finding } = look(limit(noisy(4, 0.03, 0.3), { max: 0.01 }));
      assert.equal(verdict, 'fail');
      assert.match(reason, /^availability: level 0\.03\d* .* against a maximum of 0\.01, beyond the limit$/);
      const [low, high] = finding.intervalAbsolute ?? [0, 0];
      const distance = finding.effectAbsolute ?? 0;
      assert.ok(0.015 < low && low < distance && distance < high && high < 0.03);
      assert.deepEqual(
        [finding.baseline.count, finding.baseline.mean, finding.canary.count, finding.canary.events],
        [0, null, 30, null],
      );
    });

    it('a level below a minimum', () => {
      const { verdict, reason, finding } = look(limit(noisy(5, 0.97, 0.003), { min: 0.99 }));
      assert.equal(verdict, 'fail');
      assert.match(reason, /against a minimum of 0\.99, beyond the limit$/);
      const [low, high] = finding.intervalAbsolute ?? [0, 0];
      const distance = finding.effectAbsolute ?? 0;
      assert.ok(-0.03 < low && low < distance && distance < high && high < -0.01);
    });

    it('a level on either side of a range', () => {
      for (const [level, verdict] of [
        [3, 'fail'],
        [1, 'pass'],
        [0.3, 'fail'],
      ] as const) {
        const judged = look(limit(noisy(6, level, 0.1), { min: 0.5, max: 2 }));
        assert.equal(judged.verdict, verdict);
        assert.match(judged.reason, /against a range of 0\.5 to 2/);
      }
      assert.ok(
        Math.abs((look(limit(flat(0.3), { min: 0.5, max: 2 })).finding.effectAbsolute ?? 0) + 0.2) < 1e-9,
      );
      assert.ok(
        Math.abs((look(limit(flat(3), { min: 0.5, max: 2 })).finding.effectAbsolute ?? 0) - 1) < 1e-9,
      );
      assert.equal(look(limit(noisy(6, 1.95, 0.1), { min: 0.5, max: 2 })).verdict, 'inconclusive');
    });

    it('what is beyond it all the time and does not move, within a handful of steps', () => {
      for (const [value, bounds] of [
        [2, { max: 1 }],
        [1.001, { max: 1 }],
        [1, { max: 0 }],
        [0, { min: 1 }],
        [-2, { min: -1 }],
      ] as const)
        assert.ok((failedAt(limit(flat(value), bounds)) ?? 99) <= 6, String(value));
    });

    it('what is beyond it most of the time and else far within', () => {
      const values = Array.from({ length: 30 }, (_, step) => (step % 10 === 1 ? 0 : 2));
      assert.ok((failedAt(limit(values, { max: 1 })) ?? 99) <= 25);
    });

    it('a level that was quiet and far within before it jumped beyond', () => {
      const jumped = noisy(15, 0.1, 0.1).map((value, step) => (step < 16 ? value : 20 * value));
      assert.ok((failedAt(limit(jumped, { max: 1 })) ?? 99) <= 23);
    });

    it('a level that moves beyond it later, and says since when', () => {
      const moved = noisy(7, 0.5, 0.1).map((value, step) => (step < 16 ? value : 3 * value));
      const { verdict, reason } = look(limit(moved, { max: 1 }));
      assert.equal(verdict, 'fail');
      assert.match(reason, /beyond the limit since step 1[678]$/);
    });

    it('a jump after a time without any movement, or with next to none', () => {
      for (const before of [0, 0.5]) {
        for (const after of [1.1, 2, 50]) {
          const found = failedAt(limit(jump(before, after, 16), { max: 1 }));
          assert.ok(found !== null && found >= 19 && found <= 22, `${before} to ${after}: ${found}`);
        }
      }
      const rounded = jump(0.5, 1.5, 16).map((value, step) => value * (1 + (step % 3) * 1e-15));
      assert.ok((failedAt(limit(rounded, { max: 1 })) ?? 99) <= 22);
    });
  });

  describe('does not fail', () => {
    it('a single value, however far beyond and whenever it comes', () => {
      for (const usual of [flat(0.5), flat(0), noisy(8, 0.5, 0.3)]) {
        for (let at = 0; at < 30; at++) {
          const spiked = usual.map((value, step) => (step === at ? 10 : value));
          assert.equal(failedAt(limit(spiked, { max: 1 })), null, `at ${at}`);
        }
      }
    });

    it('two values beyond in a row after a time without any movement', () => {
      for (const at of [3, 10, 20, 28]) {
        const spiked = Array.from({ length: 30 }, (_, step) => (step === at || step === at + 1 ? 0.05 : 0));
        assert.equal(failedAt(limit(spiked, { max: 0.01 })), null, `at ${at}`);
      }
    });

    it('a share of errors that is mostly 0 and rarely far beyond, nor passes it where its level may be beyond', () => {
      const rare: Samples = Array.from({ length: 30 }, (_, step) => (step % 9 === 4 ? 0.05 : 0));
      const often: Samples = Array.from({ length: 30 }, (_, step) => (step % 4 === 1 ? 0.05 : 0));
      assert.equal(look(limit(rare, { max: 0.02 })).verdict, 'pass');
      assert.equal(look(limit(often, { max: 0.01 })).verdict, 'inconclusive');
      assert.equal(failedAt(limit(often, { max: 0.01 })), null);
    });
  });

  describe('leaves open', () => {
    it('a level too near to it, and says how long it would take', () => {
      const { verdict, reason } = look(limit(noisy(9, 0.0095, 0.3), { max: 0.01 }));
      assert.equal(verdict, 'inconclusive');
      assert.match(
        reason,
        /; too little data to exclude a level beyond the limit: about .* more (minutes|hours)$/,
      );
    });

    it('values that lie beyond more often than oddly, though the others are far within', () => {
      const values = noisy(10, 0.1, 0.1).map((value, step) => (step % 8 === 3 ? 60 * value : value));
      assert.equal(look(limit(values, { max: 1 })).verdict, 'inconclusive');
    });

    it('values half of which are beyond', () => {
      const values = Array.from({ length: 30 }, (_, step) => (step % 2 === 0 ? 3 : 0.1));
      assert.notEqual(look(limit(values, { max: 1 })).verdict, 'pass');
    });
  });

  describe('cannot be judged', () => {
    for (const [what, bounds, sentence] of [
      ['without a threshold', {}, /availability has neither a max nor a min to be held against/],
      ['by a threshold that is no number', { max: Number.NaN }, /a limit that is not a finite number/],
      ['by a minimum above the maximum', { max: 1, min: 2 }, /has a min of 2 above its max of 1/],
    ] as const) {
      it(what, () => {
        const { verdict, finding } = look(limit(noisy(11, 5, 0.1), bounds));
        assert.deepEqual([verdict, finding.obstacle, finding.logE], ['inconclusive', 'error', 0]);
        assert.match(finding.error ?? '', sentence);
      });
    }

    it('when it could not be read', () => {
      const { finding } = look(limit(flat(0), { max: 1, error: 'connection refused' }));
      assert.deepEqual([finding.obstacle, finding.error], ['error', 'connection refused']);
    });

    it('without data, or with too little of it, in words that speak of no baseline', () => {
      for (const [values, sentence] of [
        [[], /^availability: no step has data; at least 3 and half of all are needed$/],
        [flat(null), /^availability: no step has data; at least 3 and half of all are needed$/],
        [[0, 0], /^availability: only 2 of 2 steps have data; at least 3/],
        [
          flat(0).map((value, step) => (step % 5 < 3 ? null : value)),
          /^availability: only 12 of 30 steps have data/,
        ],
        [
          flat(0).map((value, step) => (step >= 27 ? null : value)),
          /^availability: none of the last 3 steps has data, so/,
        ],
        [flat(Number.NaN), /\(30 values were not a finite number and taken as missing\)$/],
      ] as const) {
        const { verdict, reason, finding } = look(limit(values, { max: 1 }));
        assert.deepEqual([verdict, finding.obstacle], ['inconclusive', 'no_data']);
        assert.match(reason, sentence);
        assert.equal(look(limit(values, { max: 1 }), { onNoData: 'fail' }).verdict, 'fail');
      }
    });

    it('but a gap is no silence, for there is no baseline that speaks', () => {
      const gapped = noisy(12, 0.5, 0.1).map((value, step) => (step >= 10 && step < 14 ? null : value));
      const { verdict, finding } = look(limit(gapped, { max: 1 }), { onCanarySilent: 'fail' });
      assert.deepEqual([verdict, finding.canary.missing], ['pass', 4]);
    });
  });

  it('tells what the plan can find as a part of the limit, and how long it will take', () => {
    const open = { final: false };
    const { finding } = look(limit(noisy(13, 0.014, 0.3, 5), { max: 0.01 }), open);
    assert.ok(finding.minimumDetectableEffect !== null && finding.minimumDetectableEffect > 0.1);
    assert.ok(finding.remainingSeconds !== null && finding.remainingSeconds < 25 * 60);
    assert.equal(look(limit(noisy(13, 1, 0.3, 5), { max: 0 }), open).finding.minimumDetectableEffect, null);
  });

  it('finds less of a range than of a maximum, for each end has half of alpha', () => {
    const of = (bounds: { max: number; min?: number }) =>
      look(limit(noisy(13, 1, 0.1), bounds)).finding.minimumDetectableEffect ?? 0;
    assert.ok(of({ max: 1.2, min: 0.2 }) > of({ max: 1.2 }));
  });

  it('weighs values as differences and, where they are positive, as ratios, by the mean of both', () => {
    const values = noisy(16, 1.3, 0.3);
    const logEOf = (some: number[], max: number) => look(limit(some, { max })).finding.logE;
    const differences = logEOf(
      values.map((value) => value - 1),
      0,
    );
    const ratios = logEOf(values.map(Math.log), 0);
    const mean = Math.log((Math.exp(differences) + Math.exp(ratios)) / 2);
    assert.ok(Math.abs(differences - ratios) > 0.01);
    assert.ok(Math.abs(logEOf(values, 1) - mean) < 1e-9);
  });

  it('says of each look what it would say of the steps so far', () => {
    const values = noisy(14, 0.9, 0.3, 30, 0.5);
    const { looks } = trajectory(input([limit(values, { max: 1, min: 0.2 })]), { goOn: true });
    for (const steps of [1, 3, 4, 9, 22]) {
      const metric = limit(values.slice(0, steps), { max: 1, min: 0.2 });
      assert.equal(looks[steps - 1]?.logE, judge(input([metric], { final: false })).evidence.logE);
    }
  });
});
