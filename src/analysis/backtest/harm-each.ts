import type { JudgeInput } from '../../judge/types.ts';
import type { Run } from '../run.ts';
import { firstPoint } from '../window.ts';
import { seededRandom } from './draws.ts';
import { canBeHarmed, withHarm } from './harm.ts';
import { judgePast, type ReadRun } from './judge-window.ts';
import { type HarmedMetric, type HarmRequest, minutesSince } from './judged-window.ts';

/** The first step that begins at or after the harm; a point stands for the step before it. */
function firstHarmed(run: Run, { after }: HarmRequest): number {
  const { step } = run.plan;
  return Math.max(0, Math.ceil((run.start + after + step - firstPoint(run)) / step));
}

/**
 * Judges a harmless window once more for each metric with harm in the canary of that metric alone: whether the run is
 * failed then, and when. Metrics without anything to multiply are left out. The same window gives the same result.
 *
 * @param run one before its first look
 */
export async function harmEach(run: Run, harm: HarmRequest, readRun: ReadRun): Promise<HarmedMetric[]> {
  const harmed: HarmedMetric[] = [];
  for (const { name } of run.plan.metrics) {
    let isPossible = false;
    const harmOne = (input: JudgeInput): JudgeInput => ({
      ...input,
      metrics: input.metrics.map((metric) => {
        if (metric.name !== name) return metric;
        const steps = input.plannedSteps;
        isPossible ||= canBeHarmed(metric, steps);
        const random = seededRandom(`${run.service} ${run.start} ${name}`);
        return withHarm(metric, { factor: harm.factor, from: firstHarmed(run, harm), steps }, random);
      }),
    });
    const judged = await judgePast(run, null, readRun, harmOne);
    if (!isPossible) continue;
    const caught = judged.verdict === 'fail';
    harmed.push({
      metric: name,
      caught,
      minutes: caught ? minutesSince(judged, run.start + harm.after) : null,
    });
  }
  return harmed;
}
