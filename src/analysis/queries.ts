import { formatDuration } from '../duration.ts';
import type { QueryVariables } from '../metrics/provider.ts';
import type { Run } from './run.ts';
import { firstPoint } from './window.ts';

type Arm = 'canary' | 'baseline';
type Subject = Pick<
  Run,
  'service' | 'environment' | 'target' | 'version' | 'canary' | 'baseline' | 'start' | 'end' | 'plan'
>;

/** The variables of one arm's queries by name. `start` and `end` are unix seconds, `step` is a duration. */
export function variablesOf(run: Subject, arm: Arm): QueryVariables {
  const scope = Object.entries(arm === 'canary' ? run.canary : run.baseline).map(
    ([name, value]) => [`scope.${name}`, value] as const,
  );
  return {
    service: run.service,
    environment: run.environment,
    target: run.target ?? '',
    version: run.version,
    step: formatDuration(run.plan.step),
    start: String(Math.floor(run.start / 1000)),
    end: String(Math.floor(run.end / 1000)),
    ...Object.fromEntries(scope),
  };
}

/** How far back the baseline's own past is read for the noise prior, in steps. */
const historySteps = 60;

/** The grid points of the baseline's past: the steps that end at or before the start of the window. */
export function historyPoints(run: Pick<Run, 'start' | 'end' | 'plan'>): {
  readonly from: number;
  readonly to: number;
} {
  const { step } = run.plan;
  const to = Math.min(Math.floor(run.start / step) * step, firstPoint(run) - step);
  return { from: to - (historySteps - 1) * step, to };
}
