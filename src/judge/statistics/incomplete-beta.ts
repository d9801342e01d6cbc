import { logBeta } from './log-beta.ts';

const tiny = 1e-300;
const precision = 1e-15;
const maxIterations = 10_000;

/**
 * The continued fraction of the incomplete beta function by the modified method of Lentz
 * (Abramowitz & Stegun 26.5.8); converges quickly for x < (a + 1)/(a + b + 2).
 */
function continuedFraction(a: number, b: number, x: number): number {
  let numerator = 1;
  let denominator = 1 / guarded(1 - ((a + b) * x) / (a + 1));
  let fraction = denominator;
  for (let m = 1; m <= maxIterations; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    denominator = 1 / guarded(1 + even * denominator);
    numerator = guarded(1 + even / numerator);
    fraction *= denominator * numerator;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    denominator = 1 / guarded(1 + odd * denominator);
    numerator = guarded(1 + odd / numerator);
    const step = denominator * numerator;
    fraction *= step;
    if (Math.abs(step - 1) < precision) break;
  }
  return fraction;
}

function guarded(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}

/**
 * Logarithm of the regularised incomplete beta function, ln I_x(a, b): the probability that a Beta(a, b) variable
 * is at most x, also where it is far too small for a plain number.
 *
 * @param a > 0
 * @param b > 0
 * @param x in [0, 1]; outside it is clamped
 * @param complement 1 − x, when the caller knows it more exactly than a subtraction would
 * @param logB ln B(a, b), when the caller has it already
 */
export function logIncompleteBeta(
  a: number,
  b: number,
  x: number,
  complement = 1 - x,
  logB = logBeta(a, b),
): number {
  if (x <= 0) return Number.NEGATIVE_INFINITY;
  if (complement <= 0) return 0;
  const front = a * Math.log(x) + b * Math.log(complement) - logB;
  if (x < (a + 1) / (a + b + 2)) return front + Math.log(continuedFraction(a, b, x) / a);
  const other = Math.exp(front) * (continuedFraction(b, a, complement) / b);
  return Math.log1p(-Math.min(1, other));
}

/**
 * The regularised incomplete beta function I_x(a, b) (Abramowitz & Stegun 26.5.1).
 *
 * @example incompleteBeta(2, 3, 0.5) // 0.6875
 */
export function incompleteBeta(a: number, b: number, x: number): number {
  return Math.exp(logIncompleteBeta(a, b, x));
}
