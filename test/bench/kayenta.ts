import assert from 'node:assert/strict';
import { mean, standardDeviation } from 'simple-statistics';
import { kayentaMetric } from '../../src/judge/kayenta/config.ts';
import { judgeKayenta } from '../../src/judge/kayenta/judge-kayenta.ts';
import type { ShiftInterval } from '../../src/judge/kayenta/shift-interval.ts';
import { straightforwardInterval } from '../judge/kayenta/straightforward.ts';
import { createRandom } from '../support/random.ts';
import { median, printTable } from './table.ts';

type Samples = { readonly experiment: readonly number[]; readonly control: readonly number[] };
type Answer = { readonly label: string; readonly interval: ShiftInterval | null };

const metric = kayentaMetric('m', { groups: ['g'] });
const config = { metrics: [metric], groupWeights: new Map<string, number>() };

/** Milliseconds, without ties, or counts a minute, with many; the canary a little above the baseline. */
function makeSamples(kind: 'latency' | 'errors', size: number): Samples {
  const random = createRandom(size);
  const noise = () => random() + random() + random() - 1.5;
  const arm = (level: number): number[] =>
    Array.from({ length: size }, () =>
      kind === 'latency' ? level * (1 + 0.1 * noise()) : Math.max(0, Math.round(level / 20 + 2 * noise())),
    );
  return { experiment: arm(101), control: arm(100) };
}

function judgeFast({ experiment, control }: Samples): Answer {
  const judged = judgeKayenta(config, { pass: 95, marginal: 75 }, [{ name: 'm', experiment, control }]);
  const finding = judged.findings[0];
  return { label: finding?.classification ?? '', interval: finding?.interval ?? null };
}

/** The same rule written down step by step, both arms ranked anew at each step of the search. */
function judgeStraightforwardly(samples: Samples): Answer {
  const present = (values: readonly number[]) => values.filter((value) => !Number.isNaN(value));
  const [x, y] = [present(samples.experiment), present(samples.control)];
  const sort = (values: readonly number[]) => [...values].sort((left, right) => left - right);
  const sorted = sort(y);
  if (sort(x).every((value, index) => value === sorted[index]) || new Set([...x, ...y]).size === 1)
    return { label: 'Pass', interval: null };
  const summaries = [x, y].map((values) => [mean(values), standardDeviation(values)]);
  const effect = (summaries[0]?.[0] ?? 0) / (summaries[1]?.[0] ?? 0);
  const interval = straightforwardInterval({ x, y }, 0.98);
  const bound = 0.25 * Math.abs(interval.estimate);
  if (interval.lower > bound && effect >= 1) return { label: 'High', interval };
  return { label: interval.upper < -bound && effect <= 1 ? 'Low' : 'Pass', interval };
}

const fewestRounds = 11;
const budgetMs = 1_500;

function once(work: () => unknown): number {
  const began = performance.now();
  work();
  return performance.now() - began;
}

/**
 * Median milliseconds of a call of each, in turns, so that what else the machine does strikes both. Of `fast` each turn
 * counts the best of three, for the first clears away what `slow` left; three turns go before.
 */
function timeInTurns(fast: () => unknown, slow: () => unknown): readonly [fast: number, slow: number] {
  const times: (readonly [number, number])[] = [];
  const until = performance.now() + budgetMs;
  while (performance.now() < until || times.length < fewestRounds + 3)
    times.push([Math.min(once(fast), once(fast), once(fast)), once(slow)]);
  const counted = times.slice(3);
  return [median(counted.map(([one]) => one)), median(counted.map(([, other]) => other))];
}

/** The Kayenta-compatible judge's time for one metric, beside the rule written down as it is described. */
export function benchKayenta(): void {
  const rows: string[][] = [['metric', 'values an arm', 'ms', 'ms ranking anew at each step', 'ratio']];
  for (const kind of ['latency', 'errors'] as const) {
    for (const size of [60, 1_440, 10_000]) {
      const samples = makeSamples(kind, size);
      assert.deepEqual(judgeFast(samples), judgeStraightforwardly(samples));
      const [fast, slow] = timeInTurns(
        () => judgeFast(samples),
        () => judgeStraightforwardly(samples),
      );
      rows.push([kind, String(size), fast.toFixed(3), slow.toFixed(1), `${(slow / fast).toFixed(0)}×`]);
    }
  }
  printTable('The Kayenta-compatible judge', rows);
}
