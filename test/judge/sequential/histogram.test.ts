import assert from 'node:assert/strict';
import { judge } from '../../../src/judge/judge.ts';
import { fittedRatio, joinCounts } from '../../../src/judge/sequential/count-steps.ts';
import { countsEvidence } from '../../../src/judge/sequential/counts-evidence.ts';
import { weighHistogram } from '../../../src/judge/sequential/histogram.ts';
import { latencyGrid } from '../../../src/judge/sequential/histogram-ratio.ts';
import { pearsonResiduals } from '../../../src/judge/sequential/tempering.ts';
import { trajectory } from '../../../src/judge/trajectory.ts';
import type { Finding, HistogramArm, JudgeInput, MetricInput } from '../../../src/judge/types.ts';
import { flat, histogram, input, ratio, requests } from '../inputs.ts';
import { assertClose, casesOf } from '../vectors.ts';

const inf = Number.POSITIVE_INFINITY;

function look(metric: MetricInput, changes: Partial<JudgeInput> = {}) {
  const judgement = judge(input([metric], changes));
  return { ...judgement, finding: judgement.findings[0] as Finding };
}

/** The same row at every step. */
const even = (le: readonly number[], row: readonly number[], steps = 30): HistogramArm => ({
  le,
  buckets: flat(row, steps),
});

describe('a histogram', () => {
  describe('passes', () => {
    it('a canary as quick as the baseline, naming an edge in one sentence', () => {
      const { verdict, reason, finding } = look(histogram(requests(1, 600), requests(2, 600)));
      assert.equal(verdict, 'pass', reason);
      assert.match(
        reason,
        /^latency: [\d.]+ % of requests slower than 0\.\d+ in the canary against [\d.]+ %, 1\.\d× \(90 % interval 0\.\d+–1\.\d\); a worsening of 50 % or 0\.1 points at any edge is excluded$/,
      );
      assert.equal(finding.edges?.length, 3);
    });

    it('a canary that is quicker', () => {
      assert.equal(look(histogram(requests(1, 600, { factor: 0.8 }), requests(2, 600))).verdict, 'pass');
    });

    it('identical arms', () => {
      const arm = even([0.1, 0.5, inf], [500, 450, 50]);
      const { verdict, finding } = look(histogram(arm, arm));
      assert.equal(verdict, 'pass');
      assert.ok(finding.logE < 0);
      assert.deepEqual([finding.effectAbsolute, finding.canary.total], [0, 30_000]);
    });

    it('early, when the plan allows it', () => {
      const metric = histogram(requests(1, 900, { steps: 20 }), requests(2, 900, { steps: 20 }));
      assert.equal(look(metric, { final: false, earlyPass: true }).verdict, 'pass');
      assert.equal(look(metric, { final: false }).verdict, 'running');
    });

    it('nothing of counts too small to be computed with, and says so in numbers all the same', () => {
      const arm = even([0.1, 0.5, inf], [500, 450, 50]);
      const tiny = {
        ...arm,
        buckets: arm.buckets.map((row, step) => (step === 5 && row !== null ? row.map(() => 5e-324) : row)),
      };
      const { finding } = look(histogram(tiny, arm));
      assert.notEqual(finding.verdict, 'pass');
      assert.deepEqual(
        finding.edges?.map(({ logE }) => logE),
        [0, 0],
      );
    });

    it('early only what is good at all edges', () => {
      const slow = { steps: 20, slow: 0.01 };
      const metric = histogram(requests(1, 900, slow), requests(2, 900, { steps: 20 }), { margin: 9 });
      assert.equal(look(metric, { final: false, earlyPass: true }).verdict, 'running');
    });
  });

  describe('fails', () => {
    it('a canary slower by a fifth, with shares, ratio, interval and the margin', () => {
      const { verdict, reason, finding } = look(
        histogram(requests(3, 600, { factor: 1.2 }), requests(4, 600)),
      );
      assert.equal(verdict, 'fail');
      assert.match(reason, /, \d\.\d× \(90 % interval \d\.\d–\d\.\d\), more than the 1\.05× allowed$/);
      assert.ok(finding.effect !== null && finding.effect > 0.3);
      const leading = finding.edges?.find(({ effect }) => effect === finding.effect);
      assert.ok(leading !== undefined && finding.edges?.every(({ logE }) => logE <= leading.logE));
    });

    it('a few requests that take much longer, which the median does not show', () => {
      const { verdict, finding } = look(histogram(requests(5, 600, { slow: 0.03 }), requests(6, 600)));
      assert.equal(verdict, 'fail');
      const [half, , rare] = finding.edges ?? [];
      assert.ok(half !== undefined && rare !== undefined && half.logE < 0 && rare.logE > 3);
    });

    it('a slowness that begins late, and says since when', () => {
      const { verdict, reason } = look(
        histogram(requests(7, 600, { factor: 1.3, from: 17 }), requests(8, 600)),
      );
      assert.equal(verdict, 'fail');
      assert.match(reason, /allowed since step 1[678]$/);
    });

    it('only in the direction that is harm', () => {
      const [slow, usual] = [requests(9, 600, { factor: 1.3 }), requests(10, 600)];
      for (const [direction, verdict] of [
        ['increase', 'fail'],
        ['either', 'fail'],
        ['decrease', 'pass'],
      ] as const)
        assert.equal(look(histogram(slow, usual, { direction })).verdict, verdict, direction);
      assert.match(
        look(histogram(usual, slow, { direction: 'decrease' })).reason,
        /a fall of more than the 5 % allowed/,
      );
    });
  });

  it('leaves open what too few requests cannot exclude, and says how many more it takes at which edge', () => {
    const { verdict, reason, finding } = look(histogram(requests(13, 10), requests(14, 10)));
    assert.equal(verdict, 'inconclusive');
    assert.ok(reason.endsWith(` for the edge ${finding.edges?.at(-1)?.le}`), reason);
    assert.match(
      reason,
      /not enough requests to exclude a worsening of 50 % or 0\.1 points at any edge: about .* more canary requests\) for the edge [\d.]+$/,
    );
  });

  it('gives median and p95 by straight lines within buckets, and requests in all', () => {
    const arm = even([1, 2, 4, inf], [50, 30, 20, 0], 10);
    const { canary } = look(histogram(arm, arm)).finding;
    assert.deepEqual(canary, {
      count: 10,
      missing: 0,
      mean: (50 * 0.5 + 30 * 1.5 + 20 * 3) / 100,
      median: 1,
      p95: 2 + 2 * (15 / 20),
      events: null,
      total: 1000,
    });
  });

  it('shows the highest edge for what lies beyond it, and then no mean', () => {
    const arm = even([1, 2, inf], [10, 20, 70], 10);
    const { canary } = look(histogram(arm, arm)).finding;
    assert.deepEqual([canary.mean, canary.median, canary.p95], [null, 2, 2]);
  });

  it('lets the lowest bucket begin at 0, or at its own edge where that is not above 0', () => {
    const arm = even([-1, 1, 2, inf], [60, 20, 20, 0], 10);
    assert.equal(look(histogram(arm, arm)).finding.canary.median, -1);
    const above = even([1, 2, inf], [80, 20, 0], 10);
    assert.equal(look(histogram(above, above)).finding.canary.median, 0.625);
  });

  it('says how much longer the share of requests takes that the baseline answers by the edge', () => {
    const canary = even([1, 2, 4, inf], [400, 300, 300, 0]);
    const baseline = even([1, 2, 4, inf], [500, 300, 200, 0]);
    const { finding } = look(histogram(canary, baseline));
    // Half of the baseline's requests take up to 1, half of the canary's up to 1.33; four fifths up to 2 and to 2.67.
    const shift = finding.edges?.[0]?.effect === finding.effect ? 1 / 3 : 2 / 3;
    assert.ok(Math.abs((finding.effectAbsolute ?? 0) - shift) < 1e-9, String(finding.effectAbsolute));
    const [low, high] = finding.intervalAbsolute ?? [0, 0];
    assert.ok(low < shift && shift < high);
  });

  it('does not say how much longer where no request of the baseline is slower than the edge', () => {
    const { finding } = look(
      histogram(even([1, 2, 4, inf], [60, 38, 2, 0]), even([1, 2, 4, inf], [60, 40, 0, 0])),
    );
    assert.deepEqual([finding.edges?.at(-1)?.baseline, finding.effectAbsolute], [0, null]);
  });

  it('bursts of slow requests in a few steps weigh by those steps', () => {
    const bursts = (phase: number): HistogramArm => ({
      le: [1, inf],
      buckets: Array.from({ length: 30 }, (_, step) => (step % 6 === phase ? [9976, 24] : [10_000, 0])),
    });
    const metric = histogram(bursts(0), bursts(3), { acceptable: { absolute: 0.0003 } });
    assert.equal(look(metric).verdict, 'inconclusive');
  });

  describe('compares', () => {
    it('the edges nearest p50, p90 and p99 of the first step, with the configured ones, each once', () => {
      const edges = [0.01, 0.1, 0.2, 0.25, 0.3, 0.5, inf];
      const arm = even(edges, [100, 400, 350, 50, 88, 9, 3]);
      const compared = (configured: number[]) =>
        look(histogram(arm, arm, { edges: configured })).finding.edges?.map(({ le }) => le);
      assert.deepEqual(compared([]), [0.1, 0.25, 0.3]);
      assert.deepEqual(compared([0.01, 0.3]), [0.01, 0.1, 0.25, 0.3]);
    });

    it('the edge next to the requests where nothing is slower than several', () => {
      const arm = even([1, 2, 3, 4, inf], [0, 100, 0, 0, 0]);
      assert.deepEqual(
        look(histogram(arm, arm)).finding.edges?.map(({ le }) => le),
        [1, 2],
      );
    });

    it('the edge next to the requests where few of them tell nothing of p99', () => {
      const arm = even([1, 2, 3, 4, inf], [4, 3, 0, 0, 0]);
      assert.deepEqual(
        look(histogram(arm, arm)).finding.edges?.map(({ le }) => le),
        [1, 2],
      );
    });

    it('the highest edge where everything is slower', () => {
      const arm = even([1, 2, 3, inf], [0, 0, 0, 100]);
      assert.deepEqual(
        look(histogram(arm, arm)).finding.edges?.map(({ le }) => le),
        [3],
      );
    });

    it('edges by the requests of both arms in the first step that has some in each', () => {
      const early = [[0, 0, 50], null, [90, 9, 1]];
      const canary = { le: [1, 2, inf], buckets: [...early, ...flat([90, 9, 1], 27)] };
      const baseline = { le: [1, 2, inf], buckets: [null, [0, 0, 50], [90, 9, 1], ...flat([90, 9, 1], 27)] };
      const { finding } = look(histogram(canary, baseline));
      assert.deepEqual(
        finding.edges?.map(({ le, canary: share }) => [le, share]),
        [
          [1, 0.1],
          [2, 0.01],
        ],
      );
      assert.deepEqual([finding.canary.count, finding.canary.missing], [29, 1]);
    });

    it('buckets counted together where one arm has more edges', () => {
      const fine = even([0.1, 0.2, 0.3, 0.5, inf], [300, 200, 300, 150, 50]);
      const coarse = even([0.1, 0.3, inf], [300, 500, 200]);
      const merged = look(histogram(fine, coarse));
      const same = look(histogram(coarse, coarse));
      assert.equal(merged.finding.logE, same.finding.logE);
      assert.deepEqual(merged.finding.edges, same.finding.edges);
      assert.equal(look(histogram(coarse, fine)).finding.logE, same.finding.logE);
    });

    it('all steps, as a ratio of the requests slower than each edge', () => {
      const [canary, baseline] = [requests(13, 300), requests(14, 300)];
      const edge = 0.15;
      const arm = ({ le, buckets }: HistogramArm) => ({
        events: buckets.map((row) =>
          (row ?? []).reduce((sum, n, i) => ((le[i] ?? 0) > edge ? sum + n : sum), 0),
        ),
        total: buckets.map(() => 300),
      });
      const steps = joinCounts(arm(canary), arm(baseline));
      const residuals = pearsonResiduals(steps, fittedRatio(steps));
      const side = { boundary: Math.log(1.05), sign: 1 } as const;
      const { logE } = countsEvidence(steps, residuals, 30, side, latencyGrid);
      const { edges } = look(histogram(canary, baseline, { edges: [edge] })).finding;
      assert.equal(edges?.find(({ le }) => le === edge)?.logE, logE);
    });

    it('with the harms that the reference values of latency edges are made with', () => {
      const [reference] = casesOf('countsLogE2').filter(({ id }) => id.includes('latency_edge'));
      assert.deepEqual(latencyGrid.harms, reference?.input['delta']);
    });

    it('by the mean of the edges’ evidence', () => {
      const { finding } = look(histogram(requests(15, 300, { factor: 1.05 }), requests(16, 300)));
      const each = (finding.edges ?? []).map(({ logE }) => Math.exp(logE));
      const mean = each.reduce((sum, one) => sum + one, 0) / each.length;
      assertClose(Math.exp(finding.logE), mean, { relTol: 1e-9, absTol: 0, id: 'mean' });
    });
  });

  describe('cannot be judged', () => {
    const usual = even([0.1, 0.5, inf], [50, 40, 10]);
    const cases: readonly (readonly [string, HistogramArm, HistogramArm, RegExp])[] = [
      [
        'without an edge in common',
        even([0.1, 0.5, inf], [50, 40, 10]),
        even([0.2, 1, inf], [50, 40, 10]),
        /latency has no edge that both arms share below the highest: the canary has 0\.1, 0\.5, \+Inf, the baseline 0\.2, 1, \+Inf/,
      ],
      [
        'where one arm alone counts the slowest requests',
        even([0.1, 0.5], [50, 40]),
        usual,
        /latency's highest edge is not the same in both arms: the canary has 0\.1, 0\.5, the baseline 0\.1, 0\.5, \+Inf/,
      ],
      [
        'with a negative count',
        even([0.1, 0.5, inf], [50, -4, 10]),
        usual,
        /latency has a negative count \(-4\).* in step 1$/,
      ],
      [
        'with a count that is no number',
        usual,
        even([0.1, 0.5, inf], [Number.NaN, 4, 10]),
        /not a finite number, in step 1$/,
      ],
      [
        'with an infinite count',
        usual,
        even([0.1, 0.5, inf], [inf, 4, 10]),
        /not a finite number, in step 1$/,
      ],
      [
        'with counts too large',
        usual,
        even([0.1, 0.5, inf], [1e300, 4, 10]),
        /more requests than can be counted/,
      ],
      [
        'with edges out of order',
        even([0.5, 0.1, inf], [1, 1, 1]),
        usual,
        /edges that do not ascend: 0\.5, 0\.1, \+Inf/,
      ],
      [
        'with an edge twice',
        even([0.1, 0.1, inf], [1, 1, 1]),
        usual,
        /edges that do not ascend: 0\.1, 0\.1, \+Inf/,
      ],
      [
        'with an edge below all numbers',
        even([Number.NEGATIVE_INFINITY, 0.1, inf], [1, 1, 1]),
        usual,
        /do not ascend: -Infinity/,
      ],
      [
        'with an edge that is no number',
        even([Number.NaN, 0.1, inf], [1, 1, 1]),
        usual,
        /do not ascend: NaN/,
      ],
      [
        'with more buckets than edges',
        even([0.1, 0.5, inf], [1, 1, 1, 1]),
        usual,
        /4 buckets for 3 edges, in step 1$/,
      ],
    ];
    for (const [what, canary, baseline, sentence] of cases) {
      it(what, () => {
        const { verdict, finding, reason } = look(histogram(canary, baseline));
        assert.deepEqual([verdict, finding.obstacle, finding.logE], ['inconclusive', 'error', 0]);
        assert.match(finding.error ?? '', sentence);
        assert.match(reason, /^latency: could not be judged: latency/);
        assert.equal(look(histogram(canary, baseline), { onNoData: 'fail' }).verdict, 'inconclusive');
      });
    }

    it('at an edge that is not there, and names those that are', () => {
      const { finding } = look(histogram(usual, usual, { edges: [0.3, 0.5] }));
      assert.equal(finding.error, 'latency has no edge 0.3 in both arms; it has 0.1, 0.5');
      assert.match(look(histogram(usual, usual, { edges: [inf] })).finding.error ?? '', /no edge \+Inf/);
    });

    it('and is not called silent for it', () => {
      const broken = even([0.1, 0.5, inf], [50, -40, 10]);
      const failing = { final: false, onCanarySilent: 'fail' } as const;
      assert.equal(look(histogram(broken, usual), failing).verdict, 'running');
    });

    it('by the mistake that came first', () => {
      const brokenFrom = (step: number): HistogramArm => ({
        le: usual.le,
        buckets: [...flat([50, 40, 10], step), ...flat([50, 40, -10], 30 - step)],
      });
      assert.match(look(histogram(brokenFrom(5), brokenFrom(2))).finding.error ?? '', /in step 3$/);
      assert.match(look(histogram(brokenFrom(2), brokenFrom(5))).finding.error ?? '', /in step 3$/);
    });

    it('from the step on that makes no sense, and not before', () => {
      const late = {
        le: usual.le,
        buckets: [...flat([50, 40, 10], 20), [50, 40, -10], ...flat([50, 40, 10], 9)],
      };
      const { metrics, judgement } = trajectory(input([histogram(late, usual)]), { goOn: true });
      assert.equal(judgement.findings[0]?.obstacle, 'error');
      const looks = metrics[0]?.looks ?? [];
      assert.ok(looks[19]?.logE !== 0 && looks[20]?.logE === 0);
    });

    it('but rounding below 0 is none', () => {
      const rounded = even([0.1, 0.5, inf], [50, -1e-9, 10]);
      assert.equal(look(histogram(rounded, rounded)).finding.obstacle, null);
    });
  });

  describe('misses', () => {
    const arm = requests(17, 600);
    const without = (from: number, to: number, hole: number[] | null = null): HistogramArm => ({
      le: arm.le,
      buckets: arm.buckets.map((row, step) => (step >= from && step < to ? hole : row)),
    });

    it('a canary that fell silent, by rows that are absent or empty', () => {
      for (const hole of [null, arm.le.map(() => 0)]) {
        const { verdict, finding } = look(histogram(without(12, 15, hole), arm));
        assert.deepEqual([verdict, finding.obstacle], ['inconclusive', 'silent']);
      }
      const failing = { final: false, onCanarySilent: 'fail' } as const;
      assert.equal(look(histogram(without(12, 15), arm), failing).verdict, 'fail');
    });

    it('data, whatever the edges of the arm that has none', () => {
      const nothing = { le: [], buckets: flat(null) };
      assert.equal(look(histogram(nothing, nothing)).finding.obstacle, 'no_data');
      assert.equal(look(histogram(arm, nothing)).finding.obstacle, 'no_data');
      assert.equal(look(histogram(arm, nothing), { onNoData: 'fail' }).verdict, 'fail');
    });

    it('nothing where both arms have the same gap', () => {
      const { verdict, finding } = look(histogram(without(10, 14), without(10, 14)));
      assert.deepEqual([verdict, finding.canary.missing], ['pass', 4]);
    });

    it('the end of the window', () => {
      assert.equal(look(histogram(without(27, 30), without(27, 30))).finding.obstacle, 'no_data');
    });
  });

  it('says of each look what it would say of the steps so far', () => {
    const [canary, baseline] = [requests(18, 200, { factor: 1.1 }), requests(19, 200)];
    const whole = input([histogram(canary, baseline)]);
    const cut = (arm: HistogramArm, steps: number) => ({ le: arm.le, buckets: arm.buckets.slice(0, steps) });
    const { looks } = trajectory(whole, { goOn: true });
    for (const steps of [1, 2, 3, 7, 19]) {
      const metric = histogram(cut(canary, steps), cut(baseline, steps));
      assert.equal(looks[steps - 1]?.logE, judge(input([metric], { final: false })).evidence.logE);
    }
  });

  it('finds at an edge what its part of alpha lets it', () => {
    const le = [1, 2, inf];
    const { finding } = look(histogram(even(le, [500, 450, 50]), even(le, [500, 450, 50])));
    assert.equal(finding.edges?.length, 2);
    const share = [flat(50), flat(1000)] as const;
    const alone = ratio(share, share, { margin: 0.05 });
    const half = look(alone, { alpha: 0.025 }).finding;
    const first = ratio([flat(500), flat(1000)], [flat(500), flat(1000)], { margin: 0.05 });
    const expected = finding.effect === half.effect ? half : look(first, { alpha: 0.025 }).finding;
    assert.equal(finding.minimumDetectableEffect, expected.minimumDetectableEffect);
  });

  it('tells what the plan can find, and how long it will take', () => {
    const steps = 6;
    const metric = histogram(requests(20, 60, { steps, factor: 1.2 }), requests(21, 60, { steps }));
    const { finding } = look(metric, { final: false });
    assert.ok(finding.minimumDetectableEffect !== null && finding.minimumDetectableEffect > 0.05);
    assert.ok(finding.remainingSeconds !== null && finding.remainingSeconds <= 24 * 60);
  });

  it('is asked for looks in any order', () => {
    const weighing = weighHistogram(histogram(requests(22, 100), requests(23, 100)), input([]));
    const late = weighing.glance(20).logE;
    weighing.glance(5);
    assert.equal(weighing.glance(20).logE, late);
  });
});
