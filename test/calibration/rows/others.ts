import type { PodOffsetGuard } from '../../../src/judge/types.ts';
import { drawHistograms, histogramNoise } from '../generators/histogram.ts';
import { drawPods, meanOfPods, type PodNoise, podNoise } from '../generators/pods.ts';
import { harmless, type Worsening } from '../generators/processes.ts';
import { drawTenMetrics, type Worse } from '../generators/ten-metrics.ts';
import { type Bar, byMinute, failsAtLeast, failsAtMost, type Row, usualLooks } from './row.ts';
import { watchCpu, watchErrors, watchGauge, watchHistogram, watchPods } from './watch.ts';

type Words = Pick<Row, 'id' | 'title' | 'section'> & { readonly bars?: readonly Bar[] };

function histogramRow({ bars = [], ...words }: Words, worsening: Worsening): Row {
  return {
    ...words,
    bars,
    looks: usualLooks,
    family: 'histogram',
    isAlike: worsening.factor === 1,
    draw: (draws) => [watchHistogram(drawHistograms(draws, histogramNoise, usualLooks.to, worsening))],
  };
}

const title = 'latency histogram, 1 000 requests a minute';
const histogramRows: readonly Row[] = [
  histogramRow(
    { id: 'histogram/alike', title: `${title}: no change`, section: 'quiet', bars: [failsAtMost(0.05)] },
    harmless,
  ),
  histogramRow(
    {
      id: 'histogram/10',
      title: `${title}: +10 %`,
      section: 'harm',
      bars: [failsAtLeast(0.85), byMinute(13)],
    },
    { factor: 1.1, from: 1 },
  ),
  histogramRow(
    { id: 'histogram/20', title: `${title}: +20 %`, section: 'harm', bars: [failsAtLeast(1), byMinute(6)] },
    { factor: 1.2, from: 1 },
  ),
  histogramRow(
    {
      id: 'histogram/20-late',
      title: `${title}: +20 % from minute 17`,
      section: 'harm',
      bars: [failsAtLeast(0.85)],
    },
    { factor: 1.2, from: 17 },
  ),
];

function tenRow({ bars = [], ...words }: Words, worse: Worse | null, isCritical: boolean): Row {
  return {
    ...words,
    bars,
    looks: usualLooks,
    family: 'ten metrics',
    isAlike: worse === null,
    draw: (draws) => {
      const { latencies, cpus, errors } = drawTenMetrics(draws, usualLooks.to, worse ?? {});
      return [
        ...latencies.map((series, index) => watchGauge(series, { name: `latency-${index}` })),
        ...cpus.map((series, index) => watchCpu(series, `cpu-${index}`)),
        ...errors.map(({ arms, rate }, index) =>
          watchErrors(arms, rate, { name: `errors-${index}`, critical: isCritical && index === 0 }),
        ),
      ];
    },
  };
}

const fiveTimes = { errors: { factor: 5, from: 1 } };
const found: readonly Bar[] = [failsAtLeast(1), byMinute(5)];
const tenRows: readonly Row[] = [
  tenRow(
    { id: 'ten/alike', title: 'ten metrics: no change', section: 'quiet', bars: [failsAtMost(0.02)] },
    null,
    false,
  ),
  tenRow(
    {
      id: 'ten/critical/alike',
      title: 'ten metrics, one critical: no change',
      section: 'quiet',
      bars: [failsAtMost(0.02)],
    },
    null,
    true,
  ),
  tenRow(
    { id: 'ten/x5', title: 'ten metrics: one at 5 times its errors', section: 'harm', bars: found },
    fiveTimes,
    false,
  ),
  tenRow(
    {
      id: 'ten/critical/x5',
      title: 'ten metrics, one critical: that one at 5 times its errors',
      section: 'harm',
      bars: found,
    },
    fiveTimes,
    true,
  ),
  tenRow(
    { id: 'ten/x2', title: 'ten metrics: one at twice its errors', section: 'harm' },
    { errors: { factor: 2, from: 1 } },
    false,
  ),
  tenRow(
    { id: 'ten/rare/x5', title: 'ten metrics: the one of 1 error a minute at 5 times', section: 'harm' },
    { rareErrors: { factor: 5, from: 1 } },
    false,
  ),
  tenRow(
    { id: 'ten/20', title: 'ten metrics: one latency +20 %', section: 'harm' },
    { latency: { factor: 1.2, from: 1 } },
    false,
  ),
];

/** What the judge is given of an arm's pods: their mean alone, or each of them, with the guard of a plan. */
type PodView = 'mean' | PodOffsetGuard;

function podRow(id: string, what: string, noise: PodNoise, worsening: Worsening, view: PodView): Row {
  return {
    id: `pods/${id}/${worsening.factor === 1 ? 'alike' : '20'}`,
    title: `${what}: ${worsening.factor === 1 ? 'no change' : '+20 %'}`,
    section: 'weak',
    bars: [],
    looks: usualLooks,
    family: view === 'never' ? 'pods, no guard' : 'pods',
    isAlike: worsening.factor === 1,
    draw: (draws) => {
      const pods = drawPods(draws, noise, usualLooks.to, worsening);
      return [view === 'mean' ? watchGauge(meanOfPods(pods)) : watchPods(pods, view)];
    },
  };
}

const threeAndTen = { ...podNoise, baselinePods: 10 };
const podRows: readonly Row[] = [harmless, { factor: 1.2, from: 1 }].flatMap((worsening) => [
  podRow('3-3', '3 pods against 3, 5 % apart for good, read pod by pod', podNoise, worsening, 'auto'),
  podRow('3-3-always', '3 pods against 3, 5 % apart for good, guard always', podNoise, worsening, 'always'),
  podRow('3-3-never', '3 pods against 3, 5 % apart for good, guard never', podNoise, worsening, 'never'),
  podRow('3-3-mean', '3 pods against 3, 5 % apart for good, means alone', podNoise, worsening, 'mean'),
  podRow('3-10', '3 pods against 10, 5 % apart for good, read pod by pod', threeAndTen, worsening, 'auto'),
]);

/** Histograms, ten metrics in one run, and arms of several pods. */
export const otherRows: readonly Row[] = [...histogramRows, ...tenRows, ...podRows];
