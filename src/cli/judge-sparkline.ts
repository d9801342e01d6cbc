const bars = '▁▂▃▄▅▆▇█';

/** The largest of each of at most `width` parts of a list, as even as can be. */
function thin(values: readonly number[], width: number): number[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, part) => {
    const from = Math.floor((part * values.length) / width);
    const to = Math.floor(((part + 1) * values.length) / width);
    return Math.max(...values.slice(from, to));
  });
}

/**
 * Evidence over the looks as a line of bars, from nothing (0 and less) to `full` and more; at most `width` characters.
 */
export function writeSparkline(logEs: readonly (number | null)[], full: number, width: number): string {
  return thin(
    logEs.map((logE) => logE ?? 0),
    Math.max(1, width),
  )
    .map((logE) => {
      const share = full > 0 ? Math.min(1, Math.max(0, logE / full)) : 0;
      return bars[Math.round(share * (bars.length - 1))] ?? '';
    })
    .join('');
}
