import type { RowResult } from '../results.ts';
import type { Family, Row } from '../rows/row.ts';
import { alpha } from '../run.ts';
import { type FirstFails, failedOf, type RuleName, thresholdAt } from '../tally.ts';

/** A row and what came of it. */
export type Known = { readonly row: Row; readonly result: RowResult };

/** The threshold that brings the worst row of a family to at most alpha, and the row that sets it. */
export type EqualThreshold = {
  readonly index: number;
  readonly threshold: number;
  readonly worst: string;
};

function failedAt({ result }: Known, rule: RuleName, index: number): number {
  const counts = result.tally.rules[rule].atThreshold[index];
  return counts === undefined ? 0 : failedOf(counts) / result.tally.runs;
}

/**
 * The lowest threshold of a rule's grid at which no row of the family where nothing is wrong fails more than alpha.
 *
 * @returns `null` when there is no such row, or no threshold is high enough
 */
function thresholdFor(alike: readonly Known[], rule: RuleName): EqualThreshold | null {
  const size = alike[0]?.result.tally.rules[rule].atThreshold.length ?? 0;
  for (let index = 0; index < size; index++) {
    if (alike.some((known) => failedAt(known, rule, index) > alpha)) continue;
    const before = Math.max(0, index - 1);
    const [worst] = [...alike].sort((a, b) => failedAt(b, rule, before) - failedAt(a, rule, before));
    return { index, threshold: thresholdAt(rule, index), worst: worst?.row.title ?? '' };
  }
  return null;
}

/** The equal thresholds of every rule in a family. */
export type EqualThresholds = Readonly<Record<RuleName, EqualThreshold | null>>;

/** Finds them from all rows of the family where nothing is wrong, the weak ones included. */
export function equalThresholds(known: readonly Known[], family: Family): EqualThresholds {
  const alike = known.filter(({ row }) => row.family === family && row.isAlike);
  const of = (rule: RuleName) => thresholdFor(alike, rule);
  return { serin: of('serin'), kayenta: of('kayenta'), fixed: of('fixed') };
}

/** When a rule would have failed first at that threshold. */
export function firstFailsAt(
  { result }: Known,
  rule: RuleName,
  { index }: EqualThreshold,
): FirstFails | undefined {
  return result.tally.rules[rule].atThreshold[index];
}
