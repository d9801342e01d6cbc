/** Grid points from `from` to `to`, both included, milliseconds. */
export type Grid = { readonly from: number; readonly to: number; readonly step: number };

/**
 * The chunks that cover a grid. Chunks lie at fixed places, multiples of their size since the epoch, so that
 * neighbouring windows ask for the same ones; none reaches beyond `until`, for what is not measured yet must not be
 * remembered as missing.
 */
export function chunksOf({ from, to, step }: Grid, points: number, until: number): Grid[] {
  const size = points * step;
  const last = Math.max(to, Math.floor(until / step) * step);
  const chunks: Grid[] = [];
  for (let start = Math.floor(from / size) * size; start <= to; start += size)
    chunks.push({ from: start, to: Math.min(last, start + size - step), step });
  return chunks;
}

/**
 * How many points to ask for at once: a day of minutes where windows lie close together, so that each point is read
 * once; else about as many as one window needs, so that what lies between windows is not read for nothing.
 *
 * @param span points that one window reads, its past included
 * @param stride points between two starts
 */
export function chunkPoints(span: number, stride: number): number {
  const whole = 1_440;
  return stride >= 3 * span ? Math.min(whole, Math.max(1, span)) : whole;
}
