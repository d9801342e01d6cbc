import { logSumExp } from '../statistics/log-sum-exp.ts';
import { type StudentT, studentT } from '../statistics/student-t.ts';
import type { NoiseProfile } from '../types.ts';
import type { Whitened } from './whiten.ts';

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
  readonly phi: number;
};

/** Autocorrelations with less of the posterior than this show in no figure. */
const negligible = 1e-12;

function componentsOf(
  whites: readonly Whitened[],
  prior: readonly number[],
  degrees: number,
  profile: NoiseProfile | null,
): Component[] {
  const parts = whites.map((white, k) => {
    const { steps } = white;
    const information = white.sumAA[steps] ?? 0;
    const score = white.sumAE[steps] ?? 0;
    const own = Math.max(0, (white.sumEE[steps] ?? 0) - (score * score) / information);
    const rest = own + (profile?.squares[k] ?? 0);
    const innovation = Math.sqrt(rest / degrees);
    const logWeight =
      (prior[k] ?? 0) -
      (white.logDeterminant + (profile?.logDeterminants[k] ?? 0)) / 2 -
      Math.log(information) / 2 -
      (degrees / 2) * Math.log(Math.max(rest, Number.MIN_VALUE));
    return {
      logWeight,
      mean: score / information,
      error: innovation / Math.sqrt(information),
      innovation,
      phi: white.phi,
    };
  });
  const total = logSumExp(parts.map(({ logWeight }) => logWeight));
  const weighted = parts.map(({ logWeight, ...part }) => ({ ...part, weight: Math.exp(logWeight - total) }));
  return weighted.filter(({ weight }) => weight > negligible);
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

/** Newton's steps towards below(x) = p, halving the bracket wherever a step would leave it. */
function quantileOf(
  components: readonly Component[],
  t: StudentT,
  below: (x: number) => number,
): (p: number) => number {
  const widest = Math.max(...components.map(({ error }) => error));
  const means = components.map(({ mean }) => mean);
  const density = (x: number): number =>
    components.reduce(
      (sum, { weight, mean, error }) =>
        sum + (error === 0 ? 0 : (weight * t.pdf((x - mean) / error)) / error),
      0,
    );
  return (p) => {
    let low = widen(Math.min(...means) - 2 * widest, -widest, (x) => below(x) <= p);
    let high = widen(Math.max(...means) + 2 * widest, widest, (x) => below(x) >= p);
    let at = (low + high) / 2;
    for (let round = 0; round < 60 && high - low > 1e-13 * (1 + Math.abs(at)); round++) {
      const excess = below(at) - p;
      if (excess < 0) low = at;
      else high = at;
      const newton = at - excess / density(at);
      if (Math.abs(newton - at) <= 1e-13 * (1 + Math.abs(at))) return newton;
      at = newton > low && newton < high ? newton : (low + high) / 2;
    }
    return at;
  };
}

/**
 * Posterior of the mean log ratio under AR(1) noise, flat prior of the mean, 1/σ prior of the scale: for each φ a
 * Student t with n − 1 degrees of freedom around the generalised least squares mean.
 *
 * @param profile noise known from elsewhere; it adds to square sums, determinants and degrees of freedom
 * @returns `null` for fewer than 3 points
 */
export function gaugePosterior(
  whites: readonly Whitened[],
  prior: readonly number[],
  profile: NoiseProfile | null = null,
): GaugePosterior | null {
  const [first] = whites;
  const n = first === undefined ? 0 : (first.count[first.steps] ?? 0);
  if (n < 3) return null;
  const degrees = n - 1 + (profile?.degrees ?? 0);
  const components = componentsOf(whites, prior, degrees, profile);
  const t = studentT(degrees);
  const below = belowOf(components, t);
  const average = (pick: (component: Component) => number): number =>
    components.reduce((sum, component) => sum + component.weight * pick(component), 0);
  return {
    below,
    quantile: quantileOf(components, t, below),
    innovation: average(({ innovation }) => innovation),
    phi: average(({ phi }) => phi),
  };
}
