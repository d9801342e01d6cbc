import type { Samples } from '../types.ts';

/** Autocorrelations of the noise that are considered, lag one step. */
export const phiGrid = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8] as const;

/**
 * A series made white under one autocorrelation, with running sums over the steps. Index i of a sum covers the first
 * i steps. With e_s = (y_s − p y_prev)/r and a_s = (1 − p)/r, r² = (1 − p²)/(1 − φ²), p = φ^gap (0 at the first
 * point), the series of mean μ has e_s − μ a_s white with unit innovation variance; missing steps add nothing.
 */
export type Whitened = {
  readonly phi: number;
  readonly present: Uint8Array;
  /** e_s. */
  readonly value: Float64Array;
  /** a_s: the weight of the mean in step s. */
  readonly meanWeight: Float64Array;
  /** p/r and 1/r: the weights of the mean before and after an onset at step s. */
  readonly carried: Float64Array;
  readonly scale: Float64Array;
  /** Running sums of a², a·e, e² and of present steps. */
  readonly sumAA: Float64Array;
  readonly sumAE: Float64Array;
  readonly sumEE: Float64Array;
  readonly count: Uint32Array;
  /** Sum of ln r² over all steps. */
  readonly logDeterminant: number;
};

function allocate(phi: number, steps: number): Whitened & { logDeterminant: number } {
  const zeros = (): Float64Array => new Float64Array(steps);
  const sums = (): Float64Array => new Float64Array(steps + 1);
  return {
    phi,
    present: new Uint8Array(steps),
    value: zeros(),
    meanWeight: zeros(),
    carried: zeros(),
    scale: zeros(),
    sumAA: sums(),
    sumAE: sums(),
    sumEE: sums(),
    count: new Uint32Array(steps + 1),
    logDeterminant: 0,
  };
}

/** Whitens a series of log ratios under AR(1) noise of autocorrelation `phi`; gaps lower the correlation to φ^gap. */
export function whiten(samples: Samples, phi: number): Whitened {
  const out = allocate(phi, samples.length);
  let previous: number | null = null;
  let gap = 0;
  for (let step = 0; step < samples.length; step++) {
    const sample = samples[step] ?? null;
    gap += 1;
    if (sample !== null) {
      const carry = previous === null ? 0 : phi ** gap;
      const variance = (1 - carry * carry) / (1 - phi * phi);
      const root = Math.sqrt(variance);
      out.present[step] = 1;
      out.value[step] = (sample - carry * (previous ?? 0)) / root;
      out.meanWeight[step] = (1 - carry) / root;
      out.carried[step] = carry / root;
      out.scale[step] = 1 / root;
      out.logDeterminant += Math.log(variance);
      previous = sample;
      gap = 0;
    }
    accumulate(out, step);
  }
  return out;
}

function accumulate(out: Whitened, step: number): void {
  const a = out.meanWeight[step] ?? 0;
  const e = out.value[step] ?? 0;
  out.sumAA[step + 1] = (out.sumAA[step] ?? 0) + a * a;
  out.sumAE[step + 1] = (out.sumAE[step] ?? 0) + a * e;
  out.sumEE[step + 1] = (out.sumEE[step] ?? 0) + e * e;
  out.count[step + 1] = (out.count[step] ?? 0) + (out.present[step] ?? 0);
}
