import { logSumExp } from './log-sum-exp.ts';

/**
 * Evidence for each of several hypotheses after closed testing with weighted means: the least weighted mean over
 * all sets that contain the hypothesis. Says which metrics are guilty without more false accusations than the
 * whole is allowed. Vovk & Wang 2021, Ann. Stat. 49:1736, section 4; with weights the mean stays valid under any
 * dependence.
 *
 * The set of least mean consists of the hypothesis itself and of all others whose evidence lies below that mean;
 * it is therefore a prefix of the others in ascending order, so n prefixes are enough instead of 2ⁿ sets.
 *
 * @param logEvidence ln Eᵢ; works on logarithms, so that huge evidence does not overflow
 * @param weights wᵢ > 0, same length; need not add up to 1
 * @returns ln of the adjusted evidence, in the order given
 */
export function closedMean(logEvidence: readonly number[], weights: readonly number[]): number[] {
  const items = logEvidence.map((logE, index) => ({ logE, index, weight: weights[index] ?? 1 }));
  const ascending = [...items].sort((one, other) => one.logE - other.logE);
  return items.map((item) => leastMean(item, ascending));
}

type Item = { readonly logE: number; readonly index: number; readonly weight: number };

function leastMean(item: Item, ascending: readonly Item[]): number {
  let logTotal = item.logE + Math.log(item.weight);
  let weight = item.weight;
  let least = item.logE;
  for (const other of ascending) {
    if (other.index === item.index) continue;
    logTotal = logSumExp([logTotal, other.logE + Math.log(other.weight)]);
    weight += other.weight;
    least = Math.min(least, logTotal - Math.log(weight));
  }
  return least;
}
