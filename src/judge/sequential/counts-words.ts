import { writeNumber, writePercent, writeRatio } from '../words.ts';
import type { Assessment } from './assessment.ts';
import { type CountSteps, total } from './count-steps.ts';
import type { CountsInput } from './counts-pass.ts';

/** An error-free comparison; says so too when the events' series never existed, for the query may be mistaken. */
function describeNone({ name, kind, direction }: CountsInput, steps: CountSteps, neverSeen: boolean): string {
  const noun = kind === 'ratio' && direction !== 'decrease' ? 'errors' : 'events';
  const whole = kind === 'ratio' ? 'requests' : 'units of exposure';
  const [canary, baseline] = [steps.canaryTotal, steps.baselineTotal].map((arm) =>
    writeNumber(Math.round(total(arm))),
  );
  const never = neverSeen ? ' (their series never existed)' : '';
  return `${name}: no ${noun} in ${canary} canary and ${baseline} baseline ${whole}${never}`;
}

/** The canary against the baseline in words and numbers. */
export function describe(
  metric: CountsInput,
  steps: CountSteps,
  { effect, interval }: Pick<Assessment, 'effect' | 'interval'>,
  neverSeen: boolean,
): string {
  const { name, kind } = metric;
  const [canary, baseline] = [total(steps.canary), total(steps.baseline)];
  const [canaryTotal, baselineTotal] = [total(steps.canaryTotal), total(steps.baselineTotal)];
  if (canaryTotal === 0 || baselineTotal === 0) return `${name}: nothing to count in one of the arms`;
  if (canary === 0 && baseline === 0) return describeNone(metric, steps, neverSeen);
  const write = kind === 'ratio' ? writePercent : (rate: number): string => `${writeNumber(rate)} per unit`;
  const levels = `${name}: ${write(canary / canaryTotal)} in the canary against ${write(baseline / baselineTotal)}`;
  if (effect === null || interval === null) return levels;
  const [low, high] = interval;
  return `${levels}, ${writeRatio(1 + effect)}× (90 % interval ${writeRatio(1 + low)}–${writeRatio(1 + high)})`;
}
