/** The steps at which both arms have a total, without the others; index i of a sum covers the first i of them. */
export type CountSteps = {
  readonly canary: Float64Array;
  readonly canaryTotal: Float64Array;
  readonly baseline: Float64Array;
  readonly baselineTotal: Float64Array;
  /** How many of the grid's first i steps are kept; one longer than the grid. */
  readonly kept: Uint32Array;
};

/** Events and totals of one arm on the grid; a total that is missing or 0 makes the step missing. */
export type CountArm = { readonly events: readonly number[]; readonly total: readonly (number | null)[] };

/** Joins two arms of the same length. */
export function joinCounts(canary: CountArm, baseline: CountArm): CountSteps {
  const kept = new Uint32Array(canary.total.length + 1);
  const rows: [number, number, number, number][] = [];
  canary.total.forEach((total, step) => {
    const other = baseline.total[step] ?? 0;
    const isKept = (total ?? 0) > 0 && other > 0;
    kept[step + 1] = (kept[step] ?? 0) + (isKept ? 1 : 0);
    if (isKept) rows.push([canary.events[step] ?? 0, total ?? 0, baseline.events[step] ?? 0, other]);
  });
  const column = (index: 0 | 1 | 2 | 3): Float64Array => Float64Array.from(rows, (row) => row[index]);
  return { canary: column(0), canaryTotal: column(1), baseline: column(2), baselineTotal: column(3), kept };
}

/** Sum of an array, or of its first so many values. */
export function total(values: Float64Array, count = values.length): number {
  let sum = 0;
  for (let index = 0; index < count; index++) sum += values[index] ?? 0;
  return sum;
}

/**
 * The canary's rate over the baseline's in the first so many kept steps, half an event added to each so that none is
 * infinite; 1 when there is nothing.
 */
export function fittedRatio(steps: CountSteps, count = steps.canary.length): number {
  const canary = (total(steps.canary, count) + 0.5) / total(steps.canaryTotal, count);
  const baseline = (total(steps.baseline, count) + 0.5) / total(steps.baselineTotal, count);
  const ratio = canary / baseline;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}

/** The canary's expected share of the events of a step when its rate is `ratio` times the baseline's. */
export function shareOf(steps: CountSteps, step: number, ratio: number): number {
  const weighted = ratio * (steps.canaryTotal[step] ?? 0);
  return weighted / (weighted + (steps.baselineTotal[step] ?? 0));
}
