import type { Samples } from '../types.ts';

/** Autocorrelations of the noise that are considered, lag one step. */
export const phiGrid = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] as const;
/** The same and one more: where a pass is at stake the noise may be slower than is plausible. */
export const wideGrid = [...phiGrid, 0.9] as const;

/**
 * A series made white under one autocorrelation, with running sums over the steps. Index i of a sum covers the first
 * i steps. With e_s = (y_s − p y_prev)/r and a_s = (1 − p)/r, r² = (1 − p²)/(1 − φ²), p = φ^gap (0 at the first
 * point), the series of mean μ has e_s − μ a_s white with unit innovation variance; missing steps add nothing.
 * The arrays may be longer than `steps`.
 */
export type Whitened = {
  readonly phi: number;
  readonly steps: number;
  readonly present: Uint8Array;
  /** e_s. */
  readonly value: Float64Array;
  /** a_s: the weight of the mean in step s. */
  readonly meanWeight: Float64Array;
  /** p/r and 1/r: the weights of the mean before and after an onset at step s. */
  readonly carried: Float64Array;
  readonly scale: Float64Array;
  /** ln of the information on the mean before an onset at step s: Σ a² of the steps before plus (p/r)². */
  readonly logBefore: Float64Array;
  /** Running sums of a², a·e, e², of ln r² and of present steps. */
  readonly sumAA: Float64Array;
  readonly sumAE: Float64Array;
  readonly sumEE: Float64Array;
  readonly sumLogVariance: Float64Array;
  readonly count: Uint32Array;
  /** Sum of ln r² over all steps. */
  readonly logDeterminant: number;
};

type Growing = { -readonly [Key in keyof Whitened]: Whitened[Key] };

/** A whitening that grows with its series. */
export type Whitening = {
  readonly white: Whitened;
  /** Whitens the first `steps` samples, of which those before `from` are as they were. */
  readonly extend: (samples: Samples, from: number, steps: number) => void;
};

function allocate(phi: number, capacity: number): Growing {
  const zeros = (): Float64Array => new Float64Array(capacity);
  const sums = (): Float64Array => new Float64Array(capacity + 1);
  return {
    phi,
    steps: 0,
    present: new Uint8Array(capacity),
    value: zeros(),
    meanWeight: zeros(),
    carried: zeros(),
    scale: zeros(),
    logBefore: zeros(),
    sumAA: sums(),
    sumAE: sums(),
    sumEE: sums(),
    sumLogVariance: sums(),
    count: new Uint32Array(capacity + 1),
    logDeterminant: 0,
  };
}

/** The step of the last point before `from`; −1 when there is none. */
function lastPresent({ present }: Whitened, from: number): number {
  let step = from - 1;
  while (step >= 0 && present[step] !== 1) step -= 1;
  return step;
}

function addMissing(out: Growing, step: number): void {
  out.present[step] = 0;
  for (const sums of [out.sumAA, out.sumAE, out.sumEE, out.sumLogVariance]) sums[step + 1] = sums[step] ?? 0;
  out.count[step + 1] = out.count[step] ?? 0;
}

function addPoint(out: Growing, step: number, sample: number, previous: number, carry: number): void {
  const variance = (1 - carry * carry) / (1 - out.phi * out.phi);
  const root = Math.sqrt(variance);
  const e = (sample - carry * previous) / root;
  const a = (1 - carry) / root;
  const carried = carry / root;
  const before = out.sumAA[step] ?? 0;
  out.present[step] = 1;
  out.value[step] = e;
  out.meanWeight[step] = a;
  out.carried[step] = carried;
  out.scale[step] = 1 / root;
  out.logBefore[step] = Math.log(before + carried * carried);
  out.sumAA[step + 1] = before + a * a;
  out.sumAE[step + 1] = (out.sumAE[step] ?? 0) + a * e;
  out.sumEE[step + 1] = (out.sumEE[step] ?? 0) + e * e;
  out.sumLogVariance[step + 1] = (out.sumLogVariance[step] ?? 0) + Math.log(variance);
  out.count[step + 1] = (out.count[step] ?? 0) + 1;
}

/** Adds the sample of a step; `last` is the step of the point before it, −1 for none. */
function addSample(out: Growing, samples: Samples, step: number, last: number): number {
  const sample = samples[step] ?? null;
  if (sample === null) {
    addMissing(out, step);
    return last;
  }
  if (last < 0) addPoint(out, step, sample, 0, 0);
  else addPoint(out, step, sample, samples[last] ?? 0, out.phi ** (step - last));
  return step;
}

/** Makes room to whiten up to `capacity` samples under AR(1) noise of autocorrelation `phi`. */
export function createWhitening(phi: number, capacity: number): Whitening {
  const white = allocate(phi, capacity);
  const extend = (samples: Samples, from: number, steps: number): void => {
    let last = lastPresent(white, from);
    for (let step = from; step < steps; step++) last = addSample(white, samples, step, last);
    white.steps = steps;
    white.logDeterminant = white.sumLogVariance[steps] ?? 0;
  };
  return { white, extend };
}

/** Whitens a series of log ratios under AR(1) noise of autocorrelation `phi`; gaps lower the correlation to φ^gap. */
export function whiten(samples: Samples, phi: number): Whitened {
  const { white, extend } = createWhitening(phi, samples.length);
  extend(samples, 0, samples.length);
  return white;
}
