import { judge } from './judge.ts';
import type { Glance } from './sequential/assessment.ts';
import { type Combined, combinationWeights, combine } from './sequential/combine.ts';
import { type Decision, decide } from './sequential/decide.ts';
import { firstSteps, stepsOf } from './sequential/first-steps.ts';
import { prepareAll } from './sequential/weighing.ts';
import type { JudgeInput, Judgement, Verdict } from './types.ts';

/** One look of a trajectory; `minute` is its number, from 1, which is also the number of steps it saw. */
export type TrajectoryLook = { readonly minute: number; readonly logE: number; readonly verdict: Verdict };

/** How the evidence of one metric grew. */
export type MetricTrajectory = {
  readonly metric: string;
  readonly looks: readonly TrajectoryLook[];
  /** The first look at which the metric is failed; `null` when none. */
  readonly failedAt: number | null;
};

/** A run judged at each of its steps. */
export type Trajectory = {
  readonly looks: readonly TrajectoryLook[];
  /** The first look that fails; `null` when none. */
  readonly failedAt: number | null;
  readonly metrics: readonly MetricTrajectory[];
  /** What is said at the look that concludes the run: the first that fails or passes early, else the last. */
  readonly judgement: Judgement;
};

export type TrajectoryOptions = {
  /** The first look, a number of steps from 1; 1 by default. */
  readonly from?: number | undefined;
  /** Goes on after a verdict is reached, which then stays; false by default. */
  readonly goOn?: boolean | undefined;
};

type Look = {
  readonly minute: number;
  readonly glances: readonly Glance[];
  readonly combined: Combined;
  readonly decision: Decision;
};

function computable(glance: Glance): Glance {
  return Number.isNaN(glance.logE) ? { ...glance, logE: 0, excluded: false, obstacle: 'error' } : glance;
}

/** The run as it was after so many steps, before its planned end unless that is all of it. */
function inputAfter(input: JudgeInput, steps: number, all: number): JudgeInput {
  if (steps === all) return input;
  return { ...input, final: false, metrics: input.metrics.map((metric) => firstSteps(metric, steps)) };
}

/** Takes the looks one by one, each as if it were not the last. */
function* lookThrough(input: JudgeInput, from: number, to: number): Generator<Look> {
  const weights = combinationWeights(input.metrics);
  const prepared = prepareAll(input, weights);
  for (let minute = from; minute <= to; minute++) {
    const judged = prepared.map(({ metric, weighing }) => ({
      metric,
      assessment: computable(weighing.glance(minute)),
    }));
    const glances = judged.map(({ assessment }) => assessment);
    const combined = combine(
      glances.map(({ logE }) => logE),
      weights,
    );
    yield { minute, glances, combined, decision: decide(judged, combined, { ...input, final: false }) };
  }
}

/** The verdicts one after the other: once one is reached it stays, and the last look has that of the judgement. */
function latch(verdicts: readonly Verdict[], last: Verdict | null): Verdict[] {
  let reached: Verdict = 'running';
  return verdicts.map((verdict, index) => {
    if (reached === 'running') reached = index === verdicts.length - 1 && last !== null ? last : verdict;
    return reached;
  });
}

function describe(
  looks: readonly Look[],
  verdicts: readonly Verdict[],
  logEOf: (look: Look) => number,
): { readonly looks: readonly TrajectoryLook[]; readonly failedAt: number | null } {
  const described = looks.map((look, index) => ({
    minute: look.minute,
    logE: logEOf(look),
    verdict: verdicts[index] ?? 'running',
  }));
  return { looks: described, failedAt: described.find(({ verdict }) => verdict === 'fail')?.minute ?? null };
}

/**
 * Judges a run at each of its steps as its looks would have been judged, the last one as `input.final` says; what all
 * looks have in common is computed once. Stops at the first look that fails or passes early unless it is told to go on.
 *
 * @returns for a run without a step no looks, and the judgement of nothing
 */
export function trajectory(input: JudgeInput, options: TrajectoryOptions = {}): Trajectory {
  const all = Math.max(0, ...input.metrics.map(stepsOf));
  const looks: Look[] = [];
  let end = all;
  for (const look of lookThrough(input, Math.max(1, options.from ?? 1), all)) {
    looks.push(look);
    if (look.decision.verdict !== 'running') end = Math.min(end, look.minute);
    if (end < all && options.goOn !== true) break;
  }
  const judgement = judge(inputAfter(input, end, all));
  const isLast = looks.at(-1)?.minute === end;
  const overall = latch(
    looks.map(({ decision }) => decision.verdict),
    isLast ? judgement.verdict : null,
  );
  return {
    ...describe(looks, overall, ({ combined }) => combined.logE),
    metrics: judgement.findings.map(({ metric, verdict }, index) => ({
      metric,
      ...describe(
        looks,
        latch(
          looks.map(({ decision }) => decision.metrics[index] ?? 'running'),
          isLast ? verdict : null,
        ),
        ({ glances }) => glances[index]?.logE ?? 0,
      ),
    })),
    judgement,
  };
}
