/** How an arm behaves, by the name that `scope.scenario` may have. */
export const scenarios = ['harmless', 'errors-x5', 'slow-x1.5', 'late-errors', 'no-data', 'gaps'] as const;

export type Scenario = (typeof scenarios)[number];

/** One step of one arm: the time `(at − step, at]`, in milliseconds. */
export type Moment = {
  readonly service: string;
  readonly version: string;
  readonly arm: string;
  readonly scenario: Scenario;
  readonly at: number;
  readonly step: number;
  /** From when `late-errors` has its errors, milliseconds. */
  readonly halfway: number;
};

/** By what the error rate of this moment is multiplied. */
export function errorFactor({ scenario, at, step, halfway }: Moment): number {
  if (scenario === 'errors-x5') return 5;
  return scenario === 'late-errors' && at - step >= halfway ? 5 : 1;
}

/** By what the latency of this moment is multiplied. */
export function latencyFactor({ scenario }: Moment): number {
  return scenario === 'slow-x1.5' ? 1.5 : 1;
}
