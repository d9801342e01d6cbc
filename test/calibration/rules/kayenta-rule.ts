import type { Run, Trace } from '../run.ts';
import { rankQuantiles } from './rank-shift.ts';

/** Kayenta's interval has a level of 98 %: 1 % beyond either end. */
export const kayentaQuantile = 2.3263478740408408;
/** A canary scores the share of its metrics that are not high, and fails below 75 of 100. */
const failingShare = 0.25;

/** The quantile up to which the run as a whole is failed: a critical metric high, or more than a quarter of all. */
function ofRun(quantiles: readonly number[], isCritical: readonly boolean[]): number {
  const sorted = [...quantiles].sort((left, right) => right - left);
  const several = sorted[Math.floor(failingShare * quantiles.length)] ?? Number.NEGATIVE_INFINITY;
  return Math.max(several, ...quantiles.filter((_, index) => isCritical[index] === true));
}

/**
 * Kayenta's rule asked again at every look over all minutes so far, in the direction of increase, with its defaults: no
 * effect size, outliers kept. Its statistic is the normal quantile that its interval would need for the run to pass.
 */
export function kayentaRule({ plain, looks }: Run): Trace {
  const metrics = plain.map(({ canary, baseline }) => rankQuantiles(canary, baseline, looks.from));
  const isCritical = plain.map(({ critical }) => critical);
  const statistic = Array.from({ length: looks.to - looks.from + 1 }, (_, look) =>
    ofRun(
      metrics.map((quantiles) => quantiles[looks.from - 1 + look] ?? Number.NEGATIVE_INFINITY),
      isCritical,
    ),
  );
  const first = statistic.findIndex((quantile) => quantile > kayentaQuantile);
  return { failedAt: first < 0 ? null : looks.from + first, statistic };
}
