/** Times of a beginning and an end, milliseconds. */
export type Span = readonly [from: number, to: number];

/** Milliseconds between two spans; 0 where they overlap. */
export function gapBetween([from, to]: Span, [begin, end]: Span): number {
  return Math.max(0, begin - to, from - end);
}
