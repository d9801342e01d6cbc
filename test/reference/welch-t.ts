import { mean, sampleVariance } from 'simple-statistics';
import { studentT } from '../../src/judge/statistics/student-t.ts';
import { studentTQuantile } from './student-t-quantile.ts';

/** Welch's t-test with the interval of the difference of means. */
type WelchT = {
  readonly t: number;
  /** Two-sided. */
  readonly p: number;
  /** Degrees of freedom of Welch and Satterthwaite. */
  readonly df: number;
  /** Mean of x less mean of y, in the unit of the values. */
  readonly diff: number;
  readonly lower: number;
  readonly upper: number;
};

function isConstant(values: readonly number[]): boolean {
  return values.every((value) => value === values[0]);
}

/**
 * Welch's t-test of two means with variances of their own. Welch 1947, Biometrika 34:28.
 *
 * @param confidence of the interval, in (0, 1)
 * @returns `null` for fewer than two values in either sample, and where neither sample varies: t would be infinite or
 * undefined, and p = 0 would claim what no data can
 * @example welchT([1.1, 2.2, 3.3, 4.4], [0.5, 2, 2.9, 5.1, 6]) // t = −0.447, p = 0.669
 */
export function welchT(x: readonly number[], y: readonly number[], confidence = 0.95): WelchT | null {
  const [m, n] = [x.length, y.length];
  if (m < 2 || n < 2 || (isConstant(x) && isConstant(y))) return null;
  const parts = [sampleVariance(x) / m, sampleVariance(y) / n] as const;
  const variance = parts[0] + parts[1];
  const df = variance ** 2 / (parts[0] ** 2 / (m - 1) + parts[1] ** 2 / (n - 1));
  const diff = mean(x) - mean(y);
  const t = diff / Math.sqrt(variance);
  const half = studentTQuantile(df, (1 - confidence) / 2) * Math.sqrt(variance);
  return { t, p: 2 * studentT(df).cdf(-Math.abs(t)), df, diff, lower: diff - half, upper: diff + half };
}
