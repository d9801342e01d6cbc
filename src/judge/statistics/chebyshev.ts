/**
 * Fits a smooth function by a polynomial through Chebyshev's points of the second kind, evaluated by the barycentric
 * formula: Berrut & Trefethen 2004, SIAM Review 46:501. For functions that cost much to evaluate; the error falls
 * geometrically with the number of points where the function is analytic around the interval.
 *
 * @param f finite on [low, high]
 * @param low below `high`
 * @param points ≥ 2, how often `f` is evaluated
 * @returns a function for arguments within [low, high]
 * @example fitChebyshev(Math.exp, 0, 1, 9)(0.3) // e^0.3 to ten digits
 */
export function fitChebyshev(
  f: (x: number) => number,
  low: number,
  high: number,
  points: number,
): (x: number) => number {
  const last = points - 1;
  const [centre, half] = [(low + high) / 2, (high - low) / 2];
  const nodes = Array.from(
    { length: points },
    (_, index) => centre + half * Math.cos((Math.PI * index) / last),
  );
  const values = nodes.map(f);
  return (x) => {
    let [numerator, denominator, sign] = [0, 0, 1];
    for (let index = 0; index <= last; index++) {
      const distance = x - (nodes[index] ?? 0);
      const value = values[index] ?? 0;
      if (distance === 0) return value;
      const weight = (sign * (index === 0 || index === last ? 0.5 : 1)) / distance;
      numerator += weight * value;
      denominator += weight;
      sign = -sign;
    }
    return numerator / denominator;
  };
}
