import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  addProfiles,
  discount,
  fitMean,
  learnNoise,
  profileOf,
  recallNoise,
} from '../../../src/judge/sequential/noise-profile.ts';
import { phiGrid, whiten } from '../../../src/judge/sequential/whiten.ts';
import { flat, noisy } from '../inputs.ts';

const logs = (values: readonly number[]): number[] => values.map(Math.log);
const samples = fc.array(fc.option(fc.double({ min: -5, max: 5, noNaN: true }), { freq: 4 }), {
  maxLength: 40,
});

function near(actual: number, expected: number, what = ''): void {
  const distance = Math.abs(actual - expected);
  assert.ok(distance <= 1e-9 * (1 + Math.abs(expected)), `${what} ${actual} is not ${expected}`);
}

function raise(): never {
  throw new Error('nothing was learned');
}

describe('the noise of one series', () => {
  it('is that of the whitened series with its mean taken out, gaps or not', () => {
    fc.assert(
      fc.property(samples, fc.constantFrom(...phiGrid), (values, phi) => {
        const white = whiten(values, phi);
        const [x = 0, z = 0, square = 0] = [white.sumAA, white.sumAE, white.sumEE].map(
          (sums) => sums[values.length] ?? 0,
        );
        const fit = fitMean(values, phi);

        assert.equal(fit.points, white.count[values.length]);
        near(fit.information, x);
        near(fit.score, z);
        near(fit.squares, fit.points === 0 ? 0 : square - z ** 2 / x);
        near(fit.logDeterminant, fit.points === 0 ? 0 : white.logDeterminant + Math.log(x));
      }),
    );
  });

  it('has as many degrees of freedom as points less one, and none for one point', () => {
    assert.equal(profileOf([1, null, 2, 4])?.degrees, 2);
    assert.equal(profileOf([null, 3, null]), null);
    assert.equal(profileOf([]), null);
  });

  it('without autocorrelation is the sum of squares about the mean', () => {
    near(profileOf([1, 2, 6])?.squares[0] ?? 0, 14);
    near(profileOf([1, 2, 6])?.logDeterminants[0] ?? 0, Math.log(3));
  });

  it('does not change when a constant is added', () => {
    const values = logs(noisy(1, 100, 0.1));
    const [one, other] = [profileOf(values), profileOf(values.map((value) => value + 3))];
    one?.squares.forEach((square, k) => {
      near(other?.squares[k] ?? 0, square);
    });
  });
});

describe('addProfiles(profiles) and discount(profile, weight, variance)', () => {
  const profile = {
    squares: phiGrid.map((phi) => 1 + phi),
    logDeterminants: phiGrid.map((phi) => -phi),
    degrees: 8,
  };

  it('add part by part and leave out what is missing', () => {
    const sum = addProfiles([profile, null, discount(profile, 0.5), undefined]);

    assert.equal(sum?.degrees, 12);
    near(sum?.squares[5] ?? 0, 2.25);
    near(sum?.logDeterminants[5] ?? 0, -0.75);
  });

  it('give null for none', () => {
    assert.equal(addProfiles([null, undefined]), null);
    assert.equal(addProfiles([]), null);
  });

  it('turn squares into those of another variance, and nothing else', () => {
    const scaled = discount(profile, 0.5, 0.2);

    assert.equal(scaled.degrees, 4);
    near(scaled.squares[0] ?? 0, 0.1);
    near(scaled.logDeterminants[5] ?? 0, -0.25);
  });
});

describe('what a run tells later runs of its noise', () => {
  const values = logs(noisy(2, 1, 0.1));
  const learned = learnNoise(values) ?? raise();

  it('is the noise of its differences', () => {
    assert.deepEqual(learnNoise(values), profileOf(values));
  });

  it('is nothing for fewer than 10 points', () => {
    assert.equal(learnNoise([...values.slice(0, 9), null, null]), null);
    assert.notEqual(learnNoise(values.slice(0, 10)), null);
  });

  it('is nothing where the arms never moved against each other', () => {
    assert.equal(learnNoise(flat(0)), null);
    assert.equal(learnNoise(flat(0.1)), null);
    assert.equal(learnNoise(flat(0).map((_, step) => 1e-16 * (step % 3))), null);
  });

  it('is recalled with half its weight, from two runs on', () => {
    assert.equal(recallNoise([]), null);
    assert.equal(recallNoise([learned]), null);
    const recalled = recallNoise([learned, learned, learned]);

    assert.equal(recalled?.runs, 3);
    near(recalled?.degrees ?? 0, 1.5 * learned.degrees);
    near(recalled?.squares[3] ?? 0, 1.5 * (learned.squares[3] ?? 0));
    near(recalled?.logDeterminants[3] ?? 0, 1.5 * (learned.logDeterminants[3] ?? 0));
  });

  it('keeps its weight where runs differ no more than chance makes them', () => {
    const runs = [1, 2, 3, 4, 5, 6].map((seed) => learnNoise(logs(noisy(seed, 1, 0.1))));

    const recalled = recallNoise(runs.filter((one) => one !== null));

    assert.ok((recalled?.degrees ?? 0) > 40, String(recalled?.degrees));
  });

  it('loses weight where runs disagree: their spread says how well a further one is known', () => {
    const factors = [0.25, 4, 0.25, 4, 0.25, 4];
    const runs = factors.map((factor) => discount(learned, 1, factor));
    const spread = (6 / 5) * Math.log(4) ** 2;

    const recalled = recallNoise(runs);

    const degrees = 2 / (spread - 2 / learned.degrees);
    near(recalled?.degrees ?? 0, degrees);
    near(
      (recalled?.squares[0] ?? 0) / degrees,
      ((0.25 + 4) / 2) * ((learned.squares[0] ?? 0) / learned.degrees),
    );
  });
});
