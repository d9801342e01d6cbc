import type { JudgeAnswer } from '../analysis/judging.ts';
import { writeBounded, writeFinding, writeScore } from './analyses/analysis.ts';
import type { components } from './schema.gen.ts';

type Schemas = components['schemas'];
type MetricTrajectory = NonNullable<JudgeAnswer['trajectory']>['metrics'][number];
type TrajectoryLook = MetricTrajectory['looks'][number];

function writeLook({ minute, logE, verdict }: TrajectoryLook): Schemas['TrajectoryLook'] {
  return { minute, logE: Number.isFinite(logE) ? logE : null, verdict };
}

function writeGrowth(
  grown: Pick<MetricTrajectory, 'looks' | 'failedAt'> | undefined | null,
): Pick<Schemas['Judgement'], 'trajectory' | 'failedAt'> {
  if (grown === undefined || grown === null) return {};
  return { trajectory: grown.looks.map(writeLook), failedAt: grown.failedAt };
}

/** What is said of samples at hand, in the form of the API. */
export function writeJudgement(answer: JudgeAnswer): Schemas['Judgement'] {
  const { judgement, trajectory, steps, plannedSteps } = answer;
  const { logE, pValue, alpha } = judgement.evidence;
  return {
    verdict: judgement.verdict,
    score: writeScore(judgement.score),
    reason: judgement.reason,
    evidence: { logE: writeBounded(logE), pValue: writeBounded(pValue), alpha },
    steps,
    plannedSteps,
    findings: judgement.findings.map((finding, index) => ({
      ...writeFinding(finding),
      ...writeGrowth(trajectory?.metrics[index]),
    })),
    ...writeGrowth(trajectory),
  };
}
