import type { Draws } from '../random/draws.ts';
import { autoregression, factorAt, type Worsening } from './processes.ts';

/** How a latency moves when nothing happens. */
export type LatencyNoise = {
  /** Lag-1 autocorrelation, of what the arms share and of what each has for itself. */
  readonly phi: number;
  /** Standard deviation of an arm's logarithm around the hour's level. */
  readonly deviation: number;
  /** The part of the variance that both arms share. */
  readonly shared: number;
  /** Chance that a value is `outlierFactor` times too high. */
  readonly outliers: number;
  /** Chance that a value is missing. */
  readonly gaps: number;
};

/** The latency that the rows are built on; each row says what it changes. */
export const latencyNoise: LatencyNoise = { phi: 0.5, deviation: 0.1, shared: 0.5, outliers: 0, gaps: 0 };

/** Minutes of the baseline before the run. */
export const historySteps = 60;

/** Both arms, and the baseline in the minutes before. */
export type GaugeSeries = {
  readonly canary: (number | null)[];
  readonly baseline: (number | null)[];
  readonly history: (number | null)[];
};

const level = 100;
const outlierFactor = 3;
const dayInMinutes = 1440;
/** Half the distance of ln(latency) between the busiest and the quietest time of the day. */
const dailyAmplitude = 0.5;

function spoil(value: number, { fraction }: Draws, { outliers, gaps }: LatencyNoise): number | null {
  if (outliers > 0 && fraction() < outliers) return value * outlierFactor;
  return gaps > 0 && fraction() < gaps ? null : value;
}

/** The daily course of ln(latency), at a time of day that is drawn. */
export function dailyCourse({ fraction }: Draws, steps: number): Float64Array {
  const start = fraction();
  return Float64Array.from(
    { length: steps },
    (_, step) => dailyAmplitude * Math.sin(2 * Math.PI * (start + step / dayInMinutes)),
  );
}

/** Latencies of both arms in milliseconds: the daily course times shared and own autoregressive log-normal noise. */
export function drawLatency(
  draws: Draws,
  noise: LatencyNoise,
  steps: number,
  worsening: Worsening,
): GaugeSeries {
  const all = historySteps + steps;
  const course = dailyCourse(draws, all);
  const common = autoregression(draws, all, noise.phi);
  const sharedScale = noise.deviation * Math.sqrt(noise.shared);
  const ownScale = noise.deviation * Math.sqrt(1 - noise.shared);
  const arm = (): number[] => {
    const own = autoregression(draws, all, noise.phi);
    return Array.from(
      own,
      (value, step) =>
        level * Math.exp((course[step] ?? 0) + sharedScale * (common[step] ?? 0) + ownScale * value),
    );
  };
  const baseline = arm().map((value) => spoil(value, draws, noise));
  const canary = arm()
    .slice(historySteps)
    .map((value, step) => spoil(value * factorAt(worsening, step + 1, steps), draws, noise));
  return { canary, baseline: baseline.slice(historySteps), history: baseline.slice(0, historySteps) };
}

/** The generator in words, for the report. */
export const latencyInWords = `**Latency.** Log-normal around ${level} ms: the logarithm of an arm has a standard deviation of ${latencyNoise.deviation} and a lag-1 autocorrelation φ; the share of its variance that both arms have in common is ${latencyNoise.shared} unless the row says otherwise ("nothing shared": 0; "four fifths": 0.8). Both arms follow a daily course of the logarithm, a sine of amplitude ${dailyAmplitude}, from a time of day that is drawn. The baseline is known for ${historySteps} minutes before the run, except in rows "without history". With "outliers and gaps" each value is ${outlierFactor} times too high with a chance of 2 % and missing with a chance of 3 %, in each arm for itself.`;
