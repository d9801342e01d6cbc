import { SerinError } from '../errors.ts';
import { meanOfPods } from '../judge/pods.ts';
import type { Series } from '../judge/types.ts';
import type { Member } from '../metrics/provider.ts';

/** One series of a query's answer under the name by which it is kept. */
export type NamedSeries = { readonly member: string; readonly series: Series };

/** The grid points of an answer. */
export type Points = { readonly from: number; readonly to: number; readonly step: number };

/** The name of a plain query's series, and of the mean over pods. */
export const plainMember = '';

/** The edge of a histogram that counts all requests. */
export const totalMember = '+Inf';

/** A series over `points` with nothing in it. */
export function nothing({ from, to, step }: Points): Series {
  const length = Math.max(0, Math.round((to - from) / step) + 1);
  return { start: from, step, values: new Array<null>(length).fill(null) };
}

function labelOf({ labels }: Member, label: string): string | null {
  const value = labels[label] ?? '';
  return value === '' ? null : value;
}

/**
 * The series of a gauge per pod by the label `pod`, led by their mean under the empty name, which is there even when no
 * pod is. A series without the label is `provider_rejected`; two of one pod are `provider_ambiguous`.
 */
export function namePods(members: readonly Member[], points: Points): readonly NamedSeries[] {
  const pods = new Map<string, Series>();
  for (const member of members) {
    const pod = labelOf(member, 'pod');
    if (pod === null)
      throw new SerinError(
        'provider_rejected',
        'the query gave a series without the label pod; with per: pod it must give one series a pod, as avg by (pod) (…) does',
      );
    if (pods.has(pod))
      throw new SerinError(
        'provider_ambiguous',
        `the query gave several series of the pod ${JSON.stringify(pod)}; group it by pod alone, as avg by (pod) (…) does`,
      );
    pods.set(pod, member.series);
  }
  const values = meanOfPods([...pods.values()].map((series) => series.values));
  const mean = pods.size === 0 ? nothing(points) : { start: points.from, step: points.step, values };
  return [
    { member: plainMember, series: mean },
    ...[...pods].map(([member, series]) => ({ member, series })),
  ];
}

/** The edge as it is kept: one spelling for each number. `null` for what is none. */
function canonicalEdge(le: string): string | null {
  if (/^\+?inf$/i.test(le)) return totalMember;
  const edge = le.trim() === '' ? Number.NaN : Number(le);
  return Number.isFinite(edge) ? String(edge) : null;
}

function readEdge(member: Member): string {
  const le = labelOf(member, 'le');
  if (le === null)
    throw new SerinError(
      'provider_rejected',
      'the query gave a series without the label le; a histogram needs the requests at or below each edge, as sum by (le) (increase(…_bucket[…])) gives',
    );
  const edge = canonicalEdge(le);
  if (edge !== null) return edge;
  throw new SerinError(
    'provider_rejected',
    `the query gave a series with le=${JSON.stringify(le)}; an edge must be a number or +Inf`,
  );
}

function otherLabels({ labels }: Member): string {
  return JSON.stringify(
    Object.entries(labels)
      .filter(([name]) => name !== 'le')
      .sort(),
  );
}

function add(left: Series, right: Series): Series {
  const values = left.values.map((value, index) => {
    const other = right.values[index] ?? null;
    return value === null || other === null ? (value ?? other) : value + other;
  });
  return { ...left, values };
}

/**
 * The series of a histogram by the edge in their label `le`, counts of requests at or below it; the one of all requests
 * is there even when no other is. Libraries spell an edge differently (`1`, `1.0`): such series are added. A series
 * without an edge, and an answer without `+Inf`, are `provider_rejected`; series that differ in another label too are
 * `provider_ambiguous`.
 */
export function nameEdges(members: readonly Member[], points: Points): readonly NamedSeries[] {
  const edges = new Map<string, Series>();
  const others = new Set<string>();
  for (const member of members) {
    const edge = readEdge(member);
    const same = edges.get(edge);
    edges.set(edge, same === undefined ? member.series : add(same, member.series));
    others.add(otherLabels(member));
  }
  if (others.size > 1)
    throw new SerinError(
      'provider_ambiguous',
      'the query gave several histograms; add them up, with sum by (le) (increase(…_bucket[…]))',
    );
  if (edges.size > 0 && !edges.has(totalMember))
    throw new SerinError(
      'provider_rejected',
      'the query gave no series with le="+Inf", which counts all requests; do not leave it out',
    );
  if (edges.size === 0) edges.set(totalMember, nothing(points));
  return [...edges].map(([member, series]) => ({ member, series }));
}
