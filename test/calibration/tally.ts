import type { Verdict } from '../../src/judge/types.ts';
import type { Trace } from './run.ts';

/** The rules that judge every run. */
export const ruleNames = ['serin', 'kayenta', 'fixed'] as const;
export type RuleName = (typeof ruleNames)[number];

/** Thresholds at which each rule is evaluated besides its own: 0, 1, 2, … times a step of its statistic. */
export const gridStep: Readonly<Record<RuleName, number>> = { serin: 0.05, kayenta: 0.03, fixed: 0.05 };
const gridSize = 300;

/** How many runs failed first at each minute (index = minute; 0 is not used), at one threshold. */
export type FirstFails = number[];

/** What one rule did over the runs of a row. */
export type RuleTally = {
  readonly own: FirstFails;
  /** The same at each threshold of the grid. */
  readonly atThreshold: readonly FirstFails[];
};

/** What came of the runs of a row so far. */
export type Tally = {
  runs: number;
  /** Verdicts of the judge at the end. */
  passed: number;
  inconclusive: number;
  readonly rules: Readonly<Record<RuleName, RuleTally>>;
};

/** The threshold of a rule at an index of its grid. */
export function thresholdAt(rule: RuleName, index: number): number {
  return gridStep[rule] * index;
}

/** The tally of no run, of runs with so many minutes. */
export function emptyTally(minutes: number): Tally {
  const none = (): FirstFails => new Array<number>(minutes + 1).fill(0);
  const rule = (): RuleTally => ({ own: none(), atThreshold: Array.from({ length: gridSize }, none) });
  return { runs: 0, passed: 0, inconclusive: 0, rules: { serin: rule(), kayenta: rule(), fixed: rule() } };
}

function count(firstFails: FirstFails | undefined, minute: number, runs = 1): void {
  if (firstFails !== undefined) firstFails[minute] = (firstFails[minute] ?? 0) + runs;
}

function recordTrace(rule: RuleName, tally: RuleTally, { failedAt, statistic }: Trace, from: number): void {
  if (failedAt !== null) count(tally.own, failedAt);
  let reached = 0;
  statistic.forEach((value, look) => {
    for (; reached < gridSize && value >= thresholdAt(rule, reached); reached++)
      count(tally.atThreshold[reached], from + look);
  });
}

/**
 * Adds a run to a tally.
 *
 * @param verdict of the judge at the end
 * @param from the first look
 */
export function record(
  tally: Tally,
  verdict: Verdict,
  traces: Readonly<Record<RuleName, Trace>>,
  from: number,
): void {
  tally.runs += 1;
  if (verdict === 'pass') tally.passed += 1;
  if (verdict === 'inconclusive') tally.inconclusive += 1;
  for (const rule of ruleNames) recordTrace(rule, tally.rules[rule], traces[rule], from);
}

function addCounts(whole: FirstFails | undefined, part: FirstFails | undefined): void {
  part?.forEach((runs, minute) => {
    count(whole, minute, runs);
  });
}

/** Adds the runs of one tally to another. */
export function addTally(whole: Tally, part: Tally): void {
  whole.runs += part.runs;
  whole.passed += part.passed;
  whole.inconclusive += part.inconclusive;
  for (const rule of ruleNames) {
    addCounts(whole.rules[rule].own, part.rules[rule].own);
    part.rules[rule].atThreshold.forEach((counts, index) => {
      addCounts(whole.rules[rule].atThreshold[index], counts);
    });
  }
}

/** Runs that failed, at any look. */
export function failedOf(firstFails: FirstFails): number {
  return firstFails.reduce((sum, runs) => sum + runs, 0);
}
