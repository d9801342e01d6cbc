import type { Draws } from '../random/draws.ts';
import { drawCpu } from './cpu.ts';
import { drawErrors, type ErrorArm, type ErrorNoise, evenTraffic } from './errors.ts';
import { drawLatency, type GaugeSeries, latencyNoise } from './latency.ts';
import { harmless, type Worsening } from './processes.ts';

/** Five latencies, two CPUs and three error ratios: what a service is watched by in earnest. */
export type TenMetrics = {
  readonly latencies: readonly GaugeSeries[];
  readonly cpus: readonly GaugeSeries[];
  readonly errors: readonly {
    readonly arms: { readonly canary: ErrorArm; readonly baseline: ErrorArm };
    readonly rate: number;
  }[];
};

/** One error a minute, ten, and five hundred. */
const traffics: readonly ErrorNoise[] = [
  evenTraffic(1000, 0.001),
  evenTraffic(1000, 0.01),
  evenTraffic(10_000, 0.05),
];

/** Draws ten metrics, each for itself; `worse` says what happens to the first latency and to the first error ratio. */
export function drawTenMetrics(
  draws: Draws,
  steps: number,
  worse: { readonly latency?: Worsening; readonly errors?: Worsening } = {},
): TenMetrics {
  const first = (index: number, worsening: Worsening | undefined): Worsening =>
    index === 0 ? (worsening ?? harmless) : harmless;
  return {
    latencies: [0, 1, 2, 3, 4].map((index) =>
      drawLatency(draws, latencyNoise, steps, first(index, worse.latency)),
    ),
    cpus: [0, 1].map(() => drawCpu(draws, steps, harmless)),
    errors: traffics.map((noise, index) => ({
      arms: drawErrors(draws, noise, steps, first(index, worse.errors)),
      rate: noise.rate,
    })),
  };
}
