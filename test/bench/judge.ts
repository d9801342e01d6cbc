import { wilcoxonRankSum } from 'simple-statistics';
import { judge } from '../../src/judge/judge.ts';
import { firstSteps } from '../../src/judge/sequential/first-steps.ts';
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

/** The judge's time for a look and for a whole run, beside one rank sum of the same length. */
export function benchJudge(): void {
  const rows: string[][] = [
    [
      'metric',
      'steps',
      'ms per look',
      'ms per run of that many looks',
      'look ÷ rank sum (simple-statistics)',
    ],
  ];
  for (const kind of ['gauge', 'ratio'] as const) {
    for (const steps of [30, 120, 360, 1440]) {
      const metric = makeMetric(kind, steps);
      const look = time(() => judge(makeInput(metric, steps)));
      const looks = Array.from({ length: steps }, (_, index) =>
        makeInput(firstSteps(metric, index + 1), steps),
      );
      const run = steps > 360 ? null : time(() => looks.map(judge));
      rows.push([
        kind,
        String(steps),
        look.toFixed(2),
        run === null ? '–' : run.toFixed(1),
        `${(look / reference(steps)).toFixed(0)}×`,
      ]);
    }
  }
  printTable('The judge', rows);
}
