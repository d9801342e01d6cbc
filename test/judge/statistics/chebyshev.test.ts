import assert from 'node:assert/strict';
import { fitChebyshev } from '../../../src/judge/statistics/chebyshev.ts';

describe('fitChebyshev', () => {
  it('follows a smooth function between its points, and is exact at them', () => {
    const fitted = fitChebyshev(Math.exp, -1, 2, 14);
    for (const x of [-1, -0.77, 0, 0.5, 1.234, 2]) assert.ok(Math.abs(fitted(x) - Math.exp(x)) < 1e-9);
  });

  it('is the polynomial itself where there are points enough', () => {
    const cubic = (x: number): number => x ** 3 - 4 * x + 1;
    const fitted = fitChebyshev(cubic, -3, 5, 4);
    for (const x of [-2.9, 0, 0.1, 4.99]) assert.ok(Math.abs(fitted(x) - cubic(x)) < 1e-10);
  });

  it('asks the function no oftener than it says', () => {
    let asked = 0;
    fitChebyshev(
      (x) => {
        asked += 1;
        return x;
      },
      0,
      1,
      7,
    )(0.5);
    assert.equal(asked, 7);
  });
});
