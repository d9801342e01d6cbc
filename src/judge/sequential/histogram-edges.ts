import type { HistogramArm } from '../types.ts';
import { type Fault, type ReadyHistogram, slowerThan, writeEdges } from './histogram-arm.ts';

/** The shares of requests slower than the edges that are looked for: those of p50, p90 and p99. */
const tailShares = [0.5, 0.1, 0.01] as const;
/** Half a request on either side keeps the odds of an edge that none or all exceed finite. */
const halfRequest = 0.5;

/** The edges compared, ascending, and the step (from 0) whose requests they were chosen by. */
export type ChosenEdges = { readonly edges: readonly number[]; readonly step: number };

/** Edges, or why there are none; both `null` while no step has requests in both arms. */
export type EdgeChoice = { readonly chosen: ChosenEdges | null; readonly fault: Fault | null };

/** The edges that both arms have, without the last: nothing lies beyond that one. */
function commonEdges({ le: one }: HistogramArm, { le: other }: HistogramArm): number[] {
  const both = new Set(other.slice(0, -1));
  return one.slice(0, -1).filter((edge) => both.has(edge));
}

/**
 * Why the arms' edges cannot be compared; `null` when they can. Where one arm counts what lies beyond the other's last
 * edge the other does not, and the slowest requests would be in one total alone.
 */
function mismatchOf(
  canary: HistogramArm,
  baseline: HistogramArm,
  common: readonly number[],
  name: string,
): string | null {
  const sets = `the canary has ${writeEdges(canary.le)}, the baseline ${writeEdges(baseline.le)}`;
  if (canary.le.at(-1) !== baseline.le.at(-1))
    return `${name}'s highest edge is not the same in both arms: ${sets}`;
  return common.length === 0 ? `${name} has no edge that both arms share below the highest: ${sets}` : null;
}

/**
 * The edge whose odds of a slower request are nearest those of the share, as a factor: so that the choice does not hang
 * on the unit, and a rare edge is told from one that nothing exceeds. Of edges alike that nearer to the requests.
 */
function nearest(
  share: number,
  edges: readonly number[],
  slower: readonly number[],
  all: number,
): number | undefined {
  const wanted = Math.log(share / (1 - share));
  let [best, distance]: [number | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
  edges.forEach((edge, index) => {
    const above = slower[index] ?? 0;
    const odds = Math.log((above + halfRequest) / (all - above + halfRequest));
    const away = Math.abs(odds - wanted);
    if (away < distance || (away === distance && above === all)) [best, distance] = [edge, away];
  });
  return best;
}

/** The first step (from 0) with requests in both arms; −1 when there is none. */
function firstShared(canary: ReadyHistogram, baseline: ReadyHistogram): number {
  return canary.total.findIndex(
    (requests, step) => requests !== null && (baseline.total[step] ?? null) !== null,
  );
}

function chooseAt(
  step: number,
  common: readonly number[],
  arms: readonly ReadyHistogram[],
  configured: readonly number[],
): ChosenEdges {
  const rows = arms.map(({ le, buckets }) => ({ le, row: buckets[step] ?? [] }));
  const all = arms.reduce((sum, { total }) => sum + (total[step] ?? 0), 0);
  const slower = common.map((edge) => rows.reduce((sum, { le, row }) => sum + slowerThan(edge, le, row), 0));
  const found = tailShares.map((share) => nearest(share, common, slower, all));
  const wanted = new Set([...found, ...configured]);
  return { edges: common.filter((edge) => wanted.has(edge)), step };
}

/**
 * Chooses the edges to compare: those nearest p50, p90 and p99 of the requests of both arms in the first step that has
 * some in each, and the configured ones. Only edges that both arms have are compared, so buckets between them are
 * counted together. That step may choose and tell as well: it chooses by the requests of both arms together, and the
 * evidence asks how those are shared out between the arms.
 */
export function chooseEdges(
  canary: ReadyHistogram,
  baseline: ReadyHistogram,
  configured: readonly number[],
  name: string,
): EdgeChoice {
  if (canary.speaksAfter === null || baseline.speaksAfter === null) return { chosen: null, fault: null };
  const from = Math.max(canary.speaksAfter, baseline.speaksAfter);
  const common = commonEdges(canary, baseline);
  const mismatch = mismatchOf(canary, baseline, common, name);
  if (mismatch !== null) return { chosen: null, fault: { from, sentence: mismatch } };
  const absent = configured.filter((edge) => !common.includes(edge));
  if (absent.length > 0) {
    const sentence = `${name} has no edge ${writeEdges(absent)} in both arms; it has ${writeEdges(common)}`;
    return { chosen: null, fault: { from, sentence } };
  }
  const step = firstShared(canary, baseline);
  return { chosen: step === -1 ? null : chooseAt(step, common, [canary, baseline], configured), fault: null };
}
