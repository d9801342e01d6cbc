import assert from 'node:assert/strict';
import { drawCpu } from '../../calibration/generators/cpu.ts';
import { drawErrors, evenTraffic } from '../../calibration/generators/errors.ts';
import {
  drawHistograms,
  edges,
  histogramNoise,
  medianOfBuckets,
  usualMedian,
} from '../../calibration/generators/histogram.ts';
import { drawLatency, historySteps, latencyNoise } from '../../calibration/generators/latency.ts';
import { drawPods, meanOfPods, podNoise } from '../../calibration/generators/pods.ts';
import {
  autoregression,
  factorAt,
  gammaNoise,
  harmless,
  randomWalk,
} from '../../calibration/generators/processes.ts';
import { createDraws, type Draws } from '../../calibration/random/draws.ts';
import { createStream } from '../../calibration/random/stream.ts';

const draws = (run = 0): Draws => createDraws(createStream({ seed: 5, row: 6, run }));

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function covariance(left: readonly number[], right: readonly number[]): number {
  const [of, other] = [mean(left), mean(right)];
  return mean(left.map((value, index) => (value - of) * ((right[index] ?? 0) - other)));
}

const variance = (values: readonly number[]): number => covariance(values, values);
const correlation = (left: readonly number[], right: readonly number[]): number =>
  covariance(left, right) / Math.sqrt(variance(left) * variance(right));

function lagOne(values: readonly number[]): number {
  return correlation(values.slice(1), values.slice(0, -1));
}

function assertNear(found: number, expected: number, within: number, what: string): void {
  assert.ok(Math.abs(found - expected) <= within, `${what}: ${found}, expected ${expected} ± ${within}`);
}

const logs = (values: readonly (number | null)[]): number[] =>
  values.filter((value) => value !== null).map(Math.log);
const long = 20_000;

describe('noise', () => {
  for (const phi of [0, 0.5, 0.8]) {
    it(`of autocorrelation ${phi} has variance 1`, () => {
      const values = [...autoregression(draws(), long, phi)];
      assertNear(mean(values), 0, 0.08, 'mean');
      assertNear(variance(values), 1, 0.08, 'variance');
      assertNear(lagOne(values), phi, 0.03, 'lag 1');
    });

    it(`of gamma form and autocorrelation ${phi} has mean 1 and the variation asked for`, () => {
      const values = [...gammaNoise(draws(), long, 0.4, phi)];
      assertNear(mean(values), 1, 0.03, 'mean');
      assertNear(Math.sqrt(variance(values)), 0.4, 0.02, 'coefficient of variation');
      assertNear(lagOne(values), phi, 0.03, 'lag 1');
      assert.ok(values.every((value) => value > 0));
    });
  }

  it('is stationary from its first value on', () => {
    const first = Array.from({ length: 4000 }, (_, run) => autoregression(draws(run), 1, 0.8)[0] ?? 0);
    assertNear(variance(first), 1, 0.12, 'variance');
    const firstGamma = Array.from({ length: 4000 }, (_, run) => gammaNoise(draws(run), 1, 0.4, 0.7)[0] ?? 0);
    assertNear(variance(firstGamma), 0.16, 0.025, 'variance');
  });

  it('of no variation is one', () => {
    assert.deepEqual([...gammaNoise(draws(), 3, 0, 0)], [1, 1, 1]);
  });

  it('that walks has steps of its deviation', () => {
    const walk = [0, ...randomWalk(draws(), long, 0.5)];
    const steps = walk.slice(1).map((value, index) => value - (walk[index] ?? 0));
    assertNear(Math.sqrt(variance(steps)), 0.5, 0.02, 'deviation');
    assertNear(lagOne(steps), 0, 0.03, 'lag 1');
  });
});

describe('a worsening', () => {
  it('begins at its minute and stays', () => {
    const late = { factor: 1.5, from: 17 };
    assert.deepEqual(
      [1, 16, 17, 30].map((minute) => factorAt(late, minute, 30)),
      [1, 1, 1.5, 1.5],
    );
  });

  it('that is a ramp is reached at the end of the run', () => {
    const ramp = { factor: 1.6, from: 1, isRamp: true };
    assertNear(factorAt(ramp, 1, 30), 1.02, 1e-12, 'first minute');
    assertNear(factorAt(ramp, 15, 30), 1.3, 1e-12, 'half-way');
    assertNear(factorAt(ramp, 30, 30), 1.6, 1e-12, 'last minute');
  });
});

describe('latencies', () => {
  it('share their part of the noise, have the deviation and the autocorrelation asked for, and an hour of history', () => {
    // The daily course is in both arms, and a difference of logarithms takes it out.
    const noise = { ...latencyNoise, phi: 0.8, shared: 0.5 };
    const series = drawLatency(draws(), noise, long, harmless);
    assert.equal(series.history.length, historySteps);
    const [canary, baseline] = [logs(series.canary), logs(series.baseline)];
    const difference = canary.map((value, step) => value - (baseline[step] ?? 0));
    assertNear(Math.sqrt(variance(difference)), noise.deviation, 0.006, 'deviation of the difference');
    assertNear(lagOne(difference), 0.8, 0.02, 'lag 1');
    const ends = Array.from({ length: 4000 }, (_, run) => {
      const { canary: one, baseline: other } = drawLatency(draws(run), noise, 2, harmless);
      const [c, b] = [logs(one), logs(other)];
      return [(c[1] ?? 0) - (c[0] ?? 0), (b[1] ?? 0) - (b[0] ?? 0)] as const;
    });
    const shared = correlation(
      ends.map(([left]) => left),
      ends.map(([, right]) => right),
    );
    assertNear(shared, 0.5, 0.06, 'correlation of the steps');
  });

  it('carry on from the history without a break', () => {
    const steps = Array.from({ length: 2000 }, (_, run) => {
      const { history, baseline } = drawLatency(draws(run), { ...latencyNoise, phi: 0.8 }, 1, harmless);
      return (logs(baseline)[0] ?? 0) - (logs(history).at(-1) ?? 0);
    });
    // Var(x₁ − x₀) = 2 (1 − φ) σ².
    assertNear(Math.sqrt(variance(steps)), 0.1 * Math.sqrt(0.4), 0.004, 'deviation of the step');
  });

  it('are worse in the canary alone, from the onset on', () => {
    const before = drawLatency(draws(), latencyNoise, 30, harmless);
    const after = drawLatency(draws(), latencyNoise, 30, { factor: 1.5, from: 17 });
    assert.deepEqual(after.baseline, before.baseline);
    after.canary.forEach((value, step) => {
      assertNear((value ?? 0) / (before.canary[step] ?? 1), step + 1 < 17 ? 1 : 1.5, 1e-12, `step ${step}`);
    });
  });

  it('have outliers and gaps in both arms, each for itself', () => {
    const series = drawLatency(
      draws(),
      { ...latencyNoise, outliers: 0.02, gaps: 0.03, deviation: 0.01 },
      long,
      harmless,
    );
    const isGap = (arm: readonly (number | null)[]) => arm.map((value) => (value === null ? 1 : 0));
    const [canary, baseline] = [isGap(series.canary), isGap(series.baseline)];
    assertNear(mean(canary), 0.0294, 0.006, 'gaps');
    assertNear(correlation(canary, baseline), 0, 0.04, 'gaps in both arms');
    const both = series.canary.flatMap((value, step) => {
      const other = series.baseline[step] ?? null;
      return value === null || other === null ? [] : [value / other];
    });
    assertNear(both.filter((ratio) => ratio > 2).length / both.length, 0.02, 0.005, 'outliers');
  });
});

describe('CPU', () => {
  it('leaves from the same place in both arms and drifts apart', () => {
    const apart = (step: number) =>
      Math.sqrt(
        variance(
          Array.from({ length: 1000 }, (_, run) => {
            const { canary, baseline } = drawCpu(draws(run), 30, harmless);
            return (logs(canary)[step] ?? 0) - (logs(baseline)[step] ?? 0);
          }),
        ),
      );
    // Own steps of 0.005 and readings of 0.02 in each arm.
    assertNear(apart(0), Math.sqrt(2 * (0.005 ** 2 + 0.02 ** 2)), 0.003, 'first minute');
    assertNear(apart(29), Math.sqrt(2 * (30 * 0.005 ** 2 + 0.02 ** 2)), 0.005, 'last minute');
  });
});

describe('errors', () => {
  it('come at their rate, in traffic of the arm, and more often in the canary when it is worse', () => {
    const noise = { ...evenTraffic(0, 0.01), canaryRequests: 100, baselineRequests: 9900 };
    const { canary, baseline } = drawErrors(draws(), noise, long, { factor: 5, from: 1 });
    assertNear(mean(canary.total), 100, 1, 'requests of the canary');
    assertNear(mean(baseline.total), 9900, 5, 'requests of the baseline');
    assertNear(mean(canary.events), 5, 0.3, 'errors of the canary');
    assertNear(mean(baseline.events), 99, 4, 'errors of the baseline');
    assert.ok(canary.events.every((events, step) => events <= (canary.total[step] ?? 0)));
  });

  it('vary with both arms together and with each for itself', () => {
    const noise = { ...evenTraffic(10_000, 0.05), cv: 0.4, phi: 0.7 };
    const { canary, baseline } = drawErrors(draws(), noise, long, harmless);
    const share = canary.events.map((events, step) => events / (events + (baseline.events[step] ?? 0)));
    // The share of two gamma numbers of cv 0.4 is beta(6.25, 6.25); counting adds little at 500 a minute.
    assertNear(variance(share), 1 / 4 / 13.5, 0.002, 'variance of the share');
    assert.ok(lagOne(share) > 0.55, 'the share of bursts is autocorrelated');
    // Cov = E[common²] − 1 over Var = (1 + cv²)(1 + 0.3²) − 1.
    const expected = 0.09 / (1.16 * 1.09 - 1);
    assertNear(correlation(canary.events, baseline.events), expected, 0.06, 'correlation of the arms');
  });

  it('never come in an arm that has none', () => {
    const noise = { ...evenTraffic(1000, 0.001), isBaselineFree: true };
    const { canary, baseline } = drawErrors(draws(), noise, 100, harmless);
    assert.ok(baseline.events.every((events) => events === 0));
    assert.ok(canary.events.some((events) => events > 0));
  });
});

describe('pods', () => {
  it('keep their distance for the whole run and the hour before', () => {
    const pods = drawPods(draws(), { ...podNoise, own: 0, shared: 0 }, 30, harmless);
    const [first = [], second = []] = pods.baseline;
    const [firstPast = [], secondPast = []] = pods.history;
    const distances = [
      ...firstPast.map((value, step) => Math.log(value / (secondPast[step] ?? 1))),
      ...first.map((value, step) => Math.log(value / (second[step] ?? 1))),
    ];
    assert.ok(Math.max(...distances) - Math.min(...distances) < 1e-9);
    assert.ok(Math.abs(distances[0] ?? 0) > 1e-3);
  });

  it('are as many as asked for, and their distances have the deviation asked for', () => {
    const apart = Array.from({ length: 1000 }, (_, run) => {
      const pods = drawPods(draws(run), { ...podNoise, baselinePods: 10, own: 0 }, 1, harmless);
      assert.equal(pods.canary.length, 3);
      assert.equal(pods.baseline.length, 10);
      return Math.log((pods.canary[0]?.[0] ?? 0) / (pods.canary[1]?.[0] ?? 1));
    });
    assertNear(Math.sqrt(variance(apart)), 0.05 * Math.SQRT2, 0.006, 'deviation');
  });

  it('make up the arm by their mean', () => {
    const means = meanOfPods({
      canary: [
        [1, 2],
        [3, 6],
      ],
      baseline: [[5, 5]],
      history: [[7], [9]],
    });
    assert.deepEqual(means, { canary: [2, 4], baseline: [5, 5], history: [8] });
  });
});

describe('histograms', () => {
  it('have a bucket for every edge and the requests of a minute in them', () => {
    const { canary } = drawHistograms(draws(), histogramNoise, 40, harmless);
    const totals = canary.map((counts) => counts.reduce((sum, count) => sum + count, 0));
    assert.ok(canary.every((counts) => counts.length === edges.length));
    assert.equal(edges.length, 19);
    assertNear(mean(totals), histogramNoise.requests, 30, 'requests a minute');
  });

  it('move with the arm, whose median is the usual one', () => {
    const { canary, baseline } = drawHistograms(draws(), histogramNoise, 400, { factor: 1.2, from: 1 });
    const [slow, usual] = [canary, baseline].map((arm) =>
      logs(arm.map(medianOfBuckets)).map((value) => value - Math.log(usualMedian)),
    );
    assertNear(mean(usual ?? []), 0, 0.02, 'baseline');
    assertNear(mean(slow ?? []), Math.log(1.2), 0.03, 'canary');
    // The arm's own noise, and that of a median of 1 000 requests: 1.2533 · 0.5/√1000.
    assertNear(Math.sqrt(variance(usual ?? [])), Math.hypot(0.05, 0.0198), 0.01, 'deviation');
  });

  it('scatter as the requests do', () => {
    const { baseline } = drawHistograms(draws(), { ...histogramNoise, armDeviation: 0 }, 40, harmless);
    const slow = baseline.map((counts) => counts.slice(edges.indexOf(180) + 1).reduce((a, b) => a + b, 0));
    // P(Z > ln 1.8 / 0.5) = 11.99 %.
    assertNear(mean(slow) / histogramNoise.requests, 0.1199, 0.008, 'requests above 180 ms');
  });

  it('have a median on a straight line within its bucket', () => {
    const counts = edges.map(() => 0);
    assert.equal(medianOfBuckets(counts), null);
    counts[7] = 10;
    assert.equal(medianOfBuckets(counts), 90);
    counts[8] = 30;
    assertNear(medianOfBuckets(counts) ?? 0, 100 + (25 * 10) / 30, 1e-9, 'median');
    const slow = edges.map((_, index) => (index === edges.length - 1 ? 4 : 0));
    assert.equal(medianOfBuckets(slow), 2000);
  });
});
