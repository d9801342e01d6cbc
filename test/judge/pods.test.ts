import assert from 'node:assert/strict';
import fc from 'fast-check';
import { meanOfPods } from '../../src/judge/pods.ts';

function near(actual: number | null | undefined, expected: number): void {
  assert.ok(typeof actual === 'number');
  assert.ok(Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${actual} is not ${expected}`);
}

describe('meanOfPods', () => {
  it('is the geometric mean of positive values', () => {
    const [first, second] = meanOfPods([
      [1, 2],
      [4, 2],
      [16, 2],
    ]);
    near(first, 4);
    near(second, 2);
  });

  it('is the plain mean in steps where a pod has zero or less, and only there', () => {
    const [first, second, third] = meanOfPods([
      [0, -2, 2],
      [8, 4, 8],
    ]);
    assert.deepEqual([first, second], [4, 1]);
    near(third, 4);
  });

  it('leaves out pods that are silent, and is null where all are', () => {
    const values = meanOfPods([
      [1, null, null, Number.NaN],
      [9, 5, null, Number.POSITIVE_INFINITY],
    ]);
    near(values[0], 3);
    assert.deepEqual(values.slice(1), [5, null, null]);
  });

  it('gives a single pod as it is, to the last digit', () => {
    assert.deepEqual(meanOfPods([[0.1 + 0.2, 1.7e308, 5e-324]]), [0.1 + 0.2, 1.7e308, 5e-324]);
  });

  it('is as long as the longest pod, and empty without pods', () => {
    assert.equal(meanOfPods([[3], [3, 3, 3]]).length, 3);
    assert.deepEqual(meanOfPods([]), []);
  });

  it('lies between the least and the largest pod, in whatever order they come', () => {
    const pods = fc.array(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(pods, (values) => {
        const [mean] = meanOfPods(values.map((value) => [value]));
        assert.ok(typeof mean === 'number');
        assert.ok(mean >= Math.min(...values) * (1 - 1e-9) && mean <= Math.max(...values) * (1 + 1e-9));
        near(meanOfPods([...values].reverse().map((value) => [value]))[0], mean);
      }),
    );
  });
});
