import type { Draws } from '../random/draws.ts';
import { factorAt, gammaNoise, type Worsening } from './processes.ts';

/** How requests come and fail when nothing happens. */
export type ErrorNoise = {
  /** Mean requests a minute of each arm. */
  readonly canaryRequests: number;
  readonly baselineRequests: number;
  /** Share of requests that fail in the long run. */
  readonly rate: number;
  /** Coefficient of variation and lag-1 autocorrelation of the rate that an arm has for itself. */
  readonly cv: number;
  readonly phi: number;
  /** True where only the canary has errors at all. */
  readonly isBaselineFree: boolean;
};

/** Of the bursts that come over both arms at once. */
const sharedCv = 0.3;
const sharedPhi = 0.7;

/** Failed and all requests of one arm, a minute each. */
export type ErrorArm = { readonly events: number[]; readonly total: number[] };

/** `requests` a minute in both arms, whose own rates vary by 20 % from minute to minute. */
export function evenTraffic(requests: number, rate: number): ErrorNoise {
  return {
    canaryRequests: requests,
    baselineRequests: requests,
    rate,
    cv: 0.2,
    phi: 0,
    isBaselineFree: false,
  };
}

/**
 * Failed requests of both arms: Poisson traffic, of which each request fails with a chance that gamma noise of both
 * arms and of each moves about.
 */
export function drawErrors(
  draws: Draws,
  noise: ErrorNoise,
  steps: number,
  worsening: Worsening,
): { readonly canary: ErrorArm; readonly baseline: ErrorArm } {
  const common = gammaNoise(draws, steps, sharedCv, sharedPhi);
  const arm = (requests: number, factor: (minute: number) => number): ErrorArm => {
    const own = gammaNoise(draws, steps, noise.cv, noise.phi);
    const total = Array.from(own, () => draws.poisson(requests));
    const chance = (step: number): number =>
      Math.min(1, noise.rate * (common[step] ?? 1) * (own[step] ?? 1) * factor(step + 1));
    return { events: total.map((all, step) => draws.binomial(all, chance(step))), total };
  };
  return {
    canary: arm(noise.canaryRequests, (minute) => factorAt(worsening, minute, steps)),
    baseline: arm(noise.baselineRequests, () => (noise.isBaselineFree ? 0 : 1)),
  };
}

/** The generator in words, for the report. */
export const errorsInWords = `**Errors.** Poisson traffic; each request fails with the usual chance times gamma noise that both arms share (coefficient of variation ${sharedCv}, autocorrelation ${sharedPhi}) times gamma noise of each arm: ${evenTraffic(1, 1).cv}, from minute to minute anew, unless the row says otherwise ("in bursts": 0.4 with autocorrelation 0.7; "no noise of the arms": 0). The autocorrelated gamma noise is the process of Lewis, McKenzie & Hugus (1989).`;
