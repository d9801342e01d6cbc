import { wilcoxonRankSum } from 'simple-statistics';
import { judge } from '../../src/judge/judge.ts';
import { prepareAll } from '../../src/judge/sequential/weighing.ts';
import { trajectory } from '../../src/judge/trajectory.ts';
import type { JudgeInput, MetricInput } from '../../src/judge/types.ts';
import { createRandom } from '../support/random.ts';
import { median, printTable } from './table.ts';

const common = { direction: 'increase', weight: 1, critical: false } as const;

function makeMetric(kind: 'gauge' | 'ratio', steps: number): MetricInput {
  const random = createRandom(steps);
  const noise = () => random() + random() + random() - 1.5;
  const gauge = () => Array.from({ length: steps }, () => 100 * Math.exp(0.1 * noise()));
  if (kind === 'gauge')
    return {
      ...common,
      kind,
      name: 'latency',
      margin: 0.02,
      acceptable: { relative: 0.1 },
      canary: { values: gauge() },
      baseline: { values: gauge() },
    };
  const arm = () => ({
    events: Array.from({ length: steps }, () => Math.round(10 + 3 * noise())),
    total: Array.from({ length: steps }, () => Math.round(1000 + 30 * noise())),
  });
  return {
    ...common,
    kind,
    name: 'errors',
    margin: 0.1,
    acceptable: { relative: 0.5, absolute: 0.001 },
    canary: arm(),
    baseline: arm(),
  };
}

function makeInput(metric: MetricInput, plannedSteps: number): JudgeInput {
  return {
    alpha: 0.05,
    plannedSteps,
    stepSeconds: 60,
    final: false,
    earlyPass: false,
    onCanarySilent: 'inconclusive',
    onNoData: 'inconclusive',
    metrics: [metric],
  };
}

/** Median milliseconds of one call, over enough calls for about `budgetMs`, the first tenth left out. */
function time(work: () => unknown, budgetMs = 800): number {
  const times: number[] = [];
  const until = performance.now() + budgetMs;
  while (performance.now() < until || times.length < 10) {
    const began = performance.now();
    work();
    times.push(performance.now() - began);
  }
  return median(times.slice(Math.floor(times.length / 10)));
}

function reference(steps: number): number {
  const random = createRandom(7);
  const sample = () => Array.from({ length: steps }, random);
  const [left, right] = [sample(), sample()];
  return time(() => wilcoxonRankSum(left, right), 300);
}

/** Milliseconds of the last looks of a run that was looked at at every step. */
function timeLastLooks(metric: MetricInput, steps: number): number {
  const last = 20;
  const times: number[] = [];
  for (let round = 0; round < 8; round++) {
    const [prepared] = prepareAll(makeInput(metric, steps), [1]);
    if (prepared === undefined) break;
    for (let look = 1; look <= steps - last; look++) prepared.weighing.glance(look);
    const began = performance.now();
    for (let look = steps - last + 1; look <= steps; look++) prepared.weighing.glance(look);
    times.push((performance.now() - began) / last);
  }
  return median(times);
}

/**
 * The judge's time for a single look at all data so far, for a further look of a run looked at at every step, and for
 * such a whole run; beside one rank sum of the same length.
 */
export function benchJudge(): void {
  const rows: string[][] = [
    [
      'metric',
      'steps',
      'ms per single look',
      '÷ rank sum (simple-statistics)',
      'ms per further look',
      '÷ that at 30 steps',
      'ms per run of that many looks',
    ],
  ];
  for (const kind of ['gauge', 'ratio'] as const) {
    let short = Number.NaN;
    for (const steps of [30, 120, 360, 1440]) {
      const metric = makeMetric(kind, steps);
      const single = time(() => judge(makeInput(metric, steps)));
      const further = timeLastLooks(metric, steps);
      if (steps === 30) short = further;
      rows.push([
        kind,
        String(steps),
        single.toFixed(2),
        `${(single / reference(steps)).toFixed(0)}×`,
        further.toFixed(3),
        `${(further / short).toFixed(1)}×`,
        time(() => trajectory(makeInput(metric, steps), { goOn: true })).toFixed(1),
      ]);
    }
  }
  printTable('The judge', rows);
}
