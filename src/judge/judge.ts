import type { Assessment } from './sequential/assessment.ts';
import { combinationWeights, combine, pValueOf } from './sequential/combine.ts';
import { decide } from './sequential/decide.ts';
import { findingOf, type Judged } from './sequential/finding.ts';
import { overallReason } from './sequential/reasons.ts';
import { prepareAll } from './sequential/weighing.ts';
import type { JudgeInput, Judgement, Verdict } from './types.ts';

/** Values at the edge of what numbers can hold leave nothing to compute with: an error, not a silent pass. */
function computable(assessment: Assessment): Assessment {
  if (!Number.isNaN(assessment.logE)) return assessment;
  const trouble = 'its values are too large or too far apart to be computed with';
  return { ...assessment, logE: 0, excluded: false, obstacle: 'error', trouble };
}

const worth: Readonly<Record<Verdict, number>> = { pass: 1, fail: 0, inconclusive: 0.5, running: 0.5 };

/**
 * Judges all data of a run so far: for each metric the evidence for harm, together the verdict. A pure function: the
 * same input gives the same judgement, bit for bit, so that a restarted process goes on where another stopped.
 * Looking again and again costs next to no false alarms, for the evidence is made for it. Every number that comes out
 * is finite; NaN and ±Infinity that go in count as missing.
 */
export function judge(input: JudgeInput): Judgement {
  const weights = combinationWeights(input.metrics);
  const judged = prepareAll(input, weights).map(
    ({ metric, weighing }): Judged => ({ metric, assessment: computable(weighing.assess()) }),
  );
  const combined = combine(
    judged.map(({ assessment }) => assessment.logE),
    weights,
  );
  const decision = decide(judged, combined, input);
  const findings = judged.map((one, index) =>
    findingOf(
      one,
      {
        verdict: decision.metrics[index] ?? 'inconclusive',
        cause: decision.cause,
        adjusted: combined.adjusted[index] ?? 0,
        weight: weights[index] ?? 0,
      },
      input,
    ),
  );
  const score = findings.reduce((sum, { verdict, weight }) => sum + 100 * weight * worth[verdict], 0);
  return {
    verdict: decision.verdict,
    score: Math.min(100, Math.max(0, Math.round(score * 10) / 10)),
    reason: overallReason(judged, decision, input),
    evidence: { logE: combined.logE, pValue: pValueOf(combined.logE), alpha: input.alpha },
    findings,
  };
}
