import { judge } from '../judge/judge.ts';
import { judgeByKayenta } from '../judge/kayenta/judgement.ts';
import { stepsOf } from '../judge/sequential/first-steps.ts';
import { type Trajectory, trajectory } from '../judge/trajectory.ts';
import type { JudgeInput, Judgement } from '../judge/types.ts';
import type { Plan } from './plan.ts';
import { kayentaConfigOf } from './plan-kayenta.ts';

function judgeAsKayenta(plan: Plan, input: JudgeInput): Judgement {
  const { config, thresholds } = kayentaConfigOf(plan);
  return judgeByKayenta(config, thresholds, input);
}

/** Judges one look by the judge that the plan names. */
export function judgeBy(plan: Plan, input: JudgeInput): Judgement {
  return plan.judge === 'kayenta' ? judgeAsKayenta(plan, input) : judge(input);
}

/** Kayenta's rule is asked at the end alone; the looks before it say `running`, without evidence. */
function trajectoryAsKayenta(plan: Plan, input: JudgeInput): Trajectory {
  const judgement = judgeAsKayenta(plan, input);
  const all = Math.max(0, ...input.metrics.map(stepsOf));
  const looks = (last: Judgement['verdict']) =>
    Array.from({ length: all }, (_, index) => ({
      minute: index + 1,
      logE: 0,
      verdict: index === all - 1 ? last : ('running' as const),
    }));
  const failedAt = (verdict: Judgement['verdict']) => (verdict === 'fail' && all > 0 ? all : null);
  return {
    looks: looks(judgement.verdict),
    failedAt: failedAt(judgement.verdict),
    metrics: judgement.findings.map(({ metric, verdict }) => ({
      metric,
      looks: looks(verdict),
      failedAt: failedAt(verdict),
    })),
    judgement,
  };
}

/** Judges a run at each of its steps, the last one as `input.final` says, by the judge that the plan names. */
export function trajectoryBy(plan: Plan, input: JudgeInput): Trajectory {
  return plan.judge === 'kayenta' ? trajectoryAsKayenta(plan, input) : trajectory(input, { goOn: true });
}
