/** Values in ascending order, none of them NaN. What the rank statistics work on, so that nothing is sorted twice. */
export type Ascending = Float64Array;

/** A sorted copy of `values`, which must not hold NaN. */
export function ascending(values: Iterable<number>): Ascending {
  return Float64Array.from(values).sort();
}

/** Sum of t³ − t over the groups of t equal values: what ties take from the variance of a rank sum. */
export function tieSum(values: Ascending): number {
  let sum = 0;
  for (let from = 0; from < values.length; ) {
    let to = from + 1;
    while (to < values.length && values[to] === values[from]) to += 1;
    const size = to - from;
    sum += size * size * size - size;
    from = to;
  }
  return sum;
}
