import { logBeta } from '../../src/judge/statistics/log-beta.ts';
import type { Alternative } from '../../src/judge/statistics/mann-whitney.ts';

/** Events and non-events of one arm, whole numbers ≥ 0. */
export type FourfoldRow = readonly [events: number, others: number];

/** Fisher's exact test. */
type FisherExact = {
  /** a d / (b c); ∞ where only the denominator is 0, `null` where both are. */
  readonly oddsRatio: number | null;
  readonly p: number;
};

/** Equal probabilities differ by rounding: what is this much above the observed one still counts as no more likely. */
const rounding = 1e-7;

function logChoose(n: number, k: number): number {
  return -Math.log(n + 1) - logBeta(k + 1, n - k + 1);
}

/** Probabilities of all possible counts of events in the first row, margins given; `observed` is the index of `a`. */
function hypergeometric(
  [a, b]: FourfoldRow,
  [c, d]: FourfoldRow,
): { readonly chances: number[]; readonly observed: number } {
  const [events, first, all] = [a + c, a + b, a + b + c + d];
  const least = Math.max(0, first - (b + d));
  const most = Math.min(first, events);
  const whole = logChoose(all, first);
  const chances = Array.from({ length: most - least + 1 }, (_, index) => {
    const count = least + index;
    return Math.exp(logChoose(events, count) + logChoose(all - events, first - count) - whole);
  });
  return { chances, observed: a - least };
}

function oddsRatio([a, b]: FourfoldRow, [c, d]: FourfoldRow): number | null {
  const ratio = (a * d) / (b * c);
  return Number.isNaN(ratio) ? null : ratio;
}

/**
 * Fisher's exact test of a fourfold table: whether the first row has more (greater), fewer (less) or another share of
 * events than the second, all margins given. Fisher 1935, J. R. Stat. Soc. 98:39; two-sided is the sum of all tables
 * that are no more likely than the observed one (Agresti 1992, Stat. Sci. 7:131, section 2.1).
 *
 * @returns p = 1 where a margin is 0
 * @example fisherExact([3, 7], [9, 1], 'two-sided').p // 0.0198
 */
export function fisherExact(first: FourfoldRow, second: FourfoldRow, alternative: Alternative): FisherExact {
  const { chances, observed } = hypergeometric(first, second);
  const limit = (chances[observed] ?? 0) * (1 + rounding);
  const isExtreme = {
    greater: (_: number, index: number) => index >= observed,
    less: (_: number, index: number) => index <= observed,
    'two-sided': (chance: number) => chance <= limit,
  }[alternative];
  const sum = chances.filter(isExtreme).reduce((whole, chance) => whole + chance, 0);
  return { oddsRatio: oddsRatio(first, second), p: Math.min(1, sum) };
}
