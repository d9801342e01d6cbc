import assert from 'node:assert/strict';
import { prepareArm, summarise } from '../../../src/judge/kayenta/arm.ts';
import { effectDefaults } from '../../../src/judge/kayenta/config.ts';
import { fences, withoutOutliers } from '../../../src/judge/kayenta/outliers.ts';
import { ascending } from '../../../src/judge/statistics/rank-order.ts';
import { findingOf, metric } from './inputs.ts';

const hundred = Float64Array.from({ length: 101 }, (_, index) => index);

describe('an arm of Kayenta’s rule', () => {
  it('is summarised by least, most, mean, and the deviation of a sample', () => {
    assert.deepEqual(summarise([2, 4, 4, 4, 5, 5, 7, 9]), {
      min: 2,
      max: 9,
      mean: 5,
      std: Math.sqrt(32 / 7),
      count: 8,
    });
    assert.deepEqual(summarise([3]), { min: 3, max: 3, mean: 3, std: 0, count: 1 });
    assert.deepEqual(summarise([]), { min: 0, max: 0, mean: 0, std: 0, count: 0 });
  });

  it('of equal values has exactly their mean and no deviation, whatever rounding makes of their sum', () => {
    for (const value of [0.1, 1 / 3, 1e15 + 0.3, 7.7e-9]) {
      for (const count of [3, 7, 10, 49]) {
        const { mean, std } = summarise(Array.from({ length: count }, () => value));
        assert.deepEqual([mean, std], [value, 0], `${count} times ${value}`);
      }
    }
  });

  it('has fences at the quartiles and a multiple of their distance', () => {
    assert.deepEqual(fences(hundred, 1.5, false), [-50, 150]);
    assert.deepEqual(fences(hundred, 0.1, false), [20, 80]);
    assert.equal(fences(ascending([]), 1.5, false), null);
  });

  it('has them never within the 1st and 99th percentile, where they are wide', () => {
    assert.deepEqual(fences(hundred, 0.1, true), [1, 99]);
    assert.deepEqual(fences(hundred, 1.5, true), [-50, 150]);
  });

  it('loses outliers at either end, in its own order', () => {
    const values = [5, -900, 6, 4, 5, 900, 6, 4];
    assert.deepEqual(withoutOutliers(values, ascending(values), 1.5, false), [5, 6, 4, 5, 6, 4]);
    assert.deepEqual(withoutOutliers([], ascending([]), 1.5, false), []);
    const crowd = Array.from({ length: 300 }, (_, index) => 100 + (index % 7));
    const outliers = { strategy: 'remove', outlierFactor: 3 } as const;
    const { sorted, statistics } = prepareArm([...crowd, -900, 900], metric({ outliers }));
    assert.deepEqual([sorted.length, sorted[0], sorted.at(-1)], [300, 100, 106]);
    assert.equal(statistics.count, 300);
  });
});

describe('two arms by Kayenta’s rule', () => {
  const noise = (level: number) => Array.from({ length: 20 }, (_, index) => level + ((index * 7) % 20) / 10);

  it('are Low only with an effect as small as the metric demands', () => {
    const of = (allowedDecrease: number) =>
      findingOf(noise(90), noise(100), {
        direction: 'either',
        effectSize: { ...effectDefaults('meanRatio'), allowedDecrease },
      }).classification;
    assert.deepEqual([of(0.95), of(0.8)], ['Low', 'Pass']);
  });

  it('are told apart by the probability of superiority from one half on', () => {
    const { allowedIncrease, allowedDecrease } = effectDefaults('cles');
    assert.deepEqual([allowedIncrease, allowedDecrease], [0.5, 0.5]);
    const { allowedIncrease: ratio } = effectDefaults('meanRatio');
    assert.equal(ratio, 1);
  });

  it('have a difference where one of them is a single value and the other constant', () => {
    for (const [experiment, control] of [
      [[5], [3, 3, 3]],
      [[5, 5], [3]],
    ] as const) {
      const { classification, interval } = findingOf(experiment, control);
      assert.equal(classification, 'High');
      assert.deepEqual(interval, { lower: 2, upper: 2, estimate: 2 });
    }
  });

  it('are an error where the sum of one of them alone is beyond all numbers', () => {
    const huge = Array.from({ length: 20 }, () => 1.5e308);
    assert.equal(findingOf(huge, noise(1)).classification, 'Error');
    assert.equal(findingOf(noise(1), huge).classification, 'Error');
  });

  it('are warned of where either has fewer than five values', () => {
    const few = [1, 3, 2.5];
    const warned = (experiment: number[], control: number[]) =>
      findingOf(experiment, control).warnings.filter((warning) => warning.startsWith('only '));
    assert.match(warned(few, noise(1))[0] ?? '', /^only 3 canary and 20 baseline values/);
    assert.match(warned(noise(1), few)[0] ?? '', /^only 20 canary and 3 baseline values/);
    assert.deepEqual(warned(noise(1), noise(2)), []);
  });
});
