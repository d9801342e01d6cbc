/** A place and the function's value there. */
export type Point = { readonly at: number; readonly value: number };

/** Kayenta's tolerance, absolute whatever the unit: what makes its judge depend on the scale of a metric. */
export const tolerance = 1e-4;
const mostSteps = 1001;

/** Step to the root that a line or a parabola through the points has, as a fraction p / q with p ≥ 0. */
function interpolate(previous: Point, best: Point, opposite: Point): readonly [p: number, q: number] {
  const span = opposite.at - best.at;
  const ratio = best.value / previous.value;
  let p = span * ratio;
  let q = 1 - ratio;
  if (previous.at !== opposite.at) {
    const first = previous.value / opposite.value;
    const second = best.value / opposite.value;
    p = ratio * (span * first * (first - second) - (best.at - previous.at) * (second - 1));
    q = (first - 1) * (second - 1) * (ratio - 1);
  }
  return p > 0 ? [p, -q] : [-p, q];
}

/** The next step from `best`: interpolated where that converges, else half the way to `opposite`. */
function nextStep(previous: Point, best: Point, opposite: Point, last: number, least: number): number {
  const span = opposite.at - best.at;
  let step = span / 2;
  if (Math.abs(last) >= least && Math.abs(previous.value) > Math.abs(best.value)) {
    const [p, q] = interpolate(previous, best, opposite);
    if (p < 0.75 * span * q - Math.abs(least * q) / 2 && p < Math.abs((last * q) / 2)) step = p / q;
  }
  if (Math.abs(step) >= least) return step;
  return step > 0 ? least : -least;
}

/**
 * A root of `f` between two points by Brent's method: Brent 1973, Algorithms for Minimization without Derivatives,
 * chapter 4, in the order of operations of R's `zeroin`, so that results agree to the last digit. Stops within
 * `tolerance` of a change of sign.
 *
 * @param f may have steps
 * @param from one end with its value; a value of 0 there is the root
 * @param to the other end
 */
export function brentRoot(f: (at: number) => number, from: Point, to: Point): number {
  if (from.value === 0) return from.at;
  let previous = from;
  let best = to;
  let opposite = from;
  for (let step = 0; step < mostSteps; step++) {
    const last = best.at - previous.at;
    if (Math.abs(opposite.value) < Math.abs(best.value)) {
      previous = best;
      best = opposite;
      opposite = previous;
    }
    const least = 2 * Number.EPSILON * Math.abs(best.at) + tolerance / 2;
    if (Math.abs((opposite.at - best.at) / 2) <= least || best.value === 0) return best.at;
    const at = best.at + nextStep(previous, best, opposite, last, least);
    previous = best;
    best = { at, value: f(at) };
    if (best.value * opposite.value > 0) opposite = previous;
  }
  return best.at;
}
