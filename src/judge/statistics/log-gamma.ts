/** Below this the Stirling series is not accurate to the last digits; smaller arguments are shifted up. */
const stirlingFrom = 10;
const halfLogTwoPi = 0.9189385332046727;

/** The correction of Stirling's formula, 1/(12 x) − 1/(360 x³) + …, for x ≥ 10 (error below 2e−14). */
function stirlingCorrection(x: number): number {
  const square = 1 / (x * x);
  return (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square * (1 / 1680 - square / 1188)))) / x;
}

/**
 * Logarithm of the gamma function, ln Γ(x), for counts that need not be whole numbers.
 * Stirling's series after shifting small arguments up by Γ(x + 1) = x Γ(x) (Abramowitz & Stegun 6.1.15, 6.1.41).
 *
 * @param x > 0; anything else gives NaN, ∞ gives ∞.
 * @example logGamma(5) // ln 24 = 3.178…
 */
export function logGamma(x: number): number {
  if (!(x > 0)) return Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  let shifted = x;
  let product = 1;
  while (shifted < stirlingFrom) {
    product *= shifted;
    shifted += 1;
  }
  const value = (shifted - 0.5) * Math.log(shifted) - shifted + halfLogTwoPi + stirlingCorrection(shifted);
  return product === 1 ? value : value - Math.log(product);
}

/**
 * Logarithm of the rising factorial, ln Γ(a + y) − ln Γ(a), without the cancellation of two large numbers that
 * the difference of two `logGamma` suffers when `a` is large and `y` small.
 *
 * @param a > 0
 * @param y ≥ 0, need not be a whole number
 * @example logGammaRatio(3, 2) // ln (3 · 4)
 */
export function logGammaRatio(a: number, y: number): number {
  if (y === 0) return 0;
  let low = a;
  let high = a + y;
  let quotient = 1;
  while (low < stirlingFrom) {
    quotient *= low / high;
    low += 1;
    high += 1;
  }
  const logLow = Math.log(low);
  // ln(1 + y/low) loses digits for small y/low when taken as a difference of logarithms.
  const logRise = y < 0.01 * low ? Math.log1p(y / low) : Math.log(high) - logLow;
  const correction = stirlingCorrection(high) - stirlingCorrection(low);
  const shifted = (high - 0.5) * logRise + y * (logLow - 1) + correction;
  return quotient === 1 ? shifted : shifted + Math.log(quotient);
}
