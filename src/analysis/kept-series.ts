import { SerinError } from '../errors.ts';
import type { Series } from '../judge/types.ts';
import { mostMembers } from '../metrics/provider.ts';
import { type NamedSeries, nothing, type Points } from './members.ts';
import type { MetricQuery } from './metric-queries.ts';
import type { Run } from './run.ts';
import type { KeptSeries, SeriesGroup, SeriesName } from './run-store.ts';
import { extend, plannedSteps } from './window.ts';

/** The most values kept of one query's series in one arm. */
const mostValues = 200_000;

function isIn(group: SeriesGroup, one: SeriesGroup): boolean {
  return one.metric === group.metric && one.arm === group.arm && one.field === group.field;
}

/** The group as a text that no other has. */
export function writeGroup({ metric, arm, field }: SeriesGroup): string {
  return JSON.stringify([metric, arm, field]);
}

/** The kept series of that name; `null` when there is none yet. */
export function findSeries(kept: readonly KeptSeries[], name: SeriesName): Series | null {
  return kept.find((one) => isIn(name, one) && one.member === name.member)?.series ?? null;
}

/** All kept series of one query in one arm. */
export function findGroup(kept: readonly KeptSeries[], group: SeriesGroup): readonly KeptSeries[] {
  return kept.filter((one) => isIn(group, one));
}

const members = { pod: 'pods', le: 'edges' } as const;

/** What a run may keep must fit to its end, also where it is extended: better an error at once than one midway. */
function checkRoom(run: Run, label: NonNullable<MetricQuery['memberLabel']>, count: number): void {
  const { start, plan } = run;
  const end = plan.onInconclusive === 'extend' ? Math.max(run.end, start + plan.maxDuration) : run.end;
  const steps = plannedSteps({ start, end, plan });
  const most = Math.min(mostMembers, Math.floor(mostValues / Math.max(1, steps)));
  if (count <= most) return;
  throw new SerinError(
    'provider_too_large',
    `the query gave ${count} ${members[label]} so far; at most ${most} are kept over ${steps} steps`,
  );
}

/**
 * The series of one query after an answer to it: each known member and each new one, all up to the same point. A member
 * that the answer lacks is missing there, and one that is new was missing before. More than may be kept are
 * `provider_too_large`.
 */
export function mergeGroup(
  run: Run,
  group: readonly KeptSeries[],
  { name, query, points }: { name: SeriesGroup; query: MetricQuery; points: Points },
  read: readonly NamedSeries[],
): readonly KeptSeries[] {
  const known = new Map(group.map(({ member, series }) => [member, series]));
  const fresh = new Map(read.map(({ member, series }) => [member, series]));
  const all = [...new Set([...known.keys(), ...fresh.keys()])];
  if (query.memberLabel !== null) checkRoom(run, query.memberLabel, all.length - 1);
  return all.map((member) => {
    const series = extend(known.get(member) ?? null, fresh.get(member) ?? nothing(points), run.plan.settle);
    return { ...name, member, series };
  });
}

/**
 * Absent events are none, but events that are no number are not known: their total is blanked, so that the step is
 * missing instead of free of errors.
 */
export function blankTotals(kept: KeptSeries[], name: SeriesGroup, points: readonly number[]): KeptSeries[] {
  if (name.field !== 'events' || points.length === 0) return kept;
  return kept.map((one) => {
    if (one.metric !== name.metric || one.arm !== name.arm || one.field !== 'total') return one;
    const { start, step, values } = one.series;
    return {
      ...one,
      series: {
        start,
        step,
        values: values.map((value, index) => (points.includes(start + index * step) ? null : value)),
      },
    };
  });
}
