/** Events and exposure seen so far, per step. */
export type Pace = {
  readonly baselineEvents: number;
  readonly canaryTotal: number;
  readonly baselineTotal: number;
  readonly eta: number;
};

const leastSteps = 3;
/** ln of the price of not knowing when the harm begins (half the prior is on the start), and of a margin for chance. */
const onsetPrice = Math.LN2;
const chanceMargin = 1.5;

/** Kullback–Leibler divergence of two coins. */
function divergence(p: number, q: number): number {
  return p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
}

/**
 * Steps until evidence 1/α is expected when the canary's rate is `ratio` times the baseline's:
 * (ln 1/α + ln 2 + 1.5) / (η · events per step · KL(θ(ratio) ‖ θ(margin))), at least 3. Too optimistic above about a
 * hundred events a step, where over-dispersion is what limits.
 */
function stepsFor(ratio: number, allowed: number, pace: Pace, alpha: number): number {
  const share = (r: number): number => (r * pace.canaryTotal) / (r * pace.canaryTotal + pace.baselineTotal);
  const events = pace.baselineEvents * (1 + (ratio * pace.canaryTotal) / pace.baselineTotal);
  const gain = pace.eta * events * divergence(share(ratio), share(allowed));
  return Math.max(leastSteps, (Math.log(1 / alpha) + onsetPrice + chanceMargin) / gain);
}

/**
 * Steps needed to find the harm seen now; `null` when that cannot be told, when the plan has not so many, or when the
 * ratio is not beyond the allowed one, for then only the planned end decides.
 */
export function countsStepsNeeded(
  ratio: number,
  allowed: number,
  sign: 1 | -1,
  pace: Pace,
  plannedSteps: number,
  alpha: number,
): number | null {
  if (sign * Math.log(ratio / allowed) <= 0) return null;
  const steps = stepsFor(ratio, allowed, pace, alpha);
  return Number.isFinite(steps) && steps <= plannedSteps ? Math.ceil(steps) : null;
}

/** The smallest relative change found by the planned end; `null` when not even a hundredfold one would be. */
export function countsMinimumDetectable(
  allowed: number,
  sign: 1 | -1,
  pace: Pace,
  plannedSteps: number,
  alpha: number,
): number | null {
  const isFound = (times: number): boolean => stepsFor(times ** sign, allowed, pace, alpha) <= plannedSteps;
  let [low, high] = [allowed ** sign, 100];
  if (!isFound(high)) return null;
  for (let round = 0; round < 50; round++) {
    const middle = Math.sqrt(low * high);
    if (isFound(middle)) high = middle;
    else low = middle;
  }
  return Math.abs(high ** sign - 1);
}
