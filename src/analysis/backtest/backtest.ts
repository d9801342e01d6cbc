import { setImmediate } from 'node:timers/promises';
import { SerinError } from '../../errors.ts';
import type { FindProvider } from '../readings.ts';
import type { Run, RunNoise } from '../run.ts';
import { refuseSameSeries } from './arms.ts';
import { chunkPoints } from './chunks.ts';
import type { DoneWindows } from './done-file.ts';
import { harmEach } from './harm-each.ts';
import { judgePast, type ReadRun, readWith } from './judge-window.ts';
import { describeWindow, type HarmRequest, type JudgedWindow, keyOf } from './judged-window.ts';
import { longest, type NamedPlan, type PastWindow, pastRun } from './past-window.ts';
import { createReader, type Reader } from './reader.ts';

export type BacktestOptions = {
  /** In the order in which they are judged; neighbours in time should be neighbours here. */
  readonly windows: readonly PastWindow[];
  readonly plans: readonly NamedPlan[];
  /** Tried in the harmless windows; `null`: none. */
  readonly harm: HarmRequest | null;
  /** Milliseconds between the starts of two harmless windows. */
  readonly every: number;
  /** The program's version: results of another one are not taken over. */
  readonly version: string;
  readonly findProvider: FindProvider;
  /** What earlier runs of the service told of its noise by the time a run would have been made. */
  readonly recallNoise: (run: Run) => Promise<readonly RunNoise[]>;
  readonly done: DoneWindows;
  /** Requests to providers under way at once. */
  readonly concurrency: number;
  /** How long one of them may take, milliseconds. */
  readonly deadlineMs: number;
  readonly now: number;
  readonly stop: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
};

/** How far a backtest has come; a window counts once for each plan. */
export type Progress = {
  readonly done: number;
  readonly all: number;
  /** Of those done: judged by an earlier call. */
  readonly resumed: number;
  readonly unread: number;
};

/** A window that could not be read. */
export type UnreadWindow = {
  readonly plan: string;
  readonly start: number;
  readonly changeId: string | null;
  readonly reason: string;
};

export type BacktestResult = {
  readonly judged: readonly JudgedWindow[];
  readonly unread: readonly UnreadWindow[];
  /** True when it was told to stop before the last window. */
  readonly isStopped: boolean;
};

/** A backend that fails this often in a row will not get better by being asked about the next window. */
const mostFailuresInARow = 3;

/** Steps of the past that a window reads besides its own. */
const pastSteps = 60;

function makeReader(options: BacktestOptions): Reader {
  const span = Math.max(0, ...options.plans.map(({ plan }) => longest(plan)));
  return createReader({
    ...options,
    chunkPoints: (step) => chunkPoints(Math.ceil(span / step) + pastSteps, Math.floor(options.every / step)),
  });
}

/** Reads for one window; rejects where anything of it could not be read, its past included. */
function readFor(options: BacktestOptions, reader: Reader, window: PastWindow, label: string): ReadRun {
  const { findProvider, failure } = reader.forWindow(window);
  const readPast = readWith(findProvider, options.stop);
  return async (run, kept) => {
    const readings = await readPast(run, kept);
    const failed = failure();
    if (failed !== null) throw failed;
    for (const [metric, error] of readings.errors)
      throw new SerinError('provider_rejected', `${metric}: ${error}`);
    refuseSameSeries(window, run, readings.kept, label);
    return readings;
  };
}

/** What is no failure of a provider is wrong for every harmless window alike; a deploy may have values of its own. */
function isHopeless(error: unknown, { changeId }: PastWindow): boolean {
  return !(error instanceof SerinError) || (changeId === null && !error.code.startsWith('provider_'));
}

/** What has been done so far. */
type Tally = {
  readonly judged: JudgedWindow[];
  readonly unread: UnreadWindow[];
  resumed: number;
  /** Windows not read since one last was. */
  failedInARow: number;
};

/** Tells a window that could not be read, or gives up. */
function noteUnread(tally: Tally, window: PastWindow, named: NamedPlan, error: unknown): void {
  tally.failedInARow += 1;
  if (isHopeless(error, window) || tally.failedInARow === mostFailuresInARow) throw error;
  const reason = error instanceof Error ? error.message : String(error);
  tally.unread.push({ plan: named.label, start: window.start, changeId: window.changeId, reason });
}

async function takeWindow(
  options: BacktestOptions,
  reader: Reader,
  tally: Tally,
  window: PastWindow,
  named: NamedPlan,
): Promise<void> {
  const harm = window.changeId === null ? options.harm : null;
  const past = pastRun(window, named.plan);
  const noise = window.offset === 0 ? await options.recallNoise(past) : [];
  const run = { ...past, noise };
  const key = keyOf(named, window, [options.version, harm, noise]);
  const known = options.done.find(key);
  if (known !== null) {
    tally.resumed += 1;
    tally.judged.push(known);
    return;
  }
  try {
    const readRun = readFor(options, reader, window, named.label);
    const judged = await judgePast(run, window.rolloutEnd, readRun, (input) => input);
    const harmed = harm === null ? [] : await harmEach(run, harm, readRun);
    const described = describeWindow(key, named, window, judged, harmed);
    options.done.add(described);
    tally.judged.push(described);
    tally.failedInARow = 0;
  } catch (error) {
    if (!options.stop.aborted) noteUnread(tally, window, named, error);
  }
}

/**
 * Judges windows of the past one after the other under each plan, as the service would have. What was judged before
 * (`done`) is neither read nor judged again; what is judged now is kept there at once. A window that cannot be read is
 * told and left out.
 *
 * Rejects with the provider's error when three windows in a row cannot be read, and with `invalid_input` where a plan
 * or its arms are wrong. When `stop` aborts it resolves with what was judged until then.
 */
export async function backtest(options: BacktestOptions): Promise<BacktestResult> {
  const { windows, plans, stop } = options;
  const reader = makeReader(options);
  const tally: Tally = { judged: [], unread: [], resumed: 0, failedInARow: 0 };
  const all = windows.length * plans.length;
  const count = (): number => tally.judged.length + tally.unread.length;
  for (const window of windows) {
    for (const named of plans) {
      if (stop.aborted) break;
      await takeWindow(options, reader, tally, window, named);
      options.onProgress({ done: count(), all, resumed: tally.resumed, unread: tally.unread.length });
      // Judging waits for nothing; a signal must get its turn.
      await setImmediate();
    }
  }
  return { judged: tally.judged, unread: tally.unread, isStopped: count() < all };
}
