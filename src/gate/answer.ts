import type { Run } from '../analysis/run.ts';
import { isOver } from '../analysis/transitions.ts';
import type { Verdict } from '../judge/types.ts';
import type { GatePolicy } from './policy.ts';

/**
 * `allow`: go on · `caution`: go on, but somebody should look · `restrict`: do not go on · `freeze`: nothing goes on
 * at the moment, whatever was judged.
 */
export const gateDecisions = ['allow', 'caution', 'restrict', 'freeze'] as const;
export type GateDecision = (typeof gateDecisions)[number];

/** Whether a change may go on, with reasons a person can act on. */
export type GateAnswer = {
  readonly allowed: boolean;
  readonly decision: GateDecision;
  /** The verdict it rests on; `running` while it is open, `null` when there is no analysis. */
  readonly verdict: Verdict | null;
  /** At least one sentence. */
  readonly reasons: readonly string[];
  readonly analysisId: string | null;
};

/** Nothing answers (yet): what was not judged does not go on. */
export function answerNothing(reason: string): GateAnswer {
  return { allowed: false, decision: 'restrict', verdict: null, reasons: [reason], analysisId: null };
}

/** A verdict that a person gave against the judge's is followed, and said. */
function isOverruled(run: Run): boolean {
  return run.override !== undefined || run.judgedVerdict !== 'pass';
}

/** What one analysis says to a gate. A dry run says nothing that anybody may act on. Pure. */
export function answerRun(run: Run, policy: Pick<GatePolicy, 'onInconclusive'>): GateAnswer {
  const restrict = (...reasons: string[]): GateAnswer => ({
    allowed: false,
    decision: 'restrict',
    verdict: run.verdict,
    reasons,
    analysisId: run.id,
  });
  const goOn = (decision: 'allow' | 'caution', ...reasons: string[]): GateAnswer => ({
    allowed: true,
    decision,
    verdict: run.verdict,
    reasons,
    analysisId: run.id,
  });
  if (run.dryRun) return restrict('the analysis is a dry run, whose pass means nothing');
  if (!isOver(run)) return restrict(`the analysis is still running: ${run.reason}`);
  switch (run.verdict) {
    case 'pass':
      return isOverruled(run)
        ? goOn('caution', `passed against the judgement, which was ${run.judgedVerdict}: ${run.reason}`)
        : goOn('allow', run.reason);
    case 'fail':
      return restrict(run.reason);
    default:
      return policy.onInconclusive === 'allow'
        ? goOn('caution', `inconclusive, which this gate lets through: ${run.reason}`)
        : restrict(`inconclusive, and what could not be judged does not pass: ${run.reason}`);
  }
}
