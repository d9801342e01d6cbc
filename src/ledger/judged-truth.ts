import { describeSame } from './identity.ts';
import type { JudgedChange, JudgedRun } from './judged-run.ts';

/** Where in the table of verdicts and truths an analysis belongs. */
export const cells = [
  'passed.fine',
  'passed.escaped',
  'passed.unknown',
  'failed.harmful',
  'failed.fine',
  'failed.unknown',
  'inconclusive',
] as const;
export type CellName = (typeof cells)[number];

export type TruthOptions = {
  readonly now: number;
  /** How long a change is watched before it counts as fine, milliseconds. */
  readonly observationWindow: number;
};

type Truth = 'fine' | 'harmful' | 'unknown';

function hasEscaped({ outcome, failureClass }: JudgedChange): boolean {
  return outcome === 'failed' && failureClass === 'escaped';
}

/** Later deliveries of the same thing to the same place. */
function shippedLater(change: JudgedChange, alike: readonly JudgedChange[]): JudgedChange[] {
  const stoppedAt = change.outcomeAt ?? Number.POSITIVE_INFINITY;
  return alike.filter(
    (other) =>
      other.id !== change.id &&
      other.service === change.service &&
      other.environment === change.environment &&
      (other.finishedAt ?? Number.NEGATIVE_INFINITY) > stoppedAt &&
      describeSame(change, other),
  );
}

/** What the change's own record says, before looking at what was shipped later. */
function ownTruth(change: JudgedChange, { now, observationWindow }: TruthOptions): Truth {
  if (change.outcome === 'succeeded') return 'fine';
  if (change.outcome !== 'failed') return 'unknown';
  if (hasEscaped(change) || change.method === 'manual' || change.hasIncident) return 'harmful';
  // The same revision was tried again and completed: shipped unchanged, and nothing was heard of it since.
  const { recoveredAt } = change;
  return recoveredAt !== null && now - recoveredAt >= observationWindow ? 'fine' : 'unknown';
}

function truthOfFailed(run: JudgedRun, alike: readonly JudgedChange[], options: TruthOptions): Truth {
  if (run.override === 'pass') return 'fine';
  if (run.change === null) return 'unknown';
  const own = ownTruth(run.change, options);
  if (own !== 'unknown') return own;
  const later = shippedLater(run.change, alike);
  if (later.some(hasEscaped)) return 'harmful';
  return later.some(({ outcome }) => outcome === 'succeeded') ? 'fine' : 'unknown';
}

/**
 * Where an analysis belongs. Passed: by what became of the change. Failed: fine when a person overrode it or ruled
 * the change succeeded, or when the change was shipped unchanged (the same revision again, or the same version, commit
 * or artifact later in the same place) and was fine; harmful when it escaped then, or a person or an incident says so.
 * Else nobody knows: what was stopped and then mended tells nothing of the verdict.
 *
 * @param alike - changes that may be the same thing shipped again
 */
export function cellOf(run: JudgedRun, alike: readonly JudgedChange[], options: TruthOptions): CellName {
  if (run.judged === 'inconclusive') return 'inconclusive';
  if (run.judged === 'fail') return `failed.${truthOfFailed(run, alike, options)}`;
  if (run.change === null) return 'passed.unknown';
  if (hasEscaped(run.change)) return 'passed.escaped';
  return run.change.outcome === 'succeeded' ? 'passed.fine' : 'passed.unknown';
}

/** Failed analyses whose change does not tell by itself whether the verdict was right. */
export function unresolved(runs: readonly JudgedRun[], options: TruthOptions): readonly JudgedChange[] {
  return runs.flatMap(({ judged, override, change }) =>
    judged === 'fail' && override !== 'pass' && change !== null && ownTruth(change, options) === 'unknown'
      ? [change]
      : [],
  );
}
