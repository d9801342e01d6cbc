/**
 * Benjamini and Hochberg's adjusted p-values: of the hypotheses with at most α a share of α is true on average, if the
 * p-values are independent or positively dependent. Benjamini & Hochberg 1995, J. R. Stat. Soc. B 57:289.
 *
 * @returns in the order given, at most 1
 * @example benjaminiHochberg([0.01, 0.04, 0.03]) // [0.03, 0.04, 0.04]
 */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const descending = pValues.map((p, index) => ({ p, index })).sort((one, other) => other.p - one.p);
  const adjusted = pValues.map(() => 1);
  let least = 1;
  descending.forEach(({ p, index }, place) => {
    least = Math.min(least, (pValues.length / (pValues.length - place)) * p);
    adjusted[index] = least;
  });
  return adjusted;
}
