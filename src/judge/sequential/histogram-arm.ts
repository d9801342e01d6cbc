import type { HistogramArm, Samples } from '../types.ts';
import { writeValue } from '../words.ts';

/** Something wrong with a histogram itself, and after how many steps it shows. */
export type Fault = { readonly from: number; readonly sentence: string };

/** One arm of a histogram made ready. */
export type ReadyHistogram = HistogramArm & {
  /** Requests of each step; `null` where the step is missing or has none. */
  readonly total: Samples;
  /** How many steps it takes to see a request; `null` when there is none. */
  readonly speaksAfter: number | null;
  readonly fault: Fault | null;
};

/** De-cumulated counts may miss 0 by rounding: so small a part of the step's requests is none. */
const negligible = 1e-6;
/** Beyond this, counts are not told apart by one. */
const largest = Number.MAX_SAFE_INTEGER;

/** What is wrong with the counts of a step; `null` when nothing. */
function faultOf(row: readonly number[], edges: number): string | null {
  if (row.length !== edges) return `${row.length} buckets for ${edges} edges`;
  if (!row.every(Number.isFinite)) return 'a count that is not a finite number';
  const size = row.reduce((sum, count) => sum + Math.abs(count), 0);
  if (size > largest) return 'more requests than can be counted';
  const lowest = Math.min(...row);
  if (lowest < -negligible * size)
    return `a negative count (${writeValue(lowest)}), which the increase of a bucket cannot be`;
  return null;
}

function firstFault({ le, buckets }: HistogramArm, name: string): Fault | null {
  for (const [step, row] of buckets.entries()) {
    const fault = row === null ? null : faultOf(row, le.length);
    if (fault !== null) return { from: step + 1, sentence: `${name} has ${fault}, in step ${step + 1}` };
  }
  return null;
}

/** Edges in words, the last one as Prometheus writes it: `0.1, 0.5, +Inf`. */
export function writeEdges(le: readonly number[]): string {
  const write = (edge: number): string => (edge === Number.POSITIVE_INFINITY ? '+Inf' : String(edge));
  return le.length === 0 ? 'none' : le.map(write).join(', ');
}

function ascends(le: readonly number[]): boolean {
  return le.every((edge, index) => edge > (le[index - 1] ?? Number.NEGATIVE_INFINITY));
}

/** The fault that shows first; of two at once the one given first. */
export function earliest(faults: readonly (Fault | null)[]): Fault | null {
  const found = faults.filter((fault) => fault !== null);
  return found.reduce<Fault | null>(
    (first, fault) => (first === null || fault.from < first.from ? fault : first),
    null,
  );
}

/**
 * Makes one arm of a histogram ready: counts that miss 0 by rounding are 0, a step without requests is missing, and so
 * is one whose counts make no sense.
 *
 * @param name the metric's, for the sentence about counts and edges that make no sense
 */
export function readyHistogram(arm: HistogramArm, name: string): ReadyHistogram {
  const { le } = arm;
  const counting = firstFault(arm, name);
  const buckets = arm.buckets.map((row) =>
    row === null || faultOf(row, le.length) !== null ? null : row.map((count) => Math.max(0, count)),
  );
  const total = buckets.map((row) => {
    const requests = row?.reduce((sum, count) => sum + count, 0) ?? 0;
    return requests > 0 ? requests : null;
  });
  const first = total.findIndex((requests) => requests !== null);
  const speaksAfter = first === -1 ? null : first + 1;
  const order =
    speaksAfter === null || ascends(le)
      ? null
      : { from: speaksAfter, sentence: `${name} has edges that do not ascend: ${writeEdges(le)}` };
  return { le, buckets, total, speaksAfter, fault: earliest([counting, order]) };
}

/** Requests slower than an edge, in one step; the edge is one of the arm's. */
export function slowerThan(edge: number, le: readonly number[], row: readonly number[]): number {
  return row.reduce((sum, count, index) => ((le[index] ?? 0) > edge ? sum + count : sum), 0);
}
