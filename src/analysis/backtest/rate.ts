import { type Interval, wilson } from '../../judge/statistics/wilson.ts';

/** A share with Wilson's 95 % interval; `rate` and `interval` are `null` when there was nothing to count. */
export type Rate = {
  readonly count: number;
  readonly of: number;
  readonly rate: number | null;
  readonly interval: Interval | null;
};

/** Standard normal quantile of 97.5 %. */
const z = 1.959_963_985;

/**
 * `count` of `of`. Windows that overlap tell the same thing more than once; `worth` (0–1] is what one of them is worth
 * beside one that does not overlap, and widens the interval.
 */
export function rateOf(count: number, of: number, worth = 1): Rate {
  return {
    count,
    of,
    rate: of === 0 ? null : count / of,
    interval: wilson(count * worth, of * worth, z),
  };
}

/** The middle one, or the mean of the two in the middle; `null` without any. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}
