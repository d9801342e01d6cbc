import type { HistogramArm } from '../judge/types.ts';

/** Requests at or below one edge, per step. */
export type CumulativeEdge = { readonly le: number; readonly values: readonly (number | null)[] };

/**
 * Buckets of one step out of counts at or below ascending edges, the last one the total. Counts that were extrapolated
 * one by one may fall by a trifle from edge to edge, or pass the total by one; the bucket between is then empty, and all
 * buckets together are the total.
 */
function toBuckets(cumulative: readonly number[]): number[] {
  const total = cumulative.at(-1) ?? 0;
  let reached = 0;
  return cumulative.map((count, index) => {
    const previous = reached;
    const below = Math.min(count, total);
    reached = index === 0 ? below : Math.max(reached, below);
    return reached - previous;
  });
}

function rowAt(edges: readonly CumulativeEdge[], step: number): readonly number[] | null {
  const counts = edges.map(({ values }) => values[step] ?? null).filter((count) => count !== null);
  return counts.length === edges.length ? toBuckets(counts) : null;
}

/**
 * The histogram of one arm over `steps` steps. Its edges are those of the first step that has a total and another edge,
 * and stay: an edge that comes later leaves the counts of the others as they are, and must not rewrite what was judged.
 * A step that lacks the total or one of these edges is missing, for its requests cannot be told apart any more.
 */
export function histogramArm(cumulative: readonly CumulativeEdge[], steps: number): HistogramArm {
  const known = [...cumulative].sort((left, right) => left.le - right.le);
  const edgesAt = (step: number) => known.filter(({ values }) => (values[step] ?? null) !== null);
  for (let step = 0; step < steps; step += 1) {
    const edges = edgesAt(step);
    if (edges.length < 2 || edges.at(-1)?.le !== Number.POSITIVE_INFINITY) continue;
    return {
      le: edges.map(({ le }) => le),
      buckets: Array.from({ length: steps }, (_, index) => (index < step ? null : rowAt(edges, index))),
    };
  }
  return { le: known.map(({ le }) => le), buckets: new Array<null>(steps).fill(null) };
}
