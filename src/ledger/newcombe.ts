import { wilson } from '../judge/statistics/wilson.ts';

/** The standard normal quantile of 0.975: intervals at 95 % on two sides. */
export const z95 = 1.959963984540054;

/** Some of a number of changes. */
export type Share = { readonly part: number; readonly whole: number };

/** A difference of two rates, within [−1, 1]. */
export type Difference = { readonly rate: number; readonly interval: readonly [number, number] };

/**
 * How far the first rate is above the second, with the interval at 95 % that is made of both Wilson intervals
 * (Newcombe 1998, Stat. Med. 17:873, method 10). `null` when either has no whole.
 *
 * @example newcombe({ part: 4, whole: 23 }, { part: 9, whole: 40 }) // −0.051 [−0.234, 0.171]
 */
export function newcombe(first: Share, second: Share): Difference | null {
  const [one, other] = [first, second].map(({ part, whole }) => wilson(part, whole, z95));
  if (!one || !other) return null;
  const [p, q] = [first.part / first.whole, second.part / second.whole];
  const rate = p - q;
  return {
    rate,
    interval: [rate - Math.hypot(p - one[0], other[1] - q), rate + Math.hypot(one[1] - p, q - other[0])],
  };
}
