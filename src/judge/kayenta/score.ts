import type { Classification } from './classify.ts';
import type { KayentaThresholds } from './config.ts';

/** What the score needs of a classified metric. Muted ones are left out before. */
export type Scored = {
  readonly classification: Classification;
  readonly reason: string | null;
  readonly critical: boolean;
  readonly groups: readonly string[];
};

/** Score of one group, 0–100. One without data shows 0 and counts as 100. */
export type GroupScore = { readonly name: string; readonly score: number; readonly noData: boolean };

/** Score of the whole, 0–100, and why it is 0 if a rule made it so; else an empty reason. */
export type SummaryScore = { readonly score: number; readonly reason: string };

export type ScoreLabel = 'Pass' | 'Marginal' | 'Fail';

/** Per cent of metrics without data from which on the canary fails. */
const mostNodata = 50;

/** Passed metrics per counted ones. `Error` counts as failed, where Kayenta leaves it out; `Nodata` does not count. */
function scoreGroup(name: string, metrics: readonly Scored[]): GroupScore {
  const counted = metrics.filter(({ classification }) => classification !== 'Nodata').length;
  const passed = metrics.filter(({ classification }) => classification === 'Pass').length;
  return { name, score: counted === 0 ? 0 : (passed / counted) * 100, noData: counted === 0 };
}

/** The scores of all groups, in the order in which the metrics name them; a metric counts in each of its groups. */
export function scoreGroups(metrics: readonly Scored[]): readonly GroupScore[] {
  const names = [...new Set(metrics.flatMap(({ groups }) => groups))];
  return names.map((name) =>
    scoreGroup(
      name,
      metrics.filter(({ groups }) => groups.includes(name)),
    ),
  );
}

/** The weights of all groups that were scored, in per cent: those configured, the others sharing what they leave. */
export function weightsOf(
  groups: readonly GroupScore[],
  weights: ReadonlyMap<string, number>,
): readonly number[] {
  const configured = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const others = groups.filter(({ name }) => !weights.has(name)).length;
  return groups.map(({ name }) => weights.get(name) ?? (100 - configured) / others);
}

/** Rounds half up on the written number, as decimals are rounded by hand: 1.005 → 1.01. */
function roundToHundredths(score: number): number {
  return score < 1e-6 ? 0 : Math.round(Number(`${score}e2`)) / 100;
}

/**
 * Score of the whole: 0 where a critical metric did not pass or half of the metrics or more have no data, else the
 * weighted mean of the groups to two decimals.
 */
export function summariseScores(
  metrics: readonly Scored[],
  groups: readonly GroupScore[],
  weights: ReadonlyMap<string, number>,
): SummaryScore {
  const culprit = metrics.find(({ critical, classification }) => critical && classification !== 'Pass');
  if (culprit !== undefined) return { score: 0, reason: `Canary Failed: ${culprit.reason}` };
  const nodata = metrics.filter(({ classification }) => classification === 'Nodata').length;
  if (nodata > 0 && (nodata / metrics.length) * 100 >= mostNodata)
    return { score: 0, reason: `Canary Failed: ${mostNodata}% or more metrics returned NODATA` };
  const shares = weightsOf(groups, weights);
  const score = groups.reduce(
    (sum, group, index) => sum + (group.noData ? 100 : group.score) * ((shares[index] ?? 0) / 100),
    0,
  );
  return { score: roundToHundredths(score), reason: '' };
}

/** The label of a score; one that equals a threshold has reached it. */
export function labelScore(score: number, { pass, marginal }: KayentaThresholds): ScoreLabel {
  if (score >= pass) return 'Pass';
  return score >= marginal ? 'Marginal' : 'Fail';
}
