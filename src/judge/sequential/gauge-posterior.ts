import { logSumExp } from '../statistics/log-sum-exp.ts';
import { type StudentT, studentT } from '../statistics/student-t.ts';
import { phiGrid, type Whitened } from './whiten.ts';

/** What is known of the mean log ratio: a mixture over φ of Student t distributions. */
export type GaugePosterior = {
  /** P(mean < x). */
  readonly below: (x: number) => number;
  readonly quantile: (p: number) => number;
  /** Innovation standard deviation and autocorrelation, averaged over the mixture. */
  readonly innovation: number;
  readonly phi: number;
};

type Component = {
  readonly weight: number;
  readonly mean: number;
  readonly error: number;
  readonly innovation: number;
};

function componentsOf(whites: readonly Whitened[], prior: readonly number[], n: number): Component[] {
  const parts = whites.map((white, k) => {
    const steps = white.value.length;
    const information = white.sumAA[steps] ?? 0;
    const score = white.sumAE[steps] ?? 0;
    const rest = Math.max(0, (white.sumEE[steps] ?? 0) - (score * score) / information);
    const innovation = Math.sqrt(rest / (n - 1));
    const logWeight =
      (prior[k] ?? 0) -
      white.logDeterminant / 2 -
      Math.log(information) / 2 -
      ((n - 1) / 2) * Math.log(Math.max(rest, Number.MIN_VALUE));
    return { logWeight, mean: score / information, error: innovation / Math.sqrt(information), innovation };
  });
  const total = logSumExp(parts.map(({ logWeight }) => logWeight));
  return parts.map(({ logWeight, ...part }) => ({ ...part, weight: Math.exp(logWeight - total) }));
}

function belowOf(components: readonly Component[], t: StudentT): (x: number) => number {
  return (x) =>
    components.reduce((sum, { weight, mean, error }) => {
      if (error === 0) return sum + weight * (x > mean ? 1 : x < mean ? 0 : 0.5);
      return sum + weight * t.cdf((x - mean) / error);
    }, 0);
}

/** Moves a bound outwards, in doubling strides, until it lies beyond the quantile. */
function widen(from: number, stride: number, isBeyond: (x: number) => boolean): number {
  let at = from;
  for (let round = 0; round < 40 && !isBeyond(at); round++) at += stride * 2 ** round;
  return at;
}

function quantileOf(components: readonly Component[], below: (x: number) => number): (p: number) => number {
  const widest = Math.max(...components.map(({ error }) => error));
  const means = components.map(({ mean }) => mean);
  return (p) => {
    let low = widen(Math.min(...means) - widest, -widest, (x) => below(x) <= p);
    let high = widen(Math.max(...means) + widest, widest, (x) => below(x) >= p);
    for (let round = 0; round < 60; round++) {
      const middle = (low + high) / 2;
      if (below(middle) < p) low = middle;
      else high = middle;
    }
    return (low + high) / 2;
  };
}

/**
 * Posterior of the mean log ratio under AR(1) noise, flat prior of the mean, 1/σ prior of the scale: for each φ a
 * Student t with n − 1 degrees of freedom around the generalised least squares mean.
 *
 * @returns `null` for fewer than 3 points
 */
export function gaugePosterior(whites: readonly Whitened[], prior: readonly number[]): GaugePosterior | null {
  const [first] = whites;
  const n = first === undefined ? 0 : (first.count[first.value.length] ?? 0);
  if (n < 3) return null;
  const components = componentsOf(whites, prior, n);
  const below = belowOf(components, studentT(n - 1));
  const average = (pick: (component: Component, k: number) => number): number =>
    components.reduce((sum, component, k) => sum + component.weight * pick(component, k), 0);
  return {
    below,
    quantile: quantileOf(components, below),
    innovation: average(({ innovation }) => innovation),
    phi: average((_, k) => phiGrid[k] ?? 0),
  };
}
