import { clean } from './clean.ts';
import { gaugeSeries } from './sequential/gauge-series.ts';
import { learnNoise } from './sequential/noise-profile.ts';
import type { MetricInput, NoiseProfile } from './types.ts';

/**
 * What a run that is over tells later runs of a metric's noise, not discounted yet (`recallNoise` does that). The mean
 * is taken out, so that a lasting difference of the arms is no noise.
 *
 * @param metric as it was judged at the end
 * @returns `null` for a metric that is no gauge, for one with values at or below 0, whose differences have no unit that
 * is the same in every run, for fewer than 10 steps with values in both arms, and for arms that never differed
 */
export function learnFrom(metric: MetricInput): NoiseProfile | null {
  if (metric.kind !== 'gauge') return null;
  const steps = metric.canary.values.length;
  const { values, scale } = gaugeSeries(
    clean(metric.canary.values).values,
    clean(metric.baseline.values).values,
  )(steps);
  return scale.unit === 'log' ? learnNoise(values.slice(0, steps)) : null;
}
