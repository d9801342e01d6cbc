import { SerinError } from '../../errors.ts';
import { type Labels, type Member, type MembersAnswer, mostMembers } from '../provider.ts';
import { type Grid, type Placed, placeSamples, remarksOf, saidIn, sumCounts } from './grid.ts';
import type { RangeAnswer, RangeSeries } from './schema.ts';

/**
 * Puts every series of the answers for consecutive parts of a window on its grid, joined by their labels. A query that
 * gives nothing has no members; one that gives more than `mostMembers` is `provider_too_large`.
 */
export function joinMembers(who: string, grid: Grid, answers: readonly RangeAnswer[]): MembersAnswer {
  const byLabels = groupByLabels(answers.flatMap(({ data }) => data.result));
  if (byLabels.length > mostMembers) throw tooMany(who, byLabels.length);
  const placed = byLabels.map(({ labels, parts }) => {
    refuseNative(who, parts);
    const samples = parts.flatMap(({ values }) => values);
    return { labels, ...placeSamples(who, grid, samples) };
  });
  const remarks = remarksOf(sumCounts(placed.map(({ counts }) => counts)));
  return {
    members: placed.map((one) => toMember(grid, one)),
    warnings: [...new Set([...saidIn(answers), ...remarks])],
  };
}

type Group = { readonly labels: Labels; readonly parts: RangeSeries[] };

function groupByLabels(series: readonly RangeSeries[]): Group[] {
  const groups = new Map<string, Group>();
  for (const one of series) {
    const key = JSON.stringify(Object.entries(one.metric).sort());
    const group = groups.get(key) ?? { labels: one.metric, parts: [] };
    group.parts.push(one);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function toMember(
  { from, step }: Grid,
  { labels, values, notNumbers }: Placed & Pick<Group, 'labels'>,
): Member {
  return { labels, series: { start: from, step, values }, notNumbers };
}

function refuseNative(who: string, parts: readonly RangeSeries[]): void {
  if (!parts.some(({ histograms }) => histograms.length > 0)) return;
  throw new SerinError(
    'provider_rejected',
    `${who} answered native histograms; ask for classic ones, with sum by (le) (increase(…_bucket[…]))`,
  );
}

function tooMany(who: string, count: number): SerinError {
  return new SerinError(
    'provider_too_large',
    `the query to ${who} gave ${count} series; at most ${mostMembers} are taken, so select or group them further`,
  );
}
