import { type Bar, failsAtMost, type Row } from '../rows/row.ts';
import { alpha } from '../run.ts';
import { failedOf, type Tally } from '../tally.ts';
import { medianMinute, shareOf } from './estimates.ts';

/** How a bar stands: the whole 95 % interval on its right side, on its wrong side, or on both. */
export type Standing = 'met' | 'within error' | 'missed';

/** The bars of a row: its own, and where nothing is wrong alpha itself at the least. */
export function barsOf(row: Row): readonly Bar[] {
  const hasOwn = row.bars.some((bar) => bar.of === 'failed');
  return row.isAlike && !hasOwn ? [failsAtMost(alpha), ...row.bars] : row.bars;
}

function standingOfMost([low, high]: readonly [number, number], atMost: number): Standing {
  if (high <= atMost) return 'met';
  return low > atMost ? 'missed' : 'within error';
}

/** A bar of all runs is met by all runs: no interval reaches that far. */
function standingOfLeast(some: number, runs: number, atLeast: number): Standing {
  const [low, high] = shareOf(some, runs).interval;
  if (low >= atLeast || (atLeast === 1 && some === runs)) return 'met';
  return high < atLeast || (atLeast === 1 && some < runs) ? 'missed' : 'within error';
}

/** How a bar stands after the runs of a tally. */
export function standingOf(bar: Bar, tally: Tally): Standing {
  const { runs, passed, rules } = tally;
  if (bar.of === 'minute') {
    const [low, high] = medianMinute(rules.serin.own, runs).interval;
    const never = Number.POSITIVE_INFINITY;
    return standingOfMost([low ?? never, high ?? never], bar.atMost);
  }
  const some = bar.of === 'passed' ? passed : failedOf(rules.serin.own);
  return 'atMost' in bar
    ? standingOfMost(shareOf(some, runs).interval, bar.atMost)
    : standingOfLeast(some, runs, bar.atLeast);
}

function writeShare(fraction: number): string {
  return `${Number((100 * fraction).toFixed(1))} %`;
}

/** The bar in a few characters: `≤ 3 %`, `by 9`. */
export function writeBar(bar: Bar): string {
  if (bar.of === 'minute') return `by ${bar.atMost}`;
  return 'atMost' in bar ? `≤ ${writeShare(bar.atMost)}` : `≥ ${writeShare(bar.atLeast)}`;
}
