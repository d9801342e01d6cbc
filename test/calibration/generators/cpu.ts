import type { Draws } from '../random/draws.ts';
import { type GaugeSeries, historySteps } from './latency.ts';
import { factorAt, randomWalk, type Worsening } from './processes.ts';

/** Standard deviations a minute: of the walk that both arms share, of each arm's own, and of the reading. */
const sharedStep = 0.01;
const ownStep = 0.005;
const reading = 0.02;
const level = 0.4;

/**
 * CPU use of both arms, as a fraction: slow random walks of its logarithm, one that both share and one of each. They
 * leave from the same place when the run begins; the baseline has walked for an hour by then.
 */
export function drawCpu(draws: Draws, steps: number, worsening: Worsening): GaugeSeries {
  const common = randomWalk(draws, historySteps + steps, sharedStep);
  const past = randomWalk(draws, historySteps, ownStep);
  const start = past[historySteps - 1] ?? 0;
  const read = (walked: number, minute: number): number =>
    level * Math.exp((common[minute] ?? 0) + walked + reading * draws.normal());
  const arm = (): number[] =>
    Array.from(randomWalk(draws, steps, ownStep), (own, step) => read(start + own, historySteps + step));
  const history = Array.from(past, read);
  const baseline = arm();
  const canary = arm().map((value, step) => value * factorAt(worsening, step + 1, steps));
  return { canary, baseline, history };
}

/** The generator in words, for the report. */
export const cpuInWords = `**CPU.** Around ${100 * level} %; its logarithm is a random walk that both arms share (${sharedStep} a minute) plus one of each arm (${ownStep} a minute) and noise of each reading (${reading}). The arms' own walks leave from the same place when the run begins. Margin 10 %.`;
