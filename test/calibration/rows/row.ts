import type { Draws } from '../random/draws.ts';
import type { Looks, Watched } from '../run.ts';

/** What a row is held to. Shares are fractions of all runs; the minute is the median of the first fail. */
export type Bar =
  | { readonly of: 'failed' | 'passed'; readonly atMost: number }
  | { readonly of: 'failed' | 'passed'; readonly atLeast: number }
  | { readonly of: 'minute'; readonly atMost: number };

/** Where a row stands in the report. */
export const sections = ['quiet', 'harm', 'edge', 'weak'] as const;
export type Section = (typeof sections)[number];

/** Rows whose rules share a threshold when all are brought to equal false alarms. */
export const families = [
  'latency',
  'CPU',
  'errors',
  'errors in own bursts',
  'pods',
  'pods, no guard',
  'histogram',
  'ten metrics',
] as const;
export type Family = (typeof families)[number];

/** One line of the tables: a way to draw runs, and what is expected of them. */
export type Row = {
  /** Words joined by slashes; names the row on the command line and its stream of random numbers. */
  readonly id: string;
  readonly title: string;
  readonly section: Section;
  readonly family: Family;
  /** Both arms are alike: what fails is a false alarm, and the row counts for the equal thresholds. */
  readonly isAlike: boolean;
  readonly looks: Looks;
  readonly bars: readonly Bar[];
  readonly draw: (draws: Draws) => readonly Watched[];
};

/** Minutes 5 to 30, where a row says nothing else. */
export const usualLooks: Looks = { from: 5, to: 30 };

/** At most this share of runs may fail. */
export const failsAtMost = (atMost: number): Bar => ({ of: 'failed', atMost });
/** At least this share of runs must fail. */
export const failsAtLeast = (atLeast: number): Bar => ({ of: 'failed', atLeast });
/** Half of all runs must have failed by this minute. */
export const byMinute = (atMost: number): Bar => ({ of: 'minute', atMost });
export const passesAtMost = (atMost: number): Bar => ({ of: 'passed', atMost });
export const passesAtLeast = (atLeast: number): Bar => ({ of: 'passed', atLeast });
