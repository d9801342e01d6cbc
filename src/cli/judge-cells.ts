import { writeNumber, writePercent, writeValue } from '../judge/words.ts';
import type { Judgement } from './judge-io.ts';

export type Finding = Judgement['findings'][number];

const nothing = '–';

function signed(fraction: number): string {
  return fraction > 0 ? `+${writePercent(fraction)}` : writePercent(fraction).replace('-', '−');
}

function writeBound(bound: number | null | undefined, open: string): string {
  return bound === null || bound === undefined ? open : signed(bound);
}

function writeEffect({ effect, interval }: Finding): string {
  if (effect === null) return nothing;
  if (interval === null) return signed(effect);
  return `${signed(effect)} (${writeBound(interval[0], '−∞')} … ${writeBound(interval[1], '∞')})`;
}

/** The level of one arm: events out of all where they are counted, else the median. */
function writeLevel({ events, total, median }: Finding['canary']): string {
  if (events !== null && total !== null && total > 0) return writeValue(events / total);
  return median === null ? nothing : writeValue(median);
}

/** logE at which a share of the whole weight fails the run all by itself. */
export function failsAt(alpha: number, weight: number): number {
  return -Math.log(alpha * weight);
}

/** Evidence with one decimal, and what it is held against. */
export function writeEvidence(logE: number, threshold: number): string {
  const shown = logE.toFixed(1).replace('-0.0', '0.0').replace('-', '−');
  return `${shown} / ${threshold.toFixed(1)}`;
}

/** A p-value: no more than three decimals, never 0. */
export function writeP(pValue: number): string {
  return pValue < 0.001 ? '<0.001' : String(Number(pValue.toFixed(3)));
}

/** What the columns of the table say, in their order. */
export const headings = [
  'metric',
  'verdict',
  'effect (90 %)',
  'canary',
  'baseline',
  'logE / fails at',
  'p',
  'finds',
] as const;

/** The cells of a finding, one for each heading. */
export function cellsOf(finding: Finding, alpha: number): string[] {
  const { metric, critical, verdict, kind, minimumDetectableEffect } = finding;
  return [
    critical ? `${metric} *` : metric,
    verdict,
    writeEffect(finding),
    writeLevel(finding.canary),
    kind === 'limit' ? nothing : writeLevel(finding.baseline),
    writeEvidence(finding.logE, failsAt(alpha, finding.weight)),
    writeP(finding.adjustedPValue),
    minimumDetectableEffect === null ? nothing : `${writeNumber(100 * minimumDetectableEffect)} %`,
  ];
}
