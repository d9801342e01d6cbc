import { normal, poisson, type Random, seededRandom } from './random.ts';
import { errorFactor, latencyFactor, type Moment } from './scenario.ts';

const requestsPerSecond = 1000;
const errorRate = 0.01;
const latencyMilliseconds = 120;
const latencyLogDeviation = 0.05;
const cpuCores = 0.4;
const hour = 3_600_000;

/** Gives a signal's value at a moment; the same moment always has the same value. */
type Signal = (moment: Moment) => number;

/** The signals that have one value at each moment, by name. */
export const signals: Readonly<Record<string, Signal>> = {
  /** Requests in the step. */
  requests,
  /** Those of them that failed. */
  errors: (moment) => {
    const rate = errorRate * errorFactor(moment) * Math.exp(0.1 * shared('errors', moment));
    const total = requests(moment);
    return Math.min(total, poisson(own('errors', moment), total * rate));
  },
  /** Milliseconds. */
  latency_p99: (moment) => latency(moment, 0),
  /** Cores. */
  cpu: (moment) => cpu(moment, 0),
};

/** Gives a signal's value of one pod, by its number from 0; all pods of an arm together are the signal's own value. */
export const podSignals: Readonly<Record<string, (moment: Moment, pod: number) => number>> = {
  latency_p99: (moment, pod) => latency(moment, Math.sqrt(podCount) * podNoise('latency', moment, pod)),
  cpu: (moment, pod) => cpu(moment, Math.sqrt(podCount) * podNoise('cpu', moment, pod)),
};

/** How many pods an arm has. */
export const podCount = 3;

/** `apart` is what one pod's noise has beyond the arm's, in units of the latter. */
function latency(moment: Moment, apart: number): number {
  // Half of the variance is common to both arms, as load on a machine they share would be.
  const noise = Math.SQRT1_2 * (shared('latency', moment) + normal(own('latency', moment)) + apart);
  return latencyMilliseconds * latencyFactor(moment) * Math.exp(latencyLogDeviation * noise);
}

function cpu(moment: Moment, apart: number): number {
  const noise = 0.01 * shared('cpu', moment) + 0.015 * (normal(own('cpu', moment)) + apart);
  return Math.max(0, cpuCores + 0.05 * wave(moment) + noise);
}

/** A pod's noise, less the mean of all pods of its arm: theirs cancel out. */
function podNoise(name: string, moment: Moment, pod: number): number {
  const random = own(`${name} of pods`, moment);
  const all = Array.from({ length: podCount }, () => normal(random));
  return (all[pod] ?? 0) - all.reduce((sum, one) => sum + one, 0) / podCount;
}

/** True where this moment has no value for any signal. */
export function isMissing(moment: Moment): boolean {
  if (moment.scenario === 'no-data') return true;
  return moment.scenario === 'gaps' && isGap(moment);
}

/**
 * Of every six points one run of one or two is missing. The sixth never is, so that runs of neighbouring sixes do
 * not meet.
 */
function isGap(moment: Moment): boolean {
  const index = Math.floor(moment.at / moment.step);
  const six = Math.floor(index / 6);
  const random = seededRandom('gap', moment.service, moment.version, moment.arm, six);
  const first = Math.floor(random() * 4);
  const length = 1 + Math.floor(random() * 2);
  const place = index - six * 6;
  return place >= first && place < first + length;
}

/** Requests in the step. */
export function requests(moment: Moment): number {
  const level = (1 + 0.1 * wave(moment)) * Math.exp(0.03 * shared('requests', moment));
  return poisson(own('requests', moment), (requestsPerSecond * level * moment.step) / 1000);
}

/** What both arms of a service have in common at a moment, −1 to 1. */
function wave({ at }: Moment): number {
  return Math.sin((2 * Math.PI * at) / hour);
}

/** A standard normal number that both arms of a service have in common at a moment. */
function shared(name: string, { service, at }: Moment): number {
  return normal(seededRandom('shared', name, service, at));
}

/** Random numbers that one arm of a service has for itself at a moment. */
export function own(name: string, { service, version, arm, at }: Moment): Random {
  return seededRandom('own', name, service, version, arm, at);
}
