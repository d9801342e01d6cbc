import type { Samples } from '../types.ts';

/** Fewer paired steps than this say nothing. */
const leastPaired = 3;
/** So many steps without a word from the canary make it silent. */
const silentSteps = 3;

/** What is missing of a metric that is compared step by step. */
export type Gaps = {
  readonly steps: number;
  /** Steps with a value in both arms. */
  readonly paired: number;
  readonly enough: boolean;
  /** Not one of the last three steps has a value in both arms. */
  readonly endsEmpty: boolean;
  /** The canary said nothing three times in a row while the baseline spoke. */
  readonly wentSilent: boolean;
  /** That, or the canary said nothing in the last three steps while the baseline spoke in one of them. */
  readonly silent: boolean;
};

/**
 * Finds missing data and a canary that fell silent; `null` in `canary` or `baseline` is a step without a word. Missing
 * in both arms is a gap of the backend, not silence.
 *
 * @returns the gaps of the first so many steps
 */
export function gapsOf(canary: Samples, baseline: Samples): (steps: number) => Gaps {
  const all = canary.length;
  const paired = new Uint32Array(all + 1);
  const longest = new Uint32Array(all + 1);
  const speaks = (arm: Samples, step: number): boolean => (arm[step] ?? null) !== null;
  const isSilent = (step: number): boolean => !speaks(canary, step) && speaks(baseline, step);
  let run = 0;
  for (let step = 0; step < all; step++) {
    run = isSilent(step) ? run + 1 : 0;
    longest[step + 1] = Math.max(longest[step] ?? 0, run);
    paired[step + 1] = (paired[step] ?? 0) + (speaks(canary, step) && speaks(baseline, step) ? 1 : 0);
  }
  return (steps) => {
    const last = Array.from({ length: Math.min(steps, silentSteps) }, (_, index) => steps - 1 - index);
    const isLong = steps >= silentSteps;
    const endsSilent = isLong && !last.some((step) => speaks(canary, step)) && last.some(isSilent);
    const inBoth = paired[steps] ?? 0;
    const wentSilent = (longest[steps] ?? 0) >= silentSteps;
    return {
      steps,
      paired: inBoth,
      endsEmpty: isLong && inBoth === paired[steps - silentSteps],
      enough: inBoth >= leastPaired && 2 * inBoth >= steps,
      wentSilent,
      silent: wentSilent || endsSilent,
    };
  };
}

/** The gaps of all steps. */
export function findGaps(canary: Samples, baseline: Samples): Gaps {
  return gapsOf(canary, baseline)(canary.length);
}

/** In words what the gaps are, or `null` when the metric can be judged. */
export function describeGaps(
  gaps: Gaps,
): { readonly obstacle: 'silent' | 'no_data'; readonly trouble: string } | null {
  if (gaps.silent)
    return { obstacle: 'silent', trouble: 'the canary fell silent for 3 steps while the baseline went on' };
  if (gaps.enough && gaps.endsEmpty) {
    return {
      obstacle: 'no_data',
      trouble: 'none of the last 3 steps has data in both arms, so the end was not seen',
    };
  }
  if (gaps.enough) return null;
  const found =
    gaps.paired === 0
      ? 'no step has data in both arms'
      : `only ${gaps.paired} of ${gaps.steps} steps have data in both arms`;
  return { obstacle: 'no_data', trouble: `${found}; at least 3 and half of all are needed` };
}
