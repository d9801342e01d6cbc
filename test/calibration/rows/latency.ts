import { drawCpu } from '../generators/cpu.ts';
import { drawLatency, type LatencyNoise, latencyNoise } from '../generators/latency.ts';
import { harmless, type Worsening } from '../generators/processes.ts';
import type { Looks } from '../run.ts';
import {
  type Bar,
  byMinute,
  failsAtLeast,
  failsAtMost,
  passesAtLeast,
  passesAtMost,
  type Row,
  usualLooks,
} from './row.ts';
import { watchCpu, watchGauge } from './watch.ts';

type Words = Pick<Row, 'id' | 'title' | 'section'> & { readonly bars?: readonly Bar[] };
type Kind = {
  readonly noise?: Partial<LatencyNoise>;
  readonly worsening?: Worsening;
  readonly hasHistory?: boolean;
  readonly looks?: Looks;
};

function latencyRow({ bars = [], ...words }: Words, kind: Kind): Row {
  const { noise, worsening = harmless, hasHistory = true, looks = usualLooks } = kind;
  return {
    ...words,
    bars,
    looks,
    family: 'latency',
    isAlike: worsening.factor === 1,
    draw: (draws) => [
      watchGauge(drawLatency(draws, { ...latencyNoise, ...noise }, looks.to, worsening), { hasHistory }),
    ],
  };
}

function cpuRow({ bars = [], ...words }: Words, worsening: Worsening): Row {
  return {
    ...words,
    bars,
    looks: usualLooks,
    family: 'CPU',
    isAlike: worsening.factor === 1,
    draw: (draws) => [watchCpu(drawCpu(draws, usualLooks.to, worsening))],
  };
}

const fromStart = (factor: number): Worsening => ({ factor, from: 1 });
const fromHalf = (factor: number): Worsening => ({ factor, from: 17 });
const spoilt: Partial<LatencyNoise> = { outliers: 0.02, gaps: 0.03 };
const twoHours: Looks = { from: 5, to: 120 };

/** What changes with the autocorrelation: bars of the same rows at φ 0, .5 and .8. */
const byPhi = [
  { phi: 0, alike: 0.015, found20: 0.99, minute20: 9, found10: 0.7 },
  { phi: 0.5, alike: 0.03, found20: 0.97, minute20: 10, found10: 0.47 },
  { phi: 0.8, alike: 0.06, found20: 0.87, minute20: 13, found10: 0.4 },
] as const;

function rowsOf({ phi, alike, found20, minute20, found10 }: (typeof byPhi)[number]): Row[] {
  const id = `latency/phi${phi * 10}`;
  const noise = { phi };
  const row = (end: string, title: string, section: Row['section'], bars: readonly Bar[], kind: Kind = {}) =>
    latencyRow(
      { id: `${id}/${end}`, title: `latency, φ ${phi}: ${title}`, section, bars },
      { noise, ...kind },
    );
  const quietBars = [failsAtMost(alike), ...(phi === 0.5 ? [passesAtLeast(0.85)] : [])];
  const newBars = phi === 0.8 ? [failsAtMost(0.1)] : [];
  const offset = { factor: 1.02, from: 1 };
  return [
    row('alike', 'no change', 'quiet', quietBars),
    row('new-service', 'no change, no history', 'quiet', newBars, { hasHistory: false }),
    row('offset-120', '2 % slower, 120 minutes', 'quiet', [failsAtMost(0.08)], {
      worsening: offset,
      looks: twoHours,
    }),
    row('10', '+10 %', 'harm', [failsAtLeast(found10)], { worsening: fromStart(1.1) }),
    row('20', '+20 %', 'harm', [failsAtLeast(found20), byMinute(minute20)], { worsening: fromStart(1.2) }),
    row('20-new-service', '+20 %, no history', 'harm', [], { worsening: fromStart(1.2), hasHistory: false }),
    row('20-late', '+20 % from minute 17', 'harm', [], { worsening: fromHalf(1.2) }),
    row('50-late', '+50 % from minute 17', 'harm', [failsAtLeast(0.97), byMinute(21)], {
      worsening: fromHalf(1.5),
    }),
    row('edge', '+10.1 %, just beyond acceptable', 'edge', [passesAtMost(0.05)], {
      worsening: fromStart(1.101),
    }),
    row('edge-new-service', '+10.1 %, just beyond acceptable, no history', 'edge', [], {
      worsening: fromStart(1.101),
      hasHistory: false,
    }),
    row('ramp', 'a ramp from 0 to +60 % over the run', 'weak', [], {
      worsening: { factor: 1.6, from: 1, isRamp: true },
    }),
  ];
}

/** Latencies and CPU, one gauge a run. */
export const latencyRows: readonly Row[] = [
  ...byPhi.flatMap(rowsOf),
  latencyRow(
    {
      id: 'latency/unshared/alike',
      title: 'latency, φ 0.8, nothing shared: no change',
      section: 'quiet',
      bars: [failsAtMost(0.09)],
    },
    { noise: { phi: 0.8, shared: 0 } },
  ),
  latencyRow(
    {
      id: 'latency/shared/alike',
      title: 'latency, φ 0.5, four fifths shared: no change',
      section: 'quiet',
    },
    { noise: { shared: 0.8 } },
  ),
  latencyRow(
    {
      id: 'latency/spoilt/alike',
      title: 'latency, φ 0.5, 2 % outliers and 3 % gaps: no change',
      section: 'quiet',
    },
    { noise: spoilt },
  ),
  latencyRow(
    {
      id: 'latency/steady/offset-120',
      title: 'latency, φ 0.5, 3 % noise: 2 % slower, 120 minutes',
      section: 'quiet',
      bars: [failsAtMost(0.08)],
    },
    { noise: { deviation: 0.03 }, worsening: { factor: 1.02, from: 1 }, looks: twoHours },
  ),
  latencyRow(
    {
      id: 'latency/unshared/20',
      title: 'latency, φ 0.8, nothing shared: +20 %',
      section: 'harm',
    },
    { noise: { phi: 0.8, shared: 0 }, worsening: fromStart(1.2) },
  ),
  latencyRow(
    {
      id: 'latency/spoilt/50-late',
      title: 'latency, φ 0.5, 2 % outliers and 3 % gaps: +50 % from minute 17',
      section: 'harm',
      bars: [failsAtLeast(0.7)],
    },
    { noise: spoilt, worsening: fromHalf(1.5) },
  ),
  cpuRow(
    { id: 'cpu/alike', title: 'CPU, margin 10 %: no change', section: 'quiet', bars: [failsAtMost(0.02)] },
    harmless,
  ),
  cpuRow({ id: 'cpu/30', title: 'CPU, margin 10 %: +30 %', section: 'harm' }, fromStart(1.3)),
];
