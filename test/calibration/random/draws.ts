import { beta, binomial, gamma, normal, poisson } from './samplers.ts';

/** Random numbers of the distributions that the generators need, all from one stream. */
export type Draws = {
  /** Even in (0, 1). */
  readonly fraction: () => number;
  /** Mean 0, variance 1. */
  readonly normal: () => number;
  /** Scale 1: mean and variance `shape`. */
  readonly gamma: (shape: number) => number;
  readonly beta: (left: number, right: number) => number;
  readonly poisson: (mean: number) => number;
  readonly binomial: (trials: number, chance: number) => number;
};

/** Makes the draws of a stream; the same stream gives the same numbers in the same order. */
export function createDraws(fraction: () => number): Draws {
  const normals = normal(fraction);
  const gammas = gamma(fraction, normals);
  const betas = beta(gammas);
  const binomials = binomial(fraction, betas);
  return {
    fraction,
    normal: normals,
    gamma: gammas,
    beta: betas,
    binomial: binomials,
    poisson: poisson(fraction, gammas, binomials),
  };
}
