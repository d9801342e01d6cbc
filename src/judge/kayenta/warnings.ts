import type { Ascending } from '../statistics/rank-order.ts';
import { writeList, writePercent } from '../words.ts';
import type { Arm } from './arm.ts';
import { tolerance } from './brent.ts';
import type { Classified } from './classify.ts';
import { isConstant } from './compare.ts';
import type { KayentaMetric } from './config.ts';

/** With fewer values in each arm Kayenta's rule finds differences where there are none. */
const fewest = 5;
/** An interval narrower than this many tolerances is coarse. */
const coarse = 20;
/** From this share of equal values on the rule need not find more where there is more harm. */
const manyTied = 0.5;

/** A classified metric, as a warning looks at it. */
export type Case = {
  readonly metric: KayentaMetric;
  readonly experiment: Arm;
  readonly control: Arm;
  readonly classified: Classified;
};

/** The first index whose value is at least `value`, or above it where `after`. */
function boundary(values: Ascending, value: number, after: boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const one = values[middle] ?? Number.NaN;
    if (one < value || (after && one === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The largest share of equal values among those of both arms, if it is half or more; else anything below that. */
function tiedShare(arms: readonly Ascending[]): number {
  const size = arms.reduce((sum, values) => sum + values.length, 0);
  // A value that fills half of both arms fills half of one of them, so it stands in the middle there.
  const candidates = arms.flatMap((values) => [values[(values.length - 1) >> 1], values[values.length >> 1]]);
  const shares = candidates.map((value = Number.NaN) =>
    arms.reduce((sum, one) => sum + boundary(one, value, true) - boundary(one, value, false), 0),
  );
  return Math.max(...shares) / size;
}

/** The arms of which something is true, in words: `canary`, `canary and baseline`. */
function writeArms({ experiment, control }: Case, isTrue: (arm: Arm) => boolean): string {
  return writeList([...(isTrue(experiment) ? ['canary'] : []), ...(isTrue(control) ? ['baseline'] : [])]);
}

function warnOfInfinite(one: Case): string | null {
  const arms = writeArms(one, ({ infinite }) => infinite > 0);
  if (arms === '') return null;
  const count = one.experiment.infinite + one.control.infinite;
  return `${count} infinite value${count === 1 ? '' : 's'} of the ${arms} left out; in Kayenta one of them hides every change`;
}

function warnOfMissing(one: Case): string | null {
  if (one.metric.nanStrategy !== 'replace' || one.classified.classification === 'Error') return null;
  const arms = writeArms(one, ({ missing, statistics }) => missing >= statistics.count);
  if (arms === '') return null;
  return `not one value of the ${arms} was measured: nanStrategy "replace" takes that for zeros, as Kayenta does`;
}

function warnOfError({ classified }: Case): string | null {
  if (classified.classification !== 'Error') return null;
  return 'there are too few values to compare, or they lie too far apart: counted as failed, where Kayenta would leave the metric out of the score and forget that it is critical';
}

function warnOfConstants({ classified, experiment, control }: Case): string | null {
  if (classified.comparison === null || !isConstant(experiment.sorted) || !isConstant(control.sorted))
    return null;
  return 'both arms are constant: judged by their difference, where Kayenta adds random noise';
}

function warnOfFew({ classified, experiment, control }: Case): string | null {
  const counts = [experiment.statistics.count, control.statistics.count] as const;
  if (classified.comparison === null || Math.min(...counts) >= fewest) return null;
  return `only ${counts[0]} canary and ${counts[1]} baseline values: with fewer than ${fewest} in an arm Kayenta's rule is often wrong (24 % false alarms at 2 and 2, 5 % at 3 and 3)`;
}

function warnOfShape({ classified, experiment, control }: Case): string | null {
  const arms = [experiment.sorted, control.sorted];
  if (classified.comparison === null || arms.every(isConstant)) return null;
  const share = tiedShare(arms);
  if (share >= manyTied)
    return `${writePercent(share)} of all values are equal: with so many ties more harm can pass where less is found`;
  const { lower, upper } = classified.comparison.interval;
  if (upper - lower >= coarse * tolerance) return null;
  return `Kayenta searches the interval only to ${tolerance}, too coarse for values of this size: multiply the metric, say by 1 000 000`;
}

const rules = [warnOfInfinite, warnOfMissing, warnOfError, warnOfConstants, warnOfFew, warnOfShape];

/** What to know before believing how a metric was classified: where Kayenta's rule is weak, and where it was not followed. */
export function warningsOf(one: Case): readonly string[] {
  return rules.map((rule) => rule(one)).filter((warning) => warning !== null);
}
