import { meanOfPods } from '../judge/pods.ts';
import type { CountsArm, GaugeArm, HistogramArm, Samples } from '../judge/types.ts';
import {
  isRecord,
  readNumber,
  readRows,
  readValues,
  refuseUnknown,
  type Say,
  writeFound,
} from './judging-values.ts';

/** One arm as it came in, of any length. */
export type ReadArm<Arm> = {
  /** How many steps it has. */
  readonly steps: number;
  /** How many series it is made of, where each pod has one; 1 else. */
  readonly series?: number | undefined;
  /** Its steps `from … to − 1`, counted from 0; those it does not have are missing. */
  readonly cut: (from: number, to: number) => Arm;
};

function cutList<T>(list: readonly (T | null)[], from: number, to: number): (T | null)[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => list[from + index] ?? null);
}

/**
 * The pods that have a value, in the order in which they appeared and then by name, as a look of a run sees them:
 * neither the order in which a caller wrote them nor the coming of another one changes anything.
 */
function inOrder(pods: readonly (readonly [name: string, values: Samples])[]): readonly Samples[] {
  return pods
    .map(([name, values]) => ({ name, values, since: values.findIndex((value) => value !== null) }))
    .filter(({ since }) => since >= 0)
    .sort((left, right) => left.since - right.since || (left.name < right.name ? -1 : 1))
    .map(({ values }) => values);
}

/** An arm that is nothing but one value a step. */
export function readPlainArm(value: unknown, at: string, say: Say): ReadArm<GaugeArm> {
  const values = readValues(value, at, say);
  return { steps: values.length, cut: (from, to) => ({ values: cutList(values, from, to) }) };
}

/** An arm of a metric that is measured pod by pod: `{pods: {name: [..]}}`, or one array when the pods are not known. */
export function readPodArm(value: unknown, at: string, say: Say): ReadArm<GaugeArm> {
  if (!isRecord(value)) return readPlainArm(value, at, say);
  refuseUnknown(value, ['pods'], at, say);
  const { pods } = value;
  if (!isRecord(pods) || Object.keys(pods).length === 0) {
    say(`${at}.pods`, `found ${writeFound(pods)}; an object with an array of values for each pod is needed`);
    return { steps: 0, cut: () => ({ values: [] }) };
  }
  const series = Object.entries(pods).map(
    ([name, values]) => [name, readValues(values, `${at}.pods.${name}`, say)] as const,
  );
  return {
    steps: series.reduce((longest, [, values]) => Math.max(longest, values.length), 0),
    series: series.length,
    cut: (from, to) => {
      const cut = inOrder(series.map(([name, values]) => [name, cutList(values, from, to)] as const));
      return { values: cutList(meanOfPods(cut), 0, to - from), pods: cut };
    },
  };
}

function refuseShape(value: unknown, shape: string, at: string, say: Say): void {
  say(
    at,
    value === undefined ? `is missing; ${shape} is needed` : `found ${writeFound(value)}; ${shape} is needed`,
  );
}

/**
 * An arm of a ratio (`totalName` is `total`) or a count (`exposure`). Both lists have the same length, unless there
 * never was an event and `events` is empty: a list cut short would count as steps without any.
 */
export function readCountsArm(
  value: unknown,
  totalName: 'total' | 'exposure',
  at: string,
  say: Say,
): ReadArm<CountsArm> {
  if (!isRecord(value)) {
    refuseShape(value, `an object with events and ${totalName}`, at, say);
    return { steps: 0, cut: () => ({ events: [], total: [] }) };
  }
  refuseUnknown(value, ['events', totalName], at, say);
  const events = readValues(value['events'], `${at}.events`, say);
  const total = readValues(value[totalName], `${at}.${totalName}`, say);
  if (events.length !== 0 && events.length !== total.length)
    say(
      `${at}.events`,
      `found ${events.length} steps beside ${total.length} in ${totalName}; both must have as many, or events none at all`,
    );
  return {
    steps: total.length,
    cut: (from, to) => ({ events: cutList(events, from, to), total: cutList(total, from, to) }),
  };
}

function readEdge(value: unknown, isLast: boolean): number | undefined {
  const isInfinite = ['+Inf', 'Inf', 'Infinity', '+Infinity'].some((word) => word === value);
  if (isLast && isInfinite) return Number.POSITIVE_INFINITY;
  return readNumber(value) ?? undefined;
}

function readEdges(value: unknown, at: string, say: Say): readonly number[] {
  if (!Array.isArray(value) || value.length === 0) {
    refuseShape(value, 'an array of ascending edges', at, say);
    return [];
  }
  const edges = value.map((item, index) => {
    const edge = readEdge(item, index === value.length - 1);
    if (edge === undefined)
      say(`${at}[${index}]`, `found ${writeFound(item)}; a number is needed, or "+Inf" for the last edge`);
    return edge ?? Number.NaN;
  });
  const fault = edges.findIndex((edge, index) => index > 0 && edge <= (edges[index - 1] ?? edge));
  if (fault > 0) say(`${at}[${fault}]`, `found ${edges[fault]} after ${edges[fault - 1]}; edges must ascend`);
  return edges;
}

/** An arm of a histogram, `{le, buckets}`; the last edge may be `"+Inf"`. */
export function readHistogramArm(value: unknown, at: string, say: Say): ReadArm<HistogramArm> {
  if (!isRecord(value)) {
    refuseShape(value, 'an object with le and buckets', at, say);
    return { steps: 0, cut: () => ({ le: [], buckets: [] }) };
  }
  refuseUnknown(value, ['le', 'buckets'], at, say);
  const le = readEdges(value['le'], `${at}.le`, say);
  const buckets = readRows(value['buckets'], `${at}.buckets`, le.length, say);
  return { steps: buckets.length, cut: (from, to) => ({ le, buckets: cutList(buckets, from, to) }) };
}
