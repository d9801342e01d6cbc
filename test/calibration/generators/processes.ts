import type { Draws } from '../random/draws.ts';

/** Stationary Gaussian noise, mean 0, variance 1, lag-1 autocorrelation `phi`: x_t = φ x_{t−1} + √(1 − φ²) ε_t. */
export function autoregression({ normal }: Draws, steps: number, phi: number): Float64Array {
  const out = new Float64Array(steps);
  const innovation = Math.sqrt(1 - phi * phi);
  let state = normal();
  for (let step = 0; step < steps; step++) {
    out[step] = state;
    state = phi * state + innovation * normal();
  }
  return out;
}

/** A random walk that has taken its first step at index 0; each step has standard deviation `deviation`. */
export function randomWalk({ normal }: Draws, steps: number, deviation: number): Float64Array {
  const out = new Float64Array(steps);
  let state = 0;
  for (let step = 0; step < steps; step++) {
    state += deviation * normal();
    out[step] = state;
  }
  return out;
}

/**
 * Stationary gamma noise of mean 1, coefficient of variation `cv` and lag-1 autocorrelation `phi`:
 * g_t = B_t g_{t−1} + e_t with B_t ~ Beta(kφ, k(1 − φ)), e_t ~ Gamma(k(1 − φ)), k = 1/cv²
 * (Lewis, McKenzie & Hugus 1989, Stochastic Models 5:1). All ones for `cv` 0.
 */
export function gammaNoise(draws: Draws, steps: number, cv: number, phi: number): Float64Array {
  if (cv === 0) return new Float64Array(steps).fill(1);
  const shape = 1 / (cv * cv);
  const out = new Float64Array(steps);
  let state = draws.gamma(shape);
  for (let step = 0; step < steps; step++) {
    out[step] = state / shape;
    const kept = phi === 0 ? 0 : draws.beta(shape * phi, shape * (1 - phi)) * state;
    state = kept + draws.gamma(shape * (1 - phi));
  }
  return out;
}

/** What a change does to the canary: `factor` times from minute `from` on (counted from 1), or a ramp up to it. */
export type Worsening = { readonly factor: number; readonly from: number; readonly isRamp?: boolean };

/** A change that does nothing. */
export const harmless: Worsening = { factor: 1, from: 1 };

/** By how much the canary is multiplied in a minute of a run of `steps` minutes. */
export function factorAt({ factor, from, isRamp }: Worsening, minute: number, steps: number): number {
  if (minute < from) return 1;
  return isRamp === true ? 1 + ((factor - 1) * (minute - from + 1)) / (steps - from + 1) : factor;
}
