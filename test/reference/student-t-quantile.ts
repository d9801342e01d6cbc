import { studentT } from '../../src/judge/statistics/student-t.ts';

/**
 * Upper quantile of Student's t distribution: the t ≥ 0 with P(T > t) = tail, by bisection down to the last digit.
 *
 * @param tail in (0, ½]
 * @example studentTQuantile(10, 0.025) // 2.228
 */
export function studentTQuantile(degrees: number, tail: number): number {
  const { cdf } = studentT(degrees);
  let [low, high] = [0, 1];
  while (cdf(-high) > tail) high *= 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) return middle;
    if (cdf(-middle) > tail) low = middle;
    else high = middle;
  }
}
