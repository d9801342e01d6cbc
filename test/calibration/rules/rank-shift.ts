import { quickselect } from 'simple-statistics';
import { ascending, tieSum } from '../../../src/judge/statistics/rank-order.ts';
import type { Samples } from '../../../src/judge/types.ts';

/** The values of both arms so far, and all differences canary − baseline among them. */
type Pool = { readonly canary: number[]; readonly baseline: number[]; readonly differences: number[] };

function add(pool: Pool, canary: number | null, baseline: number | null): void {
  if (canary !== null) {
    for (const other of pool.baseline) pool.differences.push(canary - other);
    pool.canary.push(canary);
  }
  if (baseline === null) return;
  for (const other of pool.canary) pool.differences.push(other - baseline);
  pool.baseline.push(baseline);
}

/** The middle of all differences: the shift between the arms (Hodges & Lehmann 1963). Reorders them. */
function middleOf(differences: number[]): number {
  const half = differences.length >> 1;
  quickselect(differences, half);
  const upper = differences[half] ?? 0;
  if (differences.length % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < half; index++) lower = Math.max(lower, differences[index] ?? lower);
  return (lower + upper) / 2;
}

/**
 * The normal quantile up to which the rule would call the canary high: the rank statistic, with correction for
 * continuity and ties, at a quarter of the shift between the arms. The rule's interval begins above that quarter if
 * and only if its quantile is below this. −Infinity while there is nothing to compare or the shift is not upwards.
 */
function quantileOf({ canary, baseline, differences }: Pool): number {
  const pairs = differences.length;
  if (pairs === 0) return Number.NEGATIVE_INFINITY;
  const shift = middleOf(differences);
  if (!(shift > 0)) return Number.NEGATIVE_INFINITY;
  // What lies on the quarter itself is not above it: the interval would begin there, and not beyond.
  let above = 0;
  for (const difference of differences) if (difference > shift / 4) above += 1;
  const all = canary.length + baseline.length;
  const ties = tieSum(ascending(canary)) + tieSum(ascending(baseline));
  const variance = (pairs / 12) * (all + 1 - ties / (all * (all - 1)));
  const beyond = above - pairs / 2;
  return variance > 0 ? (beyond - 0.5 * Math.sign(beyond)) / Math.sqrt(variance) : Number.NEGATIVE_INFINITY;
}

/**
 * For every minute of a run, on all values so far, the normal quantile up to which Kayenta's rule calls the canary high.
 * Kayenta itself uses 2.326 (a 98 % interval).
 *
 * @returns one entry a minute, from the first
 */
export function rankQuantiles(canary: Samples, baseline: Samples, from: number): number[] {
  const pool: Pool = { canary: [], baseline: [], differences: [] };
  return canary.map((value, step) => {
    add(pool, value, baseline[step] ?? null);
    return step + 1 < from ? Number.NEGATIVE_INFINITY : quantileOf(pool);
  });
}
