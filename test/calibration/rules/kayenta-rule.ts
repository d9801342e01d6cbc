import { prepareArm } from '../../../src/judge/kayenta/arm.ts';
import { classifyMetric } from '../../../src/judge/kayenta/classify.ts';
import { kayentaMetric } from '../../../src/judge/kayenta/config.ts';
import type { Samples } from '../../../src/judge/types.ts';
import type { PlainSeries, Run, Trace } from '../run.ts';
import { rankQuantiles } from './rank-shift.ts';

/** Kayenta's defaults, but for the direction: harm is an increase in every row. */
const metric = kayentaMetric('metric', { direction: 'increase' });
/** A canary scores the share of its metrics that are not high, and fails below 75 of 100. */
const failingShare = 0.25;

/** What one metric says at a look: whether Kayenta calls it high, and up to which normal quantile it would. */
type Word = { readonly isHigh: boolean; readonly quantile: number };

/** Kayenta's classification of the minutes so far. What it answers by an error or by `Nodata` is not high. */
function isHigh(canary: Samples, baseline: Samples, minute: number): boolean {
  const arm = (values: Samples) => prepareArm(values.slice(0, minute), metric);
  return classifyMetric(metric, arm(canary), arm(baseline)).classification === 'High';
}

function wordsOf({ canary, baseline }: PlainSeries, from: number): Word[] {
  return rankQuantiles(canary, baseline, from)
    .slice(from - 1)
    .map((quantile, look) => ({
      quantile,
      isHigh: isHigh(canary, baseline, from + look),
    }));
}

/** Whether a run of which these metrics are high is failed: a critical one, or more than a quarter of all. */
function isFailed(high: readonly boolean[], isCritical: readonly boolean[]): boolean {
  const several = high.filter((one) => one).length > failingShare * high.length;
  return several || high.some((one, index) => one && isCritical[index] === true);
}

/** The quantile up to which the run as a whole is failed. */
function quantileOf(quantiles: readonly number[], isCritical: readonly boolean[]): number {
  const sorted = [...quantiles].sort((left, right) => right - left);
  const several = sorted[Math.floor(failingShare * quantiles.length)] ?? Number.NEGATIVE_INFINITY;
  return Math.max(several, ...quantiles.filter((_, index) => isCritical[index] === true));
}

/**
 * Kayenta's rule asked again at every look over all minutes so far, in the direction of increase, with its defaults: no
 * effect size, outliers kept. Its statistic is the normal quantile that its interval would need for the run to pass;
 * unlike the rule itself it knows no separation so complete that it would fail at any quantile.
 */
export function kayentaRule({ plain, looks }: Run): Trace {
  const isCritical = plain.map(({ critical }) => critical);
  const metrics = plain.map((series) => wordsOf(series, looks.from));
  const statistic: number[] = [];
  let failedAt: number | null = null;
  for (let look = 0; look <= looks.to - looks.from; look++) {
    const words = metrics.flatMap((metric) => metric[look] ?? []);
    const high = words.map((word) => word.isHigh);
    if (failedAt === null && isFailed(high, isCritical)) failedAt = looks.from + look;
    statistic.push(
      quantileOf(
        words.map(({ quantile }) => quantile),
        isCritical,
      ),
    );
  }
  return { failedAt, statistic };
}
