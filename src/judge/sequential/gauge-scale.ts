import { mean, median } from 'simple-statistics';
import type { Samples } from '../types.ts';

/** How two values become one difference, and bounds given as relative changes or natural units become its own. */
export type Scale = {
  /** What is 1 in a difference: `log` for log ratios, else a size in the metric's own units. */
  readonly unit: 'log' | number;
  readonly differ: (canary: number, baseline: number) => number;
  readonly fromRelative: (change: number) => number;
  readonly fromAbsolute: (units: number) => number;
  /** The relative change of a difference; `null` when there is nothing to be relative to. */
  readonly toRelative: (difference: number) => number | null;
  /** The difference in the metric's own units, at the baseline's middle. */
  readonly toAbsolute: (difference: number) => number;
};

/** Values of both arms at the steps where both are there. */
export type Pairs = { readonly canary: readonly number[]; readonly baseline: readonly number[] };

/** The pairs of the first so many steps. */
export function pairsOf(canary: Samples, baseline: Samples, steps: number): Pairs {
  const pairs: { canary: number[]; baseline: number[] } = { canary: [], baseline: [] };
  for (let step = 0; step < steps; step++) {
    const [left, right] = [canary[step] ?? null, baseline[step] ?? null];
    if (left === null || right === null) continue;
    pairs.canary.push(left);
    pairs.baseline.push(right);
  }
  return pairs;
}

function middleOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : median([...values]);
}

/** The scale of log ratios, for positive values; `baselineValues` is asked only where their middle is needed. */
export function logScale(baselineValues: () => readonly number[]): Scale {
  return {
    unit: 'log',
    differ: (canary, baseline) => Math.log(canary) - Math.log(baseline),
    fromRelative: Math.log1p,
    fromAbsolute: (units) => {
      const middle = middleOf(baselineValues());
      return Math.log1p(middle > 0 ? units / middle : units);
    },
    toRelative: Math.expm1,
    toAbsolute: (difference) => middleOf(baselineValues()) * Math.expm1(difference),
  };
}

function shareOfMiddle(middle: number): Scale {
  return {
    unit: middle,
    differ: (canary, baseline) => (canary - baseline) / middle,
    fromRelative: (change) => change,
    fromAbsolute: (units) => units / middle,
    toRelative: (difference) => difference,
    toAbsolute: (difference) => difference * middle,
  };
}

function plainUnits(size: number): Scale {
  return {
    unit: 1,
    differ: (canary, baseline) => canary - baseline,
    fromRelative: (change) => change * size,
    fromAbsolute: (units) => units,
    toRelative: () => null,
    toAbsolute: (difference) => difference,
  };
}

/** For values of which not all are positive: differences in units of the baseline's middle, or plain ones. */
export function plainScale({ canary, baseline }: Pairs): Scale {
  const middle = middleOf(baseline);
  if (middle > 0) return shareOfMiddle(middle);
  const size = canary.map((value, index) => Math.max(Math.abs(value), Math.abs(baseline[index] ?? 0)));
  return plainUnits(size.length === 0 ? 0 : mean(size));
}
