import type { JudgeInput, MetricInput, Verdict } from '../types.ts';
import type { Glance } from './assessment.ts';
import type { Combined } from './combine.ts';

/** The verdict of the whole and of each metric, and what it rests on. */
export type Decision = {
  readonly verdict: Verdict;
  readonly metrics: readonly Verdict[];
  readonly cause: 'evidence' | 'silence' | 'no_data' | 'none';
};

type Judged = { readonly metric: Pick<MetricInput, 'critical'>; readonly assessment: Glance };

/** The metrics that a pass needs: the critical ones, or all where none is. */
function required(judged: readonly Judged[]): readonly Judged[] {
  const critical = judged.filter(({ metric }) => metric.critical);
  return critical.length > 0 ? critical : judged;
}

function causeOfFailure(judged: readonly Judged[], combined: Combined, input: JudgeInput): Decision['cause'] {
  if (combined.logE >= Math.log(1 / input.alpha)) return 'evidence';
  if (input.onCanarySilent === 'fail' && judged.some(({ assessment }) => assessment.wentSilent))
    return 'silence';
  const isEmpty = required(judged).some(({ assessment }) => assessment.obstacle === 'no_data');
  return input.final && input.onNoData === 'fail' && isEmpty ? 'no_data' : 'none';
}

function passes({ assessment }: Judged, input: JudgeInput): boolean {
  if (assessment.obstacle !== null) return false;
  return input.final
    ? assessment.excluded
    : input.earlyPass && assessment.logPass >= Math.log(1 / input.alpha);
}

function failedMetric(
  { assessment }: Judged,
  adjusted: number,
  cause: Decision['cause'],
  input: JudgeInput,
): boolean {
  if (cause === 'evidence') return adjusted >= Math.log(1 / input.alpha);
  return cause === 'silence' ? assessment.wentSilent : assessment.obstacle === 'no_data';
}

/**
 * Says fail when the combined evidence reaches 1/alpha (or a plan fails silence or want of data), pass when every
 * metric needed excludes its acceptable worsening and no canary is silent, inconclusive at the planned end and running
 * before it.
 */
export function decide(judged: readonly Judged[], combined: Combined, input: JudgeInput): Decision {
  const open: Verdict = input.final ? 'inconclusive' : 'running';
  const cause = causeOfFailure(judged, combined, input);
  if (cause !== 'none') {
    const metrics = judged.map((one, index): Verdict => {
      if (failedMetric(one, combined.adjusted[index] ?? 0, cause, input)) return 'fail';
      return input.final && passes(one, input) ? 'pass' : 'inconclusive';
    });
    return { verdict: 'fail', metrics, cause };
  }
  const isSilent = judged.some(({ assessment }) => assessment.obstacle === 'silent' || assessment.wentSilent);
  const isPass = !isSilent && required(judged).every((one) => passes(one, input));
  const undecided: Verdict = isPass ? 'inconclusive' : open;
  const metrics = judged.map(
    (one): Verdict => (passes(one, input) && (input.final || isPass) ? 'pass' : undecided),
  );
  return { verdict: isPass ? 'pass' : open, metrics, cause };
}
