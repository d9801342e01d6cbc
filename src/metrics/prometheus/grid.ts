import { SerinError } from '../../errors.ts';
import type { QueryAnswer, QueryRequest } from '../provider.ts';
import type { RangeAnswer, RangeSeries } from './schema.ts';

/** The grid points asked for. */
export type Grid = Pick<QueryRequest, 'from' | 'to' | 'step'>;

/** A sample further than this from its grid point was not computed for it; milliseconds. */
const tolerance = 1;

/** Cuts a window into consecutive windows of at most `maxPoints` grid points each. */
export function splitGrid({ from, to, step }: Grid, maxPoints: number): readonly Pick<Grid, 'from' | 'to'>[] {
  const parts: Pick<Grid, 'from' | 'to'>[] = [];
  for (let start = from; start <= to; start += maxPoints * step) {
    parts.push({ from: start, to: Math.min(to, start + (maxPoints - 1) * step) });
  }
  return parts;
}

/**
 * Puts the answers for consecutive parts of a window on its grid, `null` where nothing was answered. Samples may
 * come in any order. More than one series over the whole window is `provider_ambiguous`; two different values for
 * one grid point are `provider_malformed`.
 */
export function joinAnswers(who: string, grid: Grid, answers: readonly RangeAnswer[]): QueryAnswer {
  const series = answers.flatMap(({ data }) => data.result);
  refuseSeveral(who, series);
  if (series.some(({ histograms }) => histograms.length > 0)) {
    throw new SerinError(
      'provider_rejected',
      `${who} answered native histograms; take numbers from them, with histogram_quantile(…) or histogram_fraction(…)`,
    );
  }
  const { values, notNumbers, counts } = placeSamples(
    who,
    grid,
    series.flatMap((one) => one.values),
  );
  return {
    series: { start: grid.from, step: grid.step, values },
    notNumbers,
    warnings: [...new Set([...saidIn(answers), ...remarksOf(counts)])],
  };
}

type Sample = RangeSeries['values'][number];

/** How many samples lay on their grid point, between two, outside the window, or were no numbers. */
type Counts = { placed: number; moved: number; outside: number; noNumber: number };

/** The samples of one series on the grid, and what is to be remarked of them. */
export type Placed = {
  readonly values: (number | null)[];
  readonly notNumbers: number[];
  readonly counts: Readonly<Counts>;
};

/** Puts the samples of one series on the grid. Two different values for one grid point are `provider_malformed`. */
export function placeSamples(who: string, { from, to, step }: Grid, samples: readonly Sample[]): Placed {
  const values = new Array<number | null>(Math.round((to - from) / step) + 1).fill(null);
  const counts: Counts = { placed: 0, moved: 0, outside: 0, noNumber: 0 };
  const notNumbers: number[] = [];
  const place = ({ at, value }: Sample): keyof Counts => {
    const index = Math.round((at - from) / step);
    const previous = values[index];
    if (value === null) {
      notNumbers.push(from + index * step);
      return 'noNumber';
    }
    if (previous === undefined) return 'outside';
    const point = from + index * step;
    if (previous !== null && previous !== value) throw twoValues(who, point);
    values[index] = value;
    return Math.abs(point - at) > tolerance ? 'moved' : 'placed';
  };
  for (const sample of samples) counts[place(sample)] += 1;
  return { values, notNumbers, counts };
}

/** The counts of several series together. */
export function sumCounts(all: readonly Readonly<Counts>[]): Counts {
  const total: Counts = { placed: 0, moved: 0, outside: 0, noNumber: 0 };
  for (const counts of all) {
    total.placed += counts.placed;
    total.moved += counts.moved;
    total.outside += counts.outside;
    total.noNumber += counts.noNumber;
  }
  return total;
}

/** The backend's own warnings. */
export function saidIn(answers: readonly RangeAnswer[]): string[] {
  return answers.flatMap(({ warnings, infos }) => [...warnings, ...infos]);
}

/** A sentence for each kind of sample that was not simply a value on its grid point. */
export function remarksOf(counts: Readonly<Counts>): string[] {
  const remarks: [number, string][] = [
    [counts.noNumber, 'NaN or infinite and count as missing'],
    [counts.outside, 'outside the window asked for and left out'],
    [counts.moved, 'between the points asked for and put on the nearest'],
  ];
  return remarks
    .filter(([count]) => count > 0)
    .map(([count, text]) => `${count} ${count === 1 ? 'value was' : 'values were'} ${text}`);
}

function twoValues(who: string, at: number): SerinError {
  const time = new Date(at).toISOString();
  return new SerinError(
    'provider_malformed',
    `${who} answered two different values for ${time}; does it honour the step of a range query?`,
  );
}

function refuseSeveral(who: string, series: readonly RangeSeries[]): void {
  const byLabels = new Map(
    series.map(({ metric }) => [JSON.stringify(Object.entries(metric).sort()), metric]),
  );
  if (byLabels.size < 2) return;
  const metrics = [...byLabels.values()];
  const examples = metrics.slice(0, 3).map((metric) => writeLabels(metric, differingLabels(metrics)));
  const rest = metrics.length > 3 ? ', …' : '';
  throw new SerinError(
    'provider_ambiguous',
    `the query to ${who} gave ${metrics.length} series, such as ${examples.join(', ')}${rest}; ` +
      'aggregate them into one, with sum(…), avg(…) or max(…)',
  );
}

type Labels = Readonly<Record<string, string>>;

function differingLabels(metrics: readonly Labels[]): readonly string[] {
  const names = new Set(metrics.flatMap((metric) => Object.keys(metric)));
  return [...names].filter((name) => new Set(metrics.map((metric) => metric[name])).size > 1).sort();
}

function writeLabels(metric: Labels, names: readonly string[]): string {
  const pairs = names
    .filter((name) => metric[name] !== undefined)
    .slice(0, 3)
    .map((name) => `${name}=${JSON.stringify((metric[name] ?? '').slice(0, 40))}`);
  return `{${pairs.join(',')}}`;
}
