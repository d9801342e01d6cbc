import { families } from '../rows/row.ts';
import { type FirstFails, failedOf } from '../tally.ts';
import { type EqualThresholds, equalThresholds, firstFailsAt, type Known } from './equal-alarms.ts';
import { medianMinute, shareOf } from './estimates.ts';
import { hasHarm } from './tables.ts';

/** Whether `other` finds clearly more than `own`, or as much and earlier. */
function isBetter(other: FirstFails, own: FirstFails, runs: number): boolean {
  const [theirs, ours] = [shareOf(failedOf(other), runs), shareOf(failedOf(own), runs)];
  if (theirs.interval[0] > ours.interval[1]) return true;
  if (theirs.interval[1] < ours.interval[0]) return false;
  const [their, our] = [medianMinute(other, runs).estimate, medianMinute(own, runs).estimate];
  return their !== null && (our === null || their < our);
}

function isBetterAtEqual(one: Known, thresholds: EqualThresholds): boolean {
  if (thresholds.kayenta === null || thresholds.serin === null) return false;
  const theirs = firstFailsAt(one, 'kayenta', thresholds.kayenta);
  const ours = firstFailsAt(one, 'serin', thresholds.serin);
  return theirs !== undefined && ours !== undefined && isBetter(theirs, ours, one.result.tally.runs);
}

/** The rows in which Kayenta's rule finds more, or the same earlier: as it is, and at equal false alarms. */
export function rowsLost(known: readonly Known[]): { readonly asIs: Known[]; readonly atEqual: Known[] } {
  const harmful = known.filter(({ row }) => hasHarm(row));
  const thresholds = new Map(families.map((family) => [family, equalThresholds(known, family)]));
  return {
    asIs: harmful.filter(({ result: { tally } }) =>
      isBetter(tally.rules.kayenta.own, tally.rules.serin.own, tally.runs),
    ),
    atEqual: harmful.filter((one) => {
      const own = thresholds.get(one.row.family);
      return own !== undefined && isBetterAtEqual(one, own);
    }),
  };
}
