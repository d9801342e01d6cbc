import { median, medianAbsoluteDeviation } from 'simple-statistics';
import { present } from '../clean.ts';
import type { Samples } from '../types.ts';

/** Makes the median absolute deviation of normal values their standard deviation. */
const normalScale = 1.4826;
const limit = 4;

/**
 * Draws outliers in to the median ± 4 robust standard deviations, so that one gross point neither makes nor hides a
 * finding (Tukey & McLaughlin 1963). Where more than half of the values are equal nothing is changed.
 */
export function winsorise(samples: Samples): Samples {
  const values = present(samples);
  if (values.length === 0) return samples;
  const centre = median(values);
  const reach = limit * normalScale * medianAbsoluteDeviation(values);
  if (reach === 0) return samples;
  return samples.map((value) =>
    value === null ? null : Math.min(centre + reach, Math.max(centre - reach, value)),
  );
}
