/** A closed interval. */
export type Interval = readonly [lower: number, upper: number];

/**
 * Wilson's score interval of a proportion: which true proportions are compatible with `events` out of `total`.
 * Does not collapse at 0 or `total` events. Wilson 1927, JASA 22:209; Newcombe 1998, Stat. Med. 17:857, method 3.
 *
 * @param events ≥ 0; need not be whole (an effective number)
 * @param total ≥ events; need not be whole
 * @param z standard normal quantile of the level: 1.96 for 95 % on two sides
 * @returns within [0, 1]; `null` when `total` is not above 0
 * @example wilson(1, 10, 1.959964) // [0.018, 0.404]
 */
export function wilson(events: number, total: number, z: number): Interval | null {
  if (!(total > 0)) return null;
  const square = z * z;
  const proportion = events / total;
  const whole = 1 + square / total;
  const centre = (proportion + square / (2 * total)) / whole;
  const spread = Math.max(0, (proportion * (1 - proportion)) / total + square / (4 * total * total));
  const half = (z * Math.sqrt(spread)) / whole;
  const lower = events <= 0 ? 0 : Math.max(0, centre - half);
  return [lower, events >= total ? 1 : Math.min(1, centre + half)];
}
