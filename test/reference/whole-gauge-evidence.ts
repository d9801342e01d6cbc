import { median, medianAbsoluteDeviation } from 'simple-statistics';
import { logSumExp } from '../../src/judge/statistics/log-sum-exp.ts';
import { studentT } from '../../src/judge/statistics/student-t.ts';
import type { Samples } from '../../src/judge/types.ts';

/** Prior variance of the effect, in squared innovation standard deviations. */
const g = 4;
const phis = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];

type Point = { readonly step: number; readonly value: number };

function winsorised(points: readonly Point[]): Point[] {
  const values = points.map(({ value }) => value);
  const [centre, reach] = [median(values), 4 * 1.4826 * medianAbsoluteDeviation(values)];
  if (reach === 0) return [...points];
  return points.map(({ step, value }) => ({
    step,
    value: Math.min(centre + reach, Math.max(centre - reach, value)),
  }));
}

/** ln of the likelihood of no effect and of a positive one, up to the same constant, under one autocorrelation. */
function logLikelihoods(
  points: readonly Point[],
  phi: number,
): { readonly none: number; readonly some: number } {
  let [squares, information, score, logDeterminant] = [0, 0, 0, 0];
  points.forEach(({ step, value }, index) => {
    const previous = points[index - 1];
    const carry = previous === undefined ? 0 : phi ** (step - previous.step);
    const variance = (1 - carry ** 2) / (1 - phi ** 2);
    const innovation = value - carry * (previous?.value ?? 0);
    squares += innovation ** 2 / variance;
    information += (1 - carry) ** 2 / variance;
    score += ((1 - carry) * innovation) / variance;
    logDeterminant += Math.log(variance);
  });
  const n = points.length;
  const precision = information + 1 / g;
  const rest = squares - score ** 2 / precision;
  const tail = studentT(n).logCdf(score * Math.sqrt(n / (precision * rest)));
  return {
    none: -logDeterminant / 2 - (n / 2) * Math.log(squares),
    some: -logDeterminant / 2 - Math.log(g * precision) / 2 - (n / 2) * Math.log(rest) + Math.LN2 + tail,
  };
}

/**
 * Evidence that the mean of a whole series lies above a margin, with no thought of a later onset: the first version of
 * the evidence for gauges. A t-type Bayes factor of a half-normal effect under AR(1) noise, autocorrelation mixed over
 * 0 … 0.8 with weights 1 − φ, right-Haar prior of the scale (Jeffreys 1961, Theory of Probability, section 5.2; Hendriksen,
 * de Heide & Grünwald 2021, Bayesian Anal. 16:961). Recomputes every sum at every φ, as its formulas are written.
 *
 * @param series log ratios, `null` where missing; drawn in to the median ± 4 robust standard deviations
 * @param margin in the unit of the series
 * @returns ln E; 0 for fewer than 3 points
 */
export function wholeGaugeEvidence(series: Samples, margin: number): number {
  const points = series.flatMap((value, step) => (value === null ? [] : [{ step, value }]));
  if (points.length < 3) return 0;
  const beyond = winsorised(points).map(({ step, value }) => ({ step, value: value - margin }));
  const parts = phis.map((phi) => ({ weight: Math.log(1 - phi), ...logLikelihoods(beyond, phi) }));
  const some = logSumExp(parts.map(({ weight, some: part }) => weight + part));
  return some - logSumExp(parts.map(({ weight, none }) => weight + none));
}
