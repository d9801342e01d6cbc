import { firstSteps } from '../../judge/sequential/first-steps.ts';
import { trajectory } from '../../judge/trajectory.ts';
import type { JudgeInput } from '../../judge/types.ts';
import { judgeBy } from '../judging-by.ts';
import { type FindProvider, type Readings, read } from '../readings.ts';
import type { Run } from '../run.ts';
import type { KeptSeries } from '../run-store.ts';
import { judgeInput } from '../samples.ts';
import { endRollout, isOver, record } from '../transitions.ts';
import { dueLooks, endsAt, firstPoint, lastPoint } from '../window.ts';
import type { RolloutEnd } from './past-window.ts';

/** Changes what the judge gets, to see what it would say of that. */
export type Transform = (input: JudgeInput) => JudgeInput;

/** Reads what a run needs up to its end; series kept from before it was extended are not read again. */
export type ReadRun = (run: Run, kept: readonly KeptSeries[]) => Promise<Readings>;

/** A plan has at most that many looks. */
const mostLooks = 20_000;

type PastLook = {
  readonly at: number;
  /** Grid points that it sees. */
  readonly steps: number;
};

function stepsSeen(run: Run, at: number): number {
  return Math.max(0, Math.round((lastPoint(run, at) - firstPoint(run)) / run.plan.step) + 1);
}

/** The looks that a run has left until `until`. */
function looksOf(run: Run, until: number): readonly PastLook[] {
  return dueLooks(run, run.lookedThrough, until, mostLooks).map((at) => ({ at, steps: stepsSeen(run, at) }));
}

/** Whether there is a look at every step, so that judging at each step is judging at each look. */
function isEachStep(run: Run, looks: readonly PastLook[]): boolean {
  const before = run.lookedThrough === null ? 0 : stepsSeen(run, run.lookedThrough);
  return looks.every(({ steps }, index) => steps <= (looks[index - 1]?.steps ?? before) + 1);
}

/** Judges the looks of a run as a trajectory: what they have in common is computed once. */
function followTrajectory(
  run: Run,
  readings: Readings,
  looks: readonly PastLook[],
  transform: Transform,
): Run {
  const last = looks.at(-1);
  if (last === undefined) return run;
  const input = transform(judgeInput(run, readings, last.at));
  const { looks: seen, judgement } = trajectory(input, { from: Math.max(1, looks[0]?.steps ?? 1) });
  const decided = seen.at(-1)?.minute ?? 0;
  const isEarly = judgement.verdict === 'fail' || decided < last.steps;
  const look = (isEarly ? looks.find(({ steps }) => steps >= decided) : null) ?? last;
  return record(run, { at: look.at, judgement }, look.at);
}

/** Judges look after look, as the service does. */
function followLooks(run: Run, readings: Readings, looks: readonly PastLook[], transform: Transform): Run {
  const last = looks.at(-1);
  if (last === undefined) return run;
  // Transformed as a whole, so that every look sees the same past.
  const whole = transform(judgeInput(run, readings, last.at));
  let looked = run;
  for (const { at, steps } of looks) {
    const metrics = whole.metrics.map((metric) => firstSteps(metric, steps));
    const judgement = judgeBy(run.plan, { ...whole, final: at >= endsAt(run), metrics });
    looked = record(looked, { at, judgement }, at);
    if (isOver(looked)) break;
  }
  return looked;
}

/** Whether the rollout ended before the run had seen all it was to see. */
function isCutShort(run: Run, end: RolloutEnd | null): end is RolloutEnd {
  return end !== null && isOver(endRollout(run, end.how, end.at, end.at));
}

/** The run after the looks it has left under its present end. */
function follow(run: Run, readings: Readings, end: RolloutEnd | null, transform: Transform): Run {
  const isCut = isCutShort(run, end);
  const looks = looksOf(run, isCut ? end.at : endsAt(run));
  const judged =
    run.plan.judge === 'sequential' && isEachStep(run, looks)
      ? followTrajectory(run, readings, looks, transform)
      : followLooks(run, readings, looks, transform);
  return isCut ? endRollout(judged, end.how, end.at, end.at) : judged;
}

/**
 * Takes a run through all its looks on what its providers have to say today, to the conclusion that the service would
 * have come to: a fail at the first look that fails, a pass or what the plan makes of an inconclusive end, extended
 * once where the plan says so, and cut short where the rollout ended. `concludedAt` is the time of the deciding look.
 *
 * @param run one before its first look
 * @param readRun rejects when the window cannot be read
 */
export async function judgePast(
  run: Run,
  end: RolloutEnd | null,
  readRun: ReadRun,
  transform: Transform,
): Promise<Run> {
  let judged = run;
  let kept: readonly KeptSeries[] = [];
  while (!isOver(judged)) {
    const readings = await readRun(judged, kept);
    kept = readings.kept;
    // What cannot be judged stays so: the service's waiting for a last look's data is long over.
    judged = follow({ ...judged, finalTriedAt: 0 }, readings, end, transform);
  }
  return judged;
}

/** Reads by `findProvider` through the last point that the run may see. */
export function readWith(findProvider: FindProvider, signal: AbortSignal): ReadRun {
  return (run, kept) => read(run, kept, lastPoint(run, endsAt(run)), findProvider, signal);
}
