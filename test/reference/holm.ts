/**
 * Holm's adjusted p-values: those at most α name hypotheses of which, with probability ≥ 1 − α, none is true, under any
 * dependence. Holm 1979, Scand. J. Stat. 6:65.
 *
 * @returns in the order given, at most 1
 * @example holm([0.01, 0.04, 0.03]) // [0.03, 0.06, 0.06]
 */
export function holm(pValues: readonly number[]): number[] {
  const ascending = pValues.map((p, index) => ({ p, index })).sort((one, other) => one.p - other.p);
  const adjusted = pValues.map(() => 1);
  let largest = 0;
  ascending.forEach(({ p, index }, place) => {
    largest = Math.max(largest, Math.min(1, (pValues.length - place) * p));
    adjusted[index] = largest;
  });
  return adjusted;
}
