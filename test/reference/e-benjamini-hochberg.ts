/**
 * Benjamini and Hochberg's procedure for evidence: rejects the k hypotheses of most evidence, k the largest number with
 * e₍ₖ₎ ≥ K/(α k) among K. Of those a share of α is true on average, under any dependence. Wang & Ramdas 2022,
 * J. R. Stat. Soc. B 84:822.
 *
 * @param evidence E of each hypothesis, ≥ 0
 * @returns indices of the rejected, ascending
 * @example eBenjaminiHochberg([120, 3, 50], 0.1) // [0, 2]
 */
export function eBenjaminiHochberg(evidence: readonly number[], alpha: number): number[] {
  const descending = evidence.map((e, index) => ({ e, index })).sort((one, other) => other.e - one.e);
  const last = descending.findLastIndex(({ e }, place) => e >= evidence.length / (alpha * (place + 1)));
  return descending
    .slice(0, last + 1)
    .map(({ index }) => index)
    .sort((one, other) => one - other);
}
