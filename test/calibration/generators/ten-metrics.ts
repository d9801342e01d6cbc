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

/** Ten errors a minute, one, and five hundred. */
const traffics: readonly ErrorNoise[] = [
  evenTraffic(1000, 0.01),
  evenTraffic(1000, 0.001),
  evenTraffic(10_000, 0.05),
];

/** What happens to the first latency, to the ratio of ten errors a minute and to that of one. */
export type Worse = {
  readonly latency?: Worsening;
  readonly errors?: Worsening;
  readonly rareErrors?: Worsening;
};

/** Draws ten metrics, each for itself. */
export function drawTenMetrics(draws: Draws, steps: number, worse: Worse): TenMetrics {
  const toErrors = [worse.errors, worse.rareErrors];
  return {
    latencies: [worse.latency, null, null, null, null].map((worsening) =>
      drawLatency(draws, latencyNoise, steps, worsening ?? harmless),
    ),
    cpus: [0, 1].map(() => drawCpu(draws, steps, harmless)),
    errors: traffics.map((noise, index) => ({
      arms: drawErrors(draws, noise, steps, toErrors[index] ?? harmless),
      rate: noise.rate,
    })),
  };
}

/** The generator in words, for the report. */
export const tenMetricsInWords =
  '**Ten metrics.** Five latencies (φ 0.5), two CPUs and three error ratios (10, 1 and 500 errors a minute), independent of each other, of equal weight. The ratio that is critical, or worse, is that of 10 errors a minute unless the row says otherwise.';
