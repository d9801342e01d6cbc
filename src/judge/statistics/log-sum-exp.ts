/**
 * Logarithm of a sum of exponentials, ln Σ exp(xᵢ), without overflow: adds probabilities or evidence kept as
 * logarithms.
 *
 * @param values logarithms; −∞ stands for nothing
 * @returns −∞ for an empty list
 * @example logSumExp([1000, 1000]) // 1000 + ln 2
 */
export function logSumExp(values: ArrayLike<number>): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, values[i] ?? Number.NEGATIVE_INFINITY);
  if (!Number.isFinite(largest)) return largest;
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.exp((values[i] ?? Number.NEGATIVE_INFINITY) - largest);
  return largest + Math.log(sum);
}
