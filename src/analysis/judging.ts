import { invalidInput } from '../errors.ts';
import type { Trajectory } from '../judge/trajectory.ts';
import type { JudgeInput, Judgement } from '../judge/types.ts';
import { judgeBy, trajectoryBy } from './judging-by.ts';
import { type JudgeRequest, readJudgeRequest } from './judging-request.ts';
import { plannedSteps } from './window.ts';

/** What is said of samples at hand. */
export type JudgeAnswer = {
  /** Where each step was looked at: what is said at the look that concludes the run. */
  readonly judgement: Judgement;
  /** `null` when only the whole was judged. */
  readonly trajectory: Trajectory | null;
  /** Steps judged: those of the samples without the warm-up and what lies behind the run's end. */
  readonly steps: number;
  /** Steps in the whole planned run. */
  readonly plannedSteps: number;
};

/** The run on the grid of its samples, counted from 0: judged are the steps from `first` up to an end. */
type Frame = {
  readonly steps: number;
  readonly first: number;
  readonly planned: number;
  /** Where the run ends, and where it ends when it is extended once. */
  readonly end: number;
  readonly extendedEnd: number;
};

function frameOf({ plan, step, hasDuration, metrics }: JudgeRequest): Frame {
  const steps = Math.max(0, ...metrics.map((metric) => metric.steps));
  const first = Math.ceil(plan.warmup / step);
  if (!hasDuration)
    return { steps, first, planned: Math.max(1, steps - first), end: steps, extendedEnd: steps };
  const stepsUntil = (end: number): number => plannedSteps({ start: 0, end, plan });
  const planned = stepsUntil(plan.duration);
  const extended = plan.onInconclusive === 'extend' ? stepsUntil(plan.maxDuration) : planned;
  return { steps, first, planned, end: first + planned, extendedEnd: first + extended };
}

/** Of `looks: each`, for each look goes over all steps before it: series × steps², summed over the metrics. */
const mostWork = 25_000_000;

/** Refuses what would keep a thread busy for minutes. */
function checkWork({ looks, metrics }: JudgeRequest, frame: Frame): void {
  const steps = Math.min(frame.steps, frame.extendedEnd) - frame.first;
  const series = metrics.reduce((sum, metric) => sum + metric.series, 0);
  if (looks === 'last' || steps <= 0 || series * steps * steps <= mostWork) return;
  const most = Math.floor(Math.sqrt(mostWork / series));
  throw invalidInput([
    {
      path: 'looks',
      message: `found "each" over ${steps} steps of ${series} series; for so many series at most ${most} steps are looked at one by one, and "last" is allowed for more`,
    },
  ]);
}

function inputOf({ plan, step, metrics }: JudgeRequest, frame: Frame, end: number): JudgeInput {
  const to = Math.min(end, frame.steps);
  return {
    alpha: plan.alpha / plan.stages,
    plannedSteps: frame.planned,
    stepSeconds: step / 1000,
    final: frame.steps >= end,
    earlyPass: plan.earlyPass,
    onCanarySilent: plan.onCanarySilent,
    onNoData: plan.onNoData,
    metrics: metrics.map((metric) => metric.input(frame.first, to)),
  };
}

function judgeUntil(request: JudgeRequest, frame: Frame, end: number): JudgeAnswer {
  const input = inputOf(request, frame, end);
  const trajectory = request.looks === 'each' ? trajectoryBy(request.plan, input) : null;
  return {
    judgement: trajectory?.judgement ?? judgeBy(request.plan, input),
    trajectory,
    steps: Math.max(0, Math.min(end, frame.steps) - frame.first),
    plannedSteps: frame.planned,
  };
}

/**
 * Judges samples at hand as a run over them would have been judged. The first step is the first of the run: the plan's
 * warm-up is left out of the judgement, and what lies behind its duration is not looked at, unless the run, inconclusive
 * by then, is one to extend. Samples that end before the plan does make the verdict `running`. Pure: the same body gives
 * the same answer, bit for bit.
 *
 * @param body `{plan, samples, stepSeconds, looks?, history?}` without its absent members; rejected with
 *   `invalid_input` naming every issue by its path
 */
export function judgeRequest(body: unknown): JudgeAnswer {
  const request = readJudgeRequest(body);
  const frame = frameOf(request);
  checkWork(request, frame);
  const answer = judgeUntil(request, frame, frame.end);
  const mayExtend = frame.extendedEnd > frame.end && frame.steps > frame.end;
  return mayExtend && answer.judgement.verdict === 'inconclusive'
    ? judgeUntil(request, frame, frame.extendedEnd)
    : answer;
}
