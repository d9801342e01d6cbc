import fc from 'fast-check';
import type { Change, ChangeFacts, FailureClass, Outcome } from '../../src/ledger/change.ts';
import type { ChangeEvent } from '../../src/ledger/change-event.ts';
import type { ChangeIdentity, OutcomePolicy } from '../../src/ledger/outcome.ts';

export const hour = 3_600_000;
export const day = 24 * hour;

/** Monday, 2 November 2026, midnight UTC. */
export const epoch = Date.UTC(2026, 10, 2);

export const identity: ChangeIdentity = {
  id: 'c1',
  source: 'argo-rollouts',
  externalId: 'u/1',
  service: 'checkout',
  environment: 'production',
  createdAt: epoch,
};

/** The policy of the contract at `hours` after the epoch. */
export function policyAt(hours: number): OutcomePolicy {
  return { now: epoch + hours * hour, observationWindow: day, abandonAfter: 7 * day };
}

type Common = { readonly target?: string | null; readonly source?: string; readonly key?: string };

function common(type: string, hours: number, { source = 'argo-rollouts', key = '', target }: Common) {
  const at = epoch + hours * hour;
  return {
    id: `${type}/${hours}`,
    changeId: 'c1',
    source,
    dedupeKey: `${type}/${at}/${target ?? ''}/${key}`,
    at,
    receivedAt: at,
  };
}

/** An event without an end, `hours` after the epoch. */
export function begun(
  type: 'reported' | 'started' | 'paused' | 'resumed',
  hours: number,
  facts: Partial<ChangeFacts> = {},
  more: Common = {},
): ChangeEvent {
  return { ...common(type, hours, more), type, facts, target: more.target ?? null };
}

/** An event that ends an attempt. */
export function ended(
  type: 'completed' | 'aborted' | 'superseded' | 'cancelled',
  hours: number,
  more: Common & { readonly reason?: string } = {},
): ChangeEvent {
  const { target = null, reason = null } = more;
  return { ...common(type, hours, more), type, facts: {}, target, reason };
}

/** The source's own word that it failed. */
export function failed(hours: number, failureClass: FailureClass | null, more: Common = {}): ChangeEvent {
  const { target = null } = more;
  return { ...common('failed', hours, more), type: 'failed', facts: {}, target, failureClass, reason: null };
}

/** An analysis' verdict; enforced unless said otherwise. */
export function verdict(hours: number, word: 'pass' | 'fail' | 'inconclusive', enforced = true): ChangeEvent {
  const analysisId = `a${hours}`;
  const told = { analysisId, verdict: word, enforced, reason: `it said ${word}` };
  return { ...common(`verdict-${word}`, hours, { source: 'analysis' }), type: 'verdict', ...told };
}

/** A person's ruling. */
export function ruled(
  hours: number,
  outcome: Outcome,
  failureClass: FailureClass | null = null,
  key = '',
): ChangeEvent {
  const told = { outcome, failureClass, by: 'ann', reason: 'seen' };
  return { ...common('ruled', hours, { source: 'manual', key }), type: 'ruled', ...told };
}

/** The parts of a change that say what became of it. */
export function gist({ outcome, failureClass, outcomeAt, settlesAt, attribution }: Change) {
  const hours = (instant: number | null): number | null =>
    instant === null ? null : (instant - epoch) / hour;
  return [outcome, failureClass, hours(outcomeAt), attribution?.method ?? null, hours(settlesAt)];
}

/** Any event within a few hours, so that many fall on the same time; targets none, a or b. */
export function anyEvent(): fc.Arbitrary<ChangeEvent> {
  const hours = fc.integer({ min: 0, max: 5 });
  const target = fc.constantFrom(null, 'a', 'b');
  const text = fc.option(fc.constantFrom('x', 'y'), { nil: null });
  const facts = fc.record(
    {
      version: text,
      commit: text,
      kind: fc.constantFrom('normal' as const, 'rollback' as const, 'hotfix' as const),
    },
    { requiredKeys: [] },
  );
  const source = fc.constantFrom('argo-rollouts', 'github');
  const more = fc.record({ target, source, key: fc.constantFrom('1', '2') });
  return fc.oneof(
    fc
      .tuple(
        fc.constantFrom('reported' as const, 'started' as const, 'paused' as const, 'resumed' as const),
        hours,
        facts,
        more,
      )
      .map((parts) => begun(...parts)),
    fc
      .tuple(
        fc.constantFrom(
          'completed' as const,
          'aborted' as const,
          'superseded' as const,
          'cancelled' as const,
        ),
        hours,
        more,
      )
      .map((parts) => ended(...parts)),
    fc
      .tuple(hours, fc.constantFrom(null, 'escaped' as const, 'failed_to_deploy' as const), more)
      .map((parts) => failed(...parts)),
    fc
      .tuple(hours, fc.constantFrom('pass' as const, 'fail' as const, 'inconclusive' as const), fc.boolean())
      .map((parts) => verdict(...parts)),
    fc
      .tuple(
        hours,
        fc.constantFrom('pending' as const, 'succeeded' as const, 'failed' as const),
        fc.constant(null),
        fc.constantFrom('1', '2'),
      )
      .map((parts) => ruled(...parts)),
  );
}
