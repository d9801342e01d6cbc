/** In how many orders of both samples U takes each value. */
export type MannWhitneyCounts = {
  /** Number of orders with U = u, for u = 0 … the limit asked for. */
  readonly counts: Float64Array;
  /** Number of all orders, (m + n)! / (m! n!). */
  readonly total: number;
};

const fewest = 50;
const mostPairs = 25_000;

/** True where counting all orders costs about a millisecond at most and their number fits into a double. */
export function countable(m: number, n: number): boolean {
  return Math.min(m, n) <= fewest && m * n <= mostPairs;
}

/**
 * The exact distribution of Mann and Whitney's U without ties. They count by c(u; m, n) = c(u − n; m − 1, n) +
 * c(u; m, n − 1) (Mann & Whitney 1947, Ann. Math. Stat. 18:50); the same numbers are the coefficients of
 * Π (1 − q^{n+i}) / (1 − q^i), i = 1 … m (Andrews 1976, The Theory of Partitions, section 3.2), which takes
 * O(m · limit) steps instead of O(m · n · limit). Whole numbers, exact up to 2⁵³.
 *
 * @param m size of one sample, ≥ 1, with `countable(m, n)`
 * @param n size of the other, ≥ 1
 * @param limit the largest u wanted, at most ½ m n; the distribution is symmetric about that
 * @example mannWhitneyCounts(2, 3, 3) // { counts: [1, 1, 2, 2], total: 10 }
 */
export function mannWhitneyCounts(m: number, n: number, limit: number): MannWhitneyCounts {
  const few = Math.min(m, n);
  const many = Math.max(m, n);
  const counts = new Float64Array(limit + 1);
  counts[0] = 1;
  let total = 1;
  for (let i = 1; i <= few; i++) {
    for (let u = limit; u >= many + i; u--) counts[u] = (counts[u] ?? 0) - (counts[u - many - i] ?? 0);
    for (let u = i; u <= limit; u++) counts[u] = (counts[u] ?? 0) + (counts[u - i] ?? 0);
    total *= (many + i) / i;
  }
  return { counts, total };
}
