import type { ArmSummary } from '../types.ts';
import type { ReadyHistogram } from './histogram-arm.ts';

/** The counts of several steps in one histogram. */
export type Pooled = {
  readonly le: readonly number[];
  readonly counts: readonly number[];
  readonly all: number;
};

/** With more than this part of the requests beyond the last finite edge their mean cannot be told. */
const mostBeyond = 0.05;

/** All steps of an arm from one (counted from 0) on together. */
export function pool({ le, buckets, total }: ReadyHistogram, from = 0): Pooled {
  const counts = le.map(() => 0);
  for (const row of buckets.slice(from)) {
    row?.forEach((count, index) => {
      counts[index] = (counts[index] ?? 0) + count;
    });
  }
  return { le, counts, all: total.slice(from).reduce<number>((sum, requests) => sum + (requests ?? 0), 0) };
}

/** Where a bucket begins: at the edge below; the lowest at 0, or at its own edge where that is not above 0. */
function startOf(le: readonly number[], index: number): number {
  return le[index - 1] ?? Math.min(0, le[0] ?? 0);
}

/**
 * The value that a share of the requests does not exceed, by straight lines within the buckets, as Prometheus'
 * `histogram_quantile` draws them. `null` without requests, and where it lies beyond the last finite edge.
 */
export function quantileWithin({ le, counts, all }: Pooled, share: number): number | null {
  const rank = Math.min(1, Math.max(0, share)) * all;
  let below = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0 && (below + count >= rank || index === counts.length - 1)) {
      const [start, end] = [startOf(le, index), le[index] ?? Number.POSITIVE_INFINITY];
      return Number.isFinite(end) ? start + (end - start) * Math.min(1, (rank - below) / count) : null;
    }
    below += count;
  }
  return null;
}

function lastFinite(le: readonly number[]): number | null {
  return le.findLast(Number.isFinite) ?? null;
}

/** The quantile as Prometheus shows it: beyond the last finite edge it is that edge. `null` without requests. */
function shownQuantile(pooled: Pooled, share: number): number | null {
  return pooled.all > 0 ? (quantileWithin(pooled, share) ?? lastFinite(pooled.le)) : null;
}

/** The mean, every request in the middle of its bucket; `null` when over 5 % lie beyond the last finite edge. */
function meanOf({ le, counts, all }: Pooled): number | null {
  const top = lastFinite(le);
  const beyond = counts.reduce((sum, count, index) => (Number.isFinite(le[index]) ? sum : sum + count), 0);
  if (top === null || all === 0 || beyond > mostBeyond * all) return null;
  const sum = counts.reduce((whole, count, index) => {
    const end = le[index] ?? top;
    return whole + count * (Number.isFinite(end) ? (startOf(le, index) + end) / 2 : top);
  }, 0);
  return sum / all;
}

/** Edges that are no numbers leave none to show. */
function finite(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}

/** Counts and averages of one arm: steps with requests and without, quantiles by interpolation, requests in all. */
export function summariseHistogram(arm: ReadyHistogram): ArmSummary {
  const pooled = pool(arm);
  const count = arm.total.filter((requests) => requests !== null).length;
  return {
    count,
    missing: arm.total.length - count,
    mean: finite(meanOf(pooled)),
    median: finite(shownQuantile(pooled, 0.5)),
    p95: finite(shownQuantile(pooled, 0.95)),
    events: null,
    total: pooled.all,
  };
}

/**
 * How much longer the canary takes for the share of requests that the baseline answers by an edge: the distance of the
 * two distributions along the axis of latency, at that edge. `null` beyond the canary's last finite edge.
 *
 * @param slower the share of the baseline's requests slower than the edge
 * @param factor asks for the canary as if so many times the requests were slower than each edge
 */
export function shiftAt(canary: Pooled, edge: number, slower: number, factor = 1): number | null {
  const reached = quantileWithin(canary, 1 - slower / factor);
  return reached === null ? null : reached - edge;
}
