import { brentRoot } from '../../../src/judge/kayenta/brent.ts';
import type { ShiftInterval } from '../../../src/judge/kayenta/shift-interval.ts';
import { normalQuantile } from '../../../src/judge/statistics/normal-quantile.ts';

type Samples = { readonly x: readonly number[]; readonly y: readonly number[] };

/** Mid-ranks of `values`, in their order. */
function rank(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).sort((left, right) => values[left]! - values[right]!);
  const ranks = new Array<number>(values.length);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1;
    for (let place = from; place < to; place++) ranks[order[place]!] = (from + to + 1) / 2;
    from = to;
  }
  return ranks;
}

/** The standardised rank sum of x − shift less a quantile: both samples are joined and ranked anew at each call. */
function wilcoxonDifference({ x, y }: Samples, shift: number, quantile: number): number {
  const [m, n] = [x.length, y.length];
  const ranks = rank([...x.map((value) => value - shift), ...y]);
  const sizes = new Map<number, number>();
  for (const one of ranks) sizes.set(one, (sizes.get(one) ?? 0) + 1);
  let ties = 0;
  for (const size of sizes.values()) ties += size ** 3 - size;
  const sum = ranks.slice(0, m).reduce((whole, one) => whole + one, 0);
  const distance = sum - (m * (m + 1)) / 2 - (m * n) / 2;
  const sigma = Math.sqrt(((m * n) / 12) * (m + n + 1 - ties / ((m + n) * (m + n - 1))));
  if (sigma === 0) throw new Error('all values are tied');
  return (distance - 0.5 * Math.sign(distance)) / sigma - quantile;
}

/** The root for one quantile, both ends of the range evaluated anew. */
function rootOf(samples: Samples, quantile: number, least: number, most: number): number {
  const f = (shift: number): number => wilcoxonDifference(samples, shift, quantile);
  return brentRoot(f, { at: least, value: f(least) }, { at: most, value: f(most) });
}

/**
 * The interval of the shift x − y written down as Kayenta describes it, ranking both samples anew at every step of
 * the search: what ours must equal, and be faster than. Throws where all values are tied.
 */
export function straightforwardInterval(samples: Samples, level: number): ShiftInterval {
  const { x, y } = samples;
  const least =
    x.reduce((one, other) => Math.min(one, other)) - y.reduce((one, other) => Math.max(one, other));
  const most =
    x.reduce((one, other) => Math.max(one, other)) - y.reduce((one, other) => Math.min(one, other));
  const quantile = normalQuantile((1 - level) / 2);
  const limit = (q: number): number => {
    if (wilcoxonDifference(samples, least, q) <= 0) return least;
    if (wilcoxonDifference(samples, most, q) >= 0) return most;
    return rootOf(samples, q, least, most);
  };
  return {
    lower: limit(-quantile),
    upper: limit(quantile),
    estimate: rootOf(samples, 0, least, most),
  };
}
