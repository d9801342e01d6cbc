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
 */
export function findGaps(canary: Samples, baseline: Samples): Gaps {
  const isSilent = canary.map((value, step) => value === null && (baseline[step] ?? null) !== null);
  const paired = canary.filter((value, step) => value !== null && (baseline[step] ?? null) !== null).length;
  let run = 0;
  let longest = 0;
  for (const silent of isSilent) {
    run = silent ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  const wentSilent = longest >= silentSteps;
  const last = canary.slice(-silentSteps);
  const endsSilent =
    last.length === silentSteps &&
    last.every((value) => value === null) &&
    isSilent.slice(-silentSteps).includes(true);
  const lastPaired = last.some(
    (value, step) => value !== null && (baseline.slice(-silentSteps)[step] ?? null) !== null,
  );
  return {
    steps: canary.length,
    paired,
    endsEmpty: last.length === silentSteps && !lastPaired,
    enough: paired >= leastPaired && 2 * paired >= canary.length,
    wentSilent,
    silent: wentSilent || endsSilent,
  };
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
