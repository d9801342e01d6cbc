/**
 * How Argo Rollouts ends a metric after its measurements: a model of its behaviour, held against what its assessor
 * really did (test/vectors/argo-analysisrun.json).
 */
export type MetricSpec = {
  readonly interval?: string;
  readonly count?: number;
  readonly failureLimit?: number;
  readonly inconclusiveLimit?: number;
  readonly consecutiveErrorLimit?: number;
  /** Understood since Argo Rollouts 1.8; leave it out to model an older one. */
  readonly consecutiveSuccessLimit?: number;
};
/** Successful, Failed, Inconclusive, Error. */
export type Measurement = 'S' | 'F' | 'I' | 'E';
export type Phase = 'Running' | 'Successful' | 'Failed' | 'Inconclusive' | 'Error';

type Tally = { successes: number; failures: number; inconclusives: number; errors: number; counted: number };

function tally(measurements: readonly Measurement[]): Tally {
  const sum: Tally = { successes: 0, failures: 0, inconclusives: 0, errors: 0, counted: 0 };
  for (const measurement of measurements) {
    // Successes and errors are counted in a row, failures and inconclusive ones in all; errors do not use up `count`.
    sum.successes = measurement === 'S' ? sum.successes + 1 : 0;
    sum.errors = measurement === 'E' ? sum.errors + 1 : 0;
    if (measurement === 'F') sum.failures += 1;
    if (measurement === 'I') sum.inconclusives += 1;
    if (measurement !== 'E') sum.counted += 1;
  }
  return sum;
}

/** The phase when a limit is passed, whatever else there is; `null` when none is. */
function passedLimit(spec: MetricSpec, { failures, inconclusives, errors }: Tally): Phase | null {
  const failureLimit = spec.failureLimit ?? 0;
  if (failureLimit >= 0 && failures > failureLimit) return 'Failed';
  if (inconclusives > (spec.inconclusiveLimit ?? 0)) return 'Inconclusive';
  return errors > (spec.consecutiveErrorLimit ?? 4) ? 'Error' : null;
}

/** The phase when as many were measured as `count` says. */
function usedUp(spec: MetricSpec): Phase {
  if ((spec.consecutiveSuccessLimit ?? 0) === 0) return 'Successful';
  return (spec.failureLimit ?? 0) >= 0 ? 'Inconclusive' : 'Failed';
}

/** The phase of a metric with one measurement or more. */
function assess(spec: MetricSpec, measurements: readonly Measurement[]): Phase {
  const sum = tally(measurements);
  const limited = passedLimit(spec, sum);
  if (limited !== null) return limited;
  const successLimit = spec.consecutiveSuccessLimit ?? 0;
  if (successLimit > 0 && sum.successes >= successLimit) return 'Successful';
  const count = spec.count ?? (spec.interval === undefined ? 1 : Number.POSITIVE_INFINITY);
  return sum.counted < count ? 'Running' : usedUp(spec);
}

/** Takes measurements until the metric ends; tells its phase and how many were taken. */
export function runMetric(
  spec: MetricSpec,
  measurements: readonly Measurement[],
): { phase: Phase; used: number } {
  for (let used = 1; used <= measurements.length; used += 1) {
    const phase = assess(spec, measurements.slice(0, used));
    if (phase !== 'Running') return { phase, used };
  }
  return { phase: 'Running', used: measurements.length };
}
