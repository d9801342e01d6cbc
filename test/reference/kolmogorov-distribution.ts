type Matrix = readonly (readonly number[])[];

function multiply(left: Matrix, right: Matrix): number[][] {
  return left.map((row) =>
    row.map((_, column) => row.reduce((sum, value, k) => sum + value * (right[k]?.[column] ?? 0), 0)),
  );
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

/** The matrix whose n-th power holds P(Dₙ < d), n d = k − h, up to the factor n!/nⁿ. */
function transitions(k: number, h: number): number[][] {
  const size = 2 * k - 1;
  const corner = Math.max(0, 2 * h - 1) ** size;
  const cell = (row: number, column: number): number => {
    const power = row - column + 1;
    if (power < 0) return 0;
    const edges = Number(column === 0) + Number(row === size - 1);
    return (1 - edges * h ** power + (edges === 2 ? corner : 0)) / factorial(power);
  };
  const places = Array.from({ length: size }, (_, index) => index);
  return places.map((row) => places.map((column) => cell(row, column)));
}

/**
 * P(Dₙ ≥ d) for the greatest distance Dₙ between a continuous distribution function and the empirical one of n values
 * drawn from it. Marsaglia, Tsang & Wang 2003, J. Stat. Softw. 8(18).
 *
 * Loses its digits where it is below about 1e−12, since it is 1 less the probability of the opposite.
 *
 * @param n ≥ 1, up to some hundreds
 * @param d distance
 * @example kolmogorovTail(2, 0.4) // 0.82
 */
export function kolmogorovTail(n: number, d: number): number {
  if (d * n <= 0.5) return 1;
  if (d >= 1) return 0;
  const k = Math.floor(n * d) + 1;
  const step = transitions(k, k - n * d);
  let power: number[][] = step.map((row, index) => row.map((_, column) => Number(index === column)));
  for (let taken = 1; taken <= n; taken++) {
    power = multiply(power, step).map((row) => row.map((value) => (value * taken) / n));
  }
  return Math.max(0, 1 - (power[k - 1]?.[k - 1] ?? 0));
}
