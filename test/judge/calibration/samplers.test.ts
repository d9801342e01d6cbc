import assert from 'node:assert/strict';
import { createDraws, type Draws } from '../../calibration/random/draws.ts';
import { createStream, numberOf } from '../../calibration/random/stream.ts';

const draws = (run = 0): Draws => createDraws(createStream({ seed: 1, row: 2, run }));

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length };
}

const size = 20_000;

/** Within five standard errors of mean and variance; `fourth` is the fourth central moment over the squared variance. */
function assertMoments(draw: () => number, mean: number, variance: number, fourth: number): void {
  const found = moments(Array.from({ length: size }, draw));
  const errorOfMean = Math.sqrt(variance / size);
  const errorOfVariance = variance * Math.sqrt((fourth - 1) / size);
  assert.ok(Math.abs(found.mean - mean) < 5 * errorOfMean, `mean ${found.mean}, expected ${mean}`);
  assert.ok(
    Math.abs(found.variance - variance) < 5 * errorOfVariance,
    `variance ${found.variance}, expected ${variance}`,
  );
}

describe('a stream of random numbers', () => {
  it('is the same for the same name and another for any other seed, row or run', () => {
    const some = (seed: number, row: number, run: number) => {
      const next = createStream({ seed, row, run });
      return Array.from({ length: 8 }, next).join();
    };
    assert.equal(some(1, 2, 3), some(1, 2, 3));
    const names = [some(1, 2, 3), some(2, 2, 3), some(1, 3, 3), some(1, 2, 4), some(2, 1, 3), some(3, 2, 1)];
    assert.equal(new Set(names).size, names.length);
  });

  it('gives even fractions strictly between 0 and 1', () => {
    const next = createStream({ seed: 4_294_967_295, row: 0, run: 0 });
    assertMoments(next, 1 / 2, 1 / 12, 1.8);
    const deciles = new Array<number>(10).fill(0);
    for (let index = 0; index < size; index++) {
      const fraction = next();
      assert.ok(fraction > 0 && fraction < 1);
      deciles[Math.floor(10 * fraction)] = (deciles[Math.floor(10 * fraction)] ?? 0) + 1;
    }
    const chiSquare = deciles.reduce((sum, count) => sum + (count - size / 10) ** 2 / (size / 10), 0);
    assert.ok(chiSquare < 35, `chi-square ${chiSquare} with 9 degrees of freedom`);
  });

  it('of neighbouring runs are not correlated', () => {
    const product = Array.from({ length: size }, (_, run) => {
      const [left, right] = [run, run + 1].map((name) => createStream({ seed: 9, row: 9, run: name })());
      return ((left ?? 0) - 0.5) * ((right ?? 0) - 0.5);
    });
    assert.ok(Math.abs(moments(product).mean) < 5 / 12 / Math.sqrt(size));
  });

  it('is named by the FNV-1a number of a word', () => {
    assert.equal(numberOf(''), 0x811c9dc5);
    assert.equal(numberOf('a'), 0xe40c292c);
  });
});

describe('draws have the mean and the variance of their distribution:', () => {
  it('normal', () => {
    assertMoments(draws().normal, 0, 1, 3);
  });

  for (const shape of [0.3, 1, 6.25, 400]) {
    it(`gamma of shape ${shape}`, () => {
      const { gamma } = draws();
      assertMoments(() => gamma(shape), shape, shape, 3 + 6 / shape);
    });
  }

  for (const [left, right] of [
    [0.5, 0.5],
    [4.375, 1.875],
    [2, 30],
  ] as const) {
    it(`beta of ${left} and ${right}`, () => {
      const { beta } = draws();
      const all = left + right;
      assertMoments(() => beta(left, right), left / all, (left * right) / (all * all * (all + 1)), 6);
    });
  }

  for (const mean of [0, 0.2, 1, 15, 17, 500]) {
    it(`Poisson of mean ${mean}`, () => {
      const { poisson } = draws();
      if (mean === 0) assert.ok(Array.from({ length: 100 }, () => poisson(0)).every((count) => count === 0));
      else assertMoments(() => poisson(mean), mean, mean, 3 + 1 / mean);
    });
  }

  for (const [trials, chance] of [
    [10, 0.3],
    [100, 0.01],
    [1000, 0.001],
    [1000, 0.6],
    [10_000, 0.05],
  ] as const) {
    it(`binomial of ${trials} trials with chance ${chance}`, () => {
      const { binomial } = draws();
      const variance = trials * chance * (1 - chance);
      assertMoments(
        () => binomial(trials, chance),
        trials * chance,
        variance,
        3 + (1 - 6 * chance * (1 - chance)) / variance,
      );
    });
  }

  it('binomial at the ends of its chances', () => {
    const { binomial } = draws();
    assert.equal(binomial(5000, 0), 0);
    assert.equal(binomial(5000, 1), 5000);
    assert.equal(binomial(0, 0.5), 0);
  });

  it('Poisson also in its probabilities, on both sides of the way it counts', () => {
    const { poisson } = draws();
    const found = Array.from({ length: size }, () => poisson(20));
    // P(X ≤ 14) for mean 20.
    const share = found.filter((count) => count <= 14).length / size;
    assert.ok(Math.abs(share - 0.104_86) < 5 * Math.sqrt((0.104_86 * 0.895_14) / size), String(share));
  });
});
