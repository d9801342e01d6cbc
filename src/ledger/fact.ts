import type { ChangeKind, FailureClass, Outcome } from './change.ts';

/** What one change adds to a report; times and spans in milliseconds. */
export type Fact = {
  /** When it counts: finished, else failed, else started, else made. */
  readonly at: number;
  readonly kind: ChangeKind;
  readonly outcome: Outcome;
  readonly failureClass: FailureClass | null;
  /** From commit to the end of a rollout that reached users; `null` for any other, or without a commit time. */
  readonly lead: number | null;
  /** From failure to the next completion; `null` when it did not recover. */
  readonly recovery: number | null;
};

/** Facts of one service in one environment. A store may take them out of its roll-up each time they are read. */
export type PlaceFacts = {
  readonly service: string;
  readonly environment: string;
  readonly facts: readonly Fact[];
};

/** What of a change a fact is made of. */
export type FactSource = {
  readonly kind: ChangeKind;
  readonly outcome: Outcome;
  readonly failureClass: FailureClass | null;
  readonly committedAt: number | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly outcomeAt: number | null;
  readonly recoveredAt: number | null;
  readonly createdAt: number;
};

/** When reports count a change: finished, else failed, else started, else created. */
export function reportingTime({
  finishedAt,
  outcome,
  outcomeAt,
  startedAt,
  createdAt,
}: Pick<FactSource, 'finishedAt' | 'outcome' | 'outcomeAt' | 'startedAt' | 'createdAt'>): number {
  return finishedAt ?? (outcome === 'failed' ? outcomeAt : null) ?? startedAt ?? createdAt;
}

/** Whether users got the change in the end: a stopped canary's end is no delivery. */
function isDelivered({ outcome, failureClass, recoveredAt }: FactSource): boolean {
  return outcome === 'succeeded' || failureClass === 'escaped' || recoveredAt !== null;
}

/** Clocks of different machines may put an end before its beginning; such a span tells nothing. */
function span(from: number | null, to: number | null): number | null {
  return from === null || to === null || to < from ? null : to - from;
}

/** The fact that a change in this state adds. */
export function factOf(change: FactSource): Fact {
  const { kind, outcome, failureClass, committedAt, finishedAt, outcomeAt, recoveredAt } = change;
  return {
    at: reportingTime(change),
    ...{ kind, outcome, failureClass },
    lead: isDelivered(change) ? span(committedAt, finishedAt) : null,
    recovery: outcome === 'failed' ? span(outcomeAt, recoveredAt) : null,
  };
}
