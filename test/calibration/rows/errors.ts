import { drawErrors, type ErrorNoise, evenTraffic } from '../generators/errors.ts';
import { harmless, type Worsening } from '../generators/processes.ts';
import type { Looks } from '../run.ts';
import {
  type Bar,
  byMinute,
  failsAtLeast,
  passesAtLeast,
  passesAtMost,
  type Row,
  usualLooks,
} from './row.ts';
import { watchErrors } from './watch.ts';

type Words = Pick<Row, 'id' | 'title' | 'section'> & {
  readonly bars?: readonly Bar[];
  readonly looks?: Looks;
  readonly margin?: number;
};

function errorsRow(words: Words, noise: ErrorNoise, worsening: Worsening = harmless): Row {
  const { bars = [], looks = usualLooks, margin = 0.1, ...rest } = words;
  return {
    ...rest,
    bars,
    looks,
    family: noise.phi > 0 ? 'errors in own bursts' : 'errors',
    isAlike: worsening.factor === 1 && !noise.isBaselineFree,
    draw: (draws) => {
      // A threshold on a service without errors allows none.
      const usual = noise.isBaselineFree ? 0 : noise.rate;
      return [watchErrors(drawErrors(draws, noise, looks.to, worsening), usual, { margin })];
    },
  };
}

const one = evenTraffic(1000, 0.001);
const ten = evenTraffic(1000, 0.01);
const many = evenTraffic(10_000, 0.05);
const times = (factor: number, from = 1): Worsening => ({ factor, from });
const fromFirst: Looks = { from: 1, to: 30 };

const quiet: readonly Row[] = [
  errorsRow(
    {
      id: 'errors/1-a-minute/alike',
      title: '1 error a minute in 1 000: no change',
      section: 'quiet',
      bars: [passesAtLeast(0.75)],
    },
    one,
  ),
  errorsRow(
    {
      id: 'errors/1-a-minute/alike-from-1',
      title: '1 error a minute in 1 000: no change (looks from minute 1)',
      section: 'quiet',
      looks: fromFirst,
    },
    one,
  ),
  errorsRow(
    {
      id: 'errors/1-a-minute/poisson/alike',
      title: '1 error a minute in 1 000, no noise of the arms: no change',
      section: 'quiet',
    },
    { ...one, cv: 0 },
  ),
  errorsRow(
    {
      id: 'errors/1-in-100/alike',
      title: '1 error a minute in 100: no change',
      section: 'quiet',
    },
    evenTraffic(100, 0.01),
  ),
  errorsRow(
    {
      id: 'errors/1-in-10000/alike',
      title: '1 error a minute in 10 000: no change',
      section: 'quiet',
    },
    evenTraffic(10_000, 0.0001),
  ),
  errorsRow(
    {
      id: 'errors/10-a-minute/alike',
      title: '10 errors a minute in 1 000: no change',
      section: 'quiet',
      bars: [passesAtLeast(0.95)],
    },
    ten,
  ),
  errorsRow(
    {
      id: 'errors/500-a-minute/alike',
      title: '500 errors a minute in 10 000: no change',
      section: 'quiet',
    },
    many,
  ),
];

const errorFree: readonly Row[] = [
  { requests: 1000, bars: [passesAtLeast(0.99)] },
  { requests: 100, bars: [] },
  { requests: 10, bars: [] },
].map(({ requests, bars }) =>
  errorsRow(
    {
      id: `errors/none-in-${requests}/alike`,
      title: `no errors at all, ${requests === 1000 ? '1 000' : requests} requests a minute`,
      section: 'quiet',
      bars,
    },
    evenTraffic(requests, 0),
  ),
);

const harm: readonly Row[] = [
  errorsRow(
    { id: 'errors/1-a-minute/x2', title: '1 error a minute in 1 000: ×2', section: 'harm' },
    one,
    times(2),
  ),
  errorsRow(
    {
      id: 'errors/1-a-minute/x5',
      title: '1 error a minute in 1 000: ×5 (looks from minute 1)',
      section: 'harm',
      bars: [byMinute(4)],
      looks: fromFirst,
    },
    one,
    times(5),
  ),
  errorsRow(
    {
      id: 'errors/1-a-minute/x10',
      title: '1 error a minute in 1 000: ×10 (looks from minute 1)',
      section: 'harm',
      bars: [byMinute(2)],
      looks: fromFirst,
    },
    one,
    times(10),
  ),
  errorsRow(
    {
      id: 'errors/1-a-minute/x5-late',
      title: '1 error a minute in 1 000: ×5 from minute 16',
      section: 'harm',
      // Six minutes after the onset.
      bars: [failsAtLeast(0.98), byMinute(22)],
    },
    one,
    times(5, 16),
  ),
  errorsRow(
    { id: 'errors/10-a-minute/x1.5', title: '10 errors a minute in 1 000: ×1.5', section: 'harm' },
    ten,
    times(1.5),
  ),
  errorsRow(
    {
      id: 'errors/10-a-minute/x2-late',
      title: '10 errors a minute in 1 000: ×2 from minute 17',
      section: 'harm',
    },
    ten,
    times(2, 17),
  ),
  errorsRow(
    {
      id: 'errors/500-a-minute/x2-late',
      title: '500 errors a minute in 10 000: ×2 from minute 17',
      section: 'harm',
      bars: [failsAtLeast(0.9)],
    },
    many,
    times(2, 17),
  ),
];

const edge: readonly Row[] = [
  errorsRow(
    {
      id: 'errors/1-a-minute/edge',
      title: '1 error a minute in 1 000: ×2.01, just beyond acceptable (0.1 points)',
      section: 'edge',
      bars: [passesAtMost(0.05)],
    },
    one,
    times(2.01),
  ),
  errorsRow(
    {
      id: 'errors/10-a-minute/edge',
      title: '10 errors a minute in 1 000: ×1.51, just beyond acceptable (half as many again)',
      section: 'edge',
      bars: [passesAtMost(0.05)],
    },
    ten,
    times(1.51),
  ),
  errorsRow(
    {
      id: 'errors/none-in-1000/edge',
      title: 'no errors before, 1 000 requests a minute: 0.101 % in the canary, just beyond acceptable',
      section: 'edge',
      bars: [passesAtMost(0.05)],
    },
    { ...evenTraffic(1000, 0.001_01), isBaselineFree: true },
  ),
];

/** The rows of one kind of noise under which the judge is weak: no change, twice and five times the errors. */
function weakRows(id: string, title: string, noise: ErrorNoise): Row[] {
  return [1, 2, 5].map((factor) =>
    errorsRow(
      {
        id: `errors/${id}/${factor === 1 ? 'alike' : `x${factor}`}`,
        title: `${title}: ${factor === 1 ? 'no change' : `×${factor}`}`,
        section: 'weak',
      },
      noise,
      times(factor),
    ),
  );
}

const bursts = { cv: 0.4, phi: 0.7 };

/** The same bursts under a wider margin: what it cures, and what it costs. */
function wideRows(id: string, title: string, noise: ErrorNoise): Row[] {
  const wide = { section: 'weak', margin: 0.25 } as const;
  return [1, 2].map((factor) =>
    errorsRow(
      {
        ...wide,
        id: `errors/${id}/wide/${factor === 1 ? 'alike' : `x${factor}`}`,
        title: `${title}, margin 25 %: ${factor === 1 ? 'no change' : `×${factor}`}`,
      },
      noise,
      times(factor),
    ),
  );
}

/** Errors out of requests, one ratio a run. */
export const errorRows: readonly Row[] = [
  ...quiet,
  ...errorFree,
  ...harm,
  ...edge,
  ...weakRows('1-a-minute/bursts', '1 error a minute in 1 000, in bursts', { ...one, ...bursts }),
  ...weakRows('10-a-minute/bursts', '10 errors a minute in 1 000, in bursts', { ...ten, ...bursts }),
  ...weakRows('500-a-minute/bursts', '500 errors a minute in 10 000, in bursts', { ...many, ...bursts }),
  ...wideRows('10-a-minute/bursts', '10 errors a minute in 1 000, in bursts', { ...ten, ...bursts }),
  ...wideRows('500-a-minute/bursts', '500 errors a minute in 10 000, in bursts', { ...many, ...bursts }),
  ...weakRows('split-1-99', '100 requests against 9 900 a minute, 1 % errors', {
    ...evenTraffic(0, 0.01),
    canaryRequests: 100,
    baselineRequests: 9900,
  }),
  ...weakRows('split-10-90', '1 000 requests against 9 000 a minute, 0.1 % errors', {
    ...evenTraffic(0, 0.001),
    canaryRequests: 1000,
    baselineRequests: 9000,
  }),
];
