const logRootTwoPi = 0.9189385332046727;
/** From here on the continued fraction has all its digits after `fractionTerms`, and the series loses some. */
const tailFrom = -3;
const fractionTerms = 50;

/** Φ(z) = ½ + φ(z) (z + z³/3 + z⁵/(3·5) + …), Abramowitz & Stegun 26.2.11; for −3 ≤ z ≤ 0. */
function seriesBody(z: number): number {
  let term = z;
  let sum = z;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + Math.exp(normalLogPdf(z)) * sum;
}

/** ln Φ(z) = ln φ(z) − ln(|z| + 1/(|z| + 2/(|z| + …))), Abramowitz & Stegun 26.2.14; for z < −3. */
function logTail(z: number): number {
  let fraction = -z;
  for (let k = fractionTerms; k > 0; k--) fraction = -z + k / fraction;
  return normalLogPdf(z) - Math.log(fraction);
}

/** Logarithm of the standard normal density at `z`. */
export function normalLogPdf(z: number): number {
  return -0.5 * z * z - logRootTwoPi;
}

/**
 * Logarithm of the standard normal distribution function, ln P(Z ≤ z), exact in both tails: neither 0 nor 1
 * swallows it.
 *
 * @param z any number; ±∞ give the limits −∞ and 0, NaN gives NaN
 * @example normalLogCdf(-40) // −804.608…
 */
export function normalLogCdf(z: number): number {
  if (z === Number.NEGATIVE_INFINITY) return z;
  if (z > 0) return Math.log1p(-Math.exp(normalLogCdf(-z)));
  return z < tailFrom ? logTail(z) : Math.log(seriesBody(z));
}

/**
 * The standard normal distribution function, P(Z ≤ z).
 *
 * @param z any number; NaN gives NaN
 * @example normalCdf(-2.326348) // 0.01
 */
export function normalCdf(z: number): number {
  if (z > 0) return 1 - normalCdf(-z);
  return z < tailFrom ? Math.exp(logTail(z)) : seriesBody(z);
}
