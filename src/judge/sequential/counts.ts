import type { JudgeInput } from '../types.ts';
import { writeDropped } from '../words.ts';
import type { Assessment, Glance, Weighing } from './assessment.ts';
import { type CountSteps, fittedRatio, joinCounts } from './count-steps.ts';
import { type ReadyArm, readyArm } from './counts-arm.ts';
import { effectOf, power, ratesOf } from './counts-effect.ts';
import { askCounts } from './counts-evidence.ts';
import { type CountsInput, isExcluded, lackingOf } from './counts-pass.ts';
import { countsPosterior } from './counts-posterior.ts';
import { describe } from './counts-words.ts';
import { bySign, meanOfSides } from './direction.ts';
import { cutCounts } from './first-steps.ts';
import { type Gaps, gapsOf } from './gaps.ts';
import { troubleOf } from './obstacle.ts';
import { type OnsetEvidence, theWholeRun } from './onset.ts';
import { summariseCounts } from './summary.ts';
import { dispersionOf, pearsonResiduals, type Residuals, tempering } from './tempering.ts';

/** Both arms joined; impossible values make all of them no evidence, neither for harm nor for a pass. */
function joined(canary: ReadyArm, baseline: ReadyArm, nonsense: string | null): CountSteps {
  const nothing = { events: [], total: [] };
  return nonsense === null ? joinCounts(canary, baseline) : joinCounts(nothing, nothing);
}

type Weigh = (gridSteps: number, residuals: Residuals) => OnsetEvidence & { readonly logPass: number };

/** Evidence for harm, and, only where an early pass may be said, evidence against it. */
function weighSides(metric: CountsInput, steps: CountSteps, input: JudgeInput): Weigh {
  const bound = Math.log1p(metric.acceptable.relative ?? metric.margin);
  const forHarm = bySign((sign) =>
    askCounts(steps, input.plannedSteps, { boundary: sign * Math.log1p(metric.margin), sign }),
  );
  const against = bySign((sign) =>
    askCounts(steps, theWholeRun, { boundary: sign * bound, sign: sign === 1 ? -1 : 1 }),
  );
  return (gridSteps, residuals) =>
    meanOfSides(metric.direction, (sign) => ({
      ...forHarm(sign)(gridSteps, residuals),
      logPass: input.earlyPass ? against(sign)(gridSteps, residuals).logE : Number.NEGATIVE_INFINITY,
    }));
}

/** What all looks at a pair of arms have in common. */
type Ready = {
  readonly canary: ReadyArm;
  readonly baseline: ReadyArm;
  readonly nonsense: string | null;
  readonly steps: CountSteps;
  readonly gapsAfter: (steps: number) => Gaps;
  readonly weigh: Weigh;
};

function makeReady(metric: CountsInput, input: JudgeInput): Ready {
  const canary = readyArm(metric.canary, metric.kind, metric.name);
  const baseline = readyArm(metric.baseline, metric.kind, metric.name);
  const nonsense = canary.nonsense ?? baseline.nonsense;
  const steps = joined(canary, baseline, nonsense);
  const gapsAfter = gapsOf(canary.total, baseline.total);
  return { canary, baseline, nonsense, steps, gapsAfter, weigh: weighSides(metric, steps, input) };
}

function residualsAfter({ steps }: Ready, kept: number): Residuals {
  return pearsonResiduals(steps, fittedRatio(steps, kept), kept);
}

function glanceAt(metric: CountsInput, ready: Ready, count: number): Glance {
  const gaps = ready.gapsAfter(count);
  return {
    ...ready.weigh(count, residualsAfter(ready, ready.steps.kept[count] ?? 0)),
    excluded: false,
    ...troubleOf(metric, gaps, 0, null),
    wentSilent: gaps.wentSilent,
  };
}

function assessCounts(metric: CountsInput, ready: Ready, input: JudgeInput): Assessment {
  const { canary, baseline, steps } = ready;
  const gaps = ready.gapsAfter(metric.canary.total.length);
  const residuals = residualsAfter(ready, steps.canary.length);
  const eta = tempering(residuals, 0);
  const known = { steps, posterior: countsPosterior(steps, eta), worth: eta / dispersionOf(residuals) };
  const effect = effectOf(metric, known);
  const excluded = isExcluded(metric, known);
  const dropped = canary.dropped + baseline.dropped;
  return {
    ...ready.weigh(gaps.steps, residuals),
    excluded,
    ...effect,
    values: {
      canary: ratesOf(steps.canary, steps.canaryTotal),
      baseline: ratesOf(steps.baseline, steps.baselineTotal),
    },
    noise: null,
    edges: null,
    canary: summariseCounts(canary.events, canary.total),
    baseline: summariseCounts(baseline.events, baseline.total),
    ...power(metric, steps, eta, input),
    lacking: excluded || !input.final ? null : lackingOf(metric, known, input.stepSeconds),
    ...troubleOf(metric, gaps, dropped, ready.nonsense),
    comparison:
      describe(metric, steps, effect, canary.neverSeen && baseline.neverSeen) + writeDropped(dropped),
    wentSilent: gaps.wentSilent,
  };
}

/** A ratio or a count made ready: events out of a total in each arm. */
export function weighCounts(metric: CountsInput, input: JudgeInput): Weighing {
  const ready = makeReady(metric, input);
  return {
    glance: (count) =>
      // Values that make no sense are none of the looks' business that did not see them.
      ready.nonsense === null
        ? glanceAt(metric, ready, count)
        : weighCounts(cutCounts(metric, count), { ...input, final: false }).assess(),
    assess: () => assessCounts(metric, ready, input),
  };
}
