import type { Samples } from './types.ts';

/** Samples with only finite numbers and `null`, and how many values had to be taken as missing. */
export type Cleaned = { readonly values: Samples; readonly dropped: number };

/** Takes NaN and ±Infinity as missing. The length stays. */
export function clean(samples: Samples): Cleaned {
  let dropped = 0;
  const values = samples.map((value) => {
    if (value === null || Number.isFinite(value)) return value;
    dropped += 1;
    return null;
  });
  return { values, dropped };
}

/** The values that are present, in order. */
export function present(samples: Samples): number[] {
  return samples.filter((value) => value !== null);
}
