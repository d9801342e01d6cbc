import type { Fact } from './fact.ts';

/** Running counts of settled changes; spans in milliseconds. */
export type Tally = {
  changes: number;
  escaped: number;
  caughtInCanary: number;
  failedToDeploy: number;
  /** Settled changes, rollbacks included. */
  settled: number;
  /** Those of them that mend an earlier one. */
  rework: number;
  readonly leads: number[];
  readonly recoveries: number[];
};

/** Nothing was counted yet. */
export function startTally(): Tally {
  return {
    changes: 0,
    escaped: 0,
    caughtInCanary: 0,
    failedToDeploy: 0,
    settled: 0,
    rework: 0,
    leads: [],
    recoveries: [],
  };
}

/** Whether the outcome is final: only such changes are in a denominator. */
export function isSettled({ outcome }: Fact): boolean {
  return outcome === 'succeeded' || outcome === 'failed';
}

/** Whether a fact is of one of the changes that are counted. */
export function isCounted({ kind }: Fact, includeRollbacks: boolean): boolean {
  return includeRollbacks || kind !== 'rollback';
}

function addFailure(tally: Tally, { failureClass, recovery }: Fact): void {
  if (failureClass === 'escaped') tally.escaped += 1;
  else if (failureClass === 'failed_to_deploy') tally.failedToDeploy += 1;
  else tally.caughtInCanary += 1;
  if (recovery !== null) tally.recoveries.push(recovery);
}

/** Counts one fact; each counts once and with one class, so that failures never exceed changes. */
export function addTo(tally: Tally, fact: Fact, includeRollbacks: boolean): void {
  if (!isSettled(fact)) return;
  tally.settled += 1;
  if (fact.kind !== 'normal') tally.rework += 1;
  if (!isCounted(fact, includeRollbacks)) return;
  tally.changes += 1;
  if (fact.outcome === 'failed') addFailure(tally, fact);
  if (fact.lead !== null) tally.leads.push(fact.lead);
}

const figures = ['changes', 'escaped', 'caughtInCanary', 'failedToDeploy', 'settled', 'rework'] as const;

/** What several tallies come to together. */
export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = {
    ...startTally(),
    leads: ([] as number[]).concat(...tallies.map(({ leads }) => leads)),
    recoveries: ([] as number[]).concat(...tallies.map(({ recoveries }) => recoveries)),
  };
  for (const tally of tallies) for (const figure of figures) sum[figure] += tally[figure];
  return sum;
}
