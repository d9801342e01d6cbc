import { type CountSteps, shareOf } from './count-steps.ts';

/** Residuals of the canary's counts with running sums; index i of a sum covers the first i steps. */
export type Residuals = {
  readonly value: Float64Array;
  readonly sum: Float64Array;
  readonly squares: Float64Array;
  /** Sum of r_s · r_{s+1} over the pairs within the first i steps. */
  readonly products: Float64Array;
  /** Steps with events: those that tell anything. */
  readonly informative: number;
};

/**
 * Pearson residuals of the canary's share of each step's events at one ratio of rates; 0 where there are none.
 *
 * @param n of the first so many kept steps
 */
export function pearsonResiduals(steps: CountSteps, ratio: number, n = steps.canary.length): Residuals {
  let informative = 0;
  const value = new Float64Array(n);
  const [sum, squares, products] = [
    new Float64Array(n + 1),
    new Float64Array(n + 1),
    new Float64Array(n + 1),
  ];
  for (let step = 0; step < n; step++) {
    const x = steps.canary[step] ?? 0;
    const all = x + (steps.baseline[step] ?? 0);
    const share = shareOf(steps, step, ratio);
    const variance = all * share * (1 - share);
    informative += Math.sign(all);
    const residual = variance > 0 ? (x - all * share) / Math.sqrt(variance) : 0;
    const previous = step === 0 ? 0 : (value[step - 1] ?? 0);
    value[step] = residual;
    sum[step + 1] = (sum[step] ?? 0) + residual;
    squares[step + 1] = (squares[step] ?? 0) + residual * residual;
    products[step + 1] = (products[step] ?? 0) + residual * previous;
  }
  return { value, sum, squares, products, informative };
}

/** Sums of squares and of neighbours' products of a stretch around its own mean. */
function centred(
  { value, sum, squares, products }: Residuals,
  from: number,
  to: number,
): { square: number; lag: number } {
  const n = to - from;
  if (n <= 0) return { square: 0, lag: 0 };
  const whole = (sum[to] ?? 0) - (sum[from] ?? 0);
  const mean = whole / n;
  const ends = (value[from] ?? 0) + (value[to - 1] ?? 0);
  const raw = (products[to] ?? 0) - (products[from + 1] ?? 0);
  return {
    square: Math.max(0, (squares[to] ?? 0) - (squares[from] ?? 0) - n * mean * mean),
    lag: raw - mean * (2 * whole - ends) + (n - 1) * mean * mean,
  };
}

/**
 * How much of the evidence of a window stands when neighbouring steps are alike: η = (1 − p)/(1 + p), the share of
 * independent steps under a lag-1 autocorrelation p, estimated from the residuals with the steps before and from the
 * onset around means of their own, corrected for the bias of short series and shrunk. In (0, 1]; evidence to the power
 * of a fixed η ≤ 1 keeps its guarantee (Jensen).
 *
 * @param onset kept steps before the window; 0 for the whole run
 */
export function tempering(residuals: Residuals, onset: number): number {
  const t = residuals.value.length;
  if (t < 5 || residuals.informative === 0) return 1;
  const before = centred(residuals, 0, onset);
  const after = centred(residuals, onset, t);
  const square = before.square + after.square;
  const r1 = square > 0 ? (before.lag + after.lag) / square : 0;
  const segments = onset === 0 ? 1 : 2;
  const biased = Math.min(0.9, Math.max(0, r1 + (segments * (1 + 4 * r1)) / t));
  const p = (biased * t) / (t + 10);
  return (1 - p) / (1 + p);
}

/**
 * Pearson's dispersion χ²/(n − 1) over the n steps with events (McCullagh & Nelder 1989, 4.5): 1 for pure chance; at
 * least 1, and 1 for under 5 such steps. Steps without events would dilute it.
 */
export function dispersionOf({ squares, value, informative }: Residuals): number {
  return informative < 5 ? 1 : Math.max(1, (squares[value.length] ?? 0) / (informative - 1));
}
