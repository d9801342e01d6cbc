import { startDeadline } from '../../deadline.ts';
import { hasCode, SerinError } from '../../errors.ts';
import type { Provider, QueryRequest } from '../../metrics/provider.ts';
import { parseTemplate } from '../../metrics/template.ts';
import type { FindProvider } from '../readings.ts';
import { oneSeries, severalSeries, type Way } from './answers.ts';
import { chunksOf } from './chunks.ts';
import { createGate, createMemory, type Gate, type Memory } from './memory.ts';
import type { PastWindow } from './past-window.ts';

export type ReaderOptions = {
  readonly findProvider: FindProvider;
  /** Requests under way at once, ≥ 1. */
  readonly concurrency: number;
  /** How long one request may take, milliseconds. */
  readonly deadlineMs: number;
  /** Points of a series on that step asked for at once where windows share what they read. */
  readonly chunkPoints: (step: number) => number;
  /** The time of the backtest: nothing after it is asked for. */
  readonly now: number;
  readonly stop: AbortSignal;
};

/** The providers as one window sees them. */
export type WindowReader = {
  readonly findProvider: FindProvider;
  /** What the first request that failed was rejected with, past series included; `null` when none did. */
  failure(): unknown;
};

/** Reads for many windows: each point of a series once where they share it, never more requests at once than said. */
export type Reader = { forWindow(window: PastWindow): WindowReader };

/** Numbers kept; some tens of megabytes. */
const mostKept = 1_000_000;

/**
 * What is asked when a window asks: the baseline of an offset window earlier, and as the same population as its canary;
 * for a window that shares its reads, without the window's own start and end where the query does not use them.
 */
function translate(request: QueryRequest, { offset, changeId }: PastWindow): QueryRequest {
  const earlier = request.arm === 'baseline' ? offset : 0;
  const { start, end, ...others } = request.variables;
  const used = parseTemplate(request.query).variables;
  const isBound = changeId !== null || used.includes('start') || used.includes('end');
  const shift = (seconds: string | undefined): string => String(Number(seconds) - earlier / 1000);
  return {
    ...request,
    variables: isBound ? { ...others, start: shift(start), end: shift(end) } : others,
    arm: offset === 0 ? request.arm : 'baseline',
    from: request.from - earlier,
    to: request.to - earlier,
  };
}

/** What two requests must have in common to have the same answer, but for the time. */
function nameOf(provider: string, { query, variables, arm, step }: QueryRequest): string {
  const sorted = Object.entries(variables).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([provider, query, sorted, arm, step]);
}

/** A chunk that is too much for the backend may be answered in smaller parts. */
function isTooMuch(error: unknown): boolean {
  return hasCode(error, 'provider_too_large', 'provider_rejected', 'provider_timeout');
}

async function throughGate<Answer>(
  gate: Gate,
  { stop, deadlineMs }: ReaderOptions,
  ask: (signal: AbortSignal) => Promise<Answer>,
): Promise<Answer> {
  return gate(async () => {
    if (stop.aborted) throw new SerinError('shutting_down', 'the backtest was stopped');
    const deadline = startDeadline(deadlineMs, stop);
    try {
      return await ask(deadline.signal);
    } finally {
      deadline.release();
    }
  });
}

/** Asks in one way for all windows. */
type Asker<Answer> = (provider: Provider, window: PastWindow, asked: QueryRequest) => Promise<Answer>;

function createAsker<Answer>(options: ReaderOptions, gate: Gate, way: Way<Answer>): Asker<Answer> {
  const remember: Memory<Answer> = createMemory(mostKept, way.size);
  /** Requests whose chunks were too much for the backend: these are read window by window. */
  const inWindows = new Set<string>();

  const askOnce = (provider: Provider, name: string, request: QueryRequest): Promise<Answer> =>
    remember(`${name}@${request.from}-${request.to}`, () =>
      throughGate(gate, options, (signal) => way.ask(provider, { ...request, signal })),
    );
  const askInChunks = async (provider: Provider, name: string, request: QueryRequest): Promise<Answer> => {
    const chunks = chunksOf(request, options.chunkPoints(request.step), options.now);
    const asked = chunks.map((chunk) => askOnce(provider, name, { ...request, ...chunk }));
    return way.join(request, await Promise.all(asked));
  };
  const askFor = async (provider: Provider, window: PastWindow, request: QueryRequest): Promise<Answer> => {
    const name = nameOf(provider.name, request);
    if (window.changeId !== null || inWindows.has(name)) return askOnce(provider, name, request);
    try {
      return await askInChunks(provider, name, request);
    } catch (error) {
      if (options.stop.aborted || !isTooMuch(error)) throw error;
      const answer = await askOnce(provider, name, request);
      inWindows.add(name);
      return answer;
    }
  };
  return async (provider, window, asked) => {
    const request = translate(asked, window);
    return way.move(await askFor(provider, window, request), asked.from - request.from);
  };
}

/** Makes a reader; it keeps what it read, up to some tens of megabytes, as long as it lives. */
export function createReader(options: ReaderOptions): Reader {
  const gate = createGate(options.concurrency);
  const askOne = createAsker(options, gate, oneSeries);
  const askSeveral = createAsker(options, gate, severalSeries);
  return {
    forWindow: (window) => {
      let failure: unknown = null;
      const watched = <Answer>(answer: Promise<Answer>): Promise<Answer> =>
        answer.catch((error: unknown) => {
          failure ??= error;
          throw error;
        });
      const findProvider: FindProvider = (name) => {
        const provider = options.findProvider(name);
        if (provider === null) return null;
        return {
          ...provider,
          fetch: (request) => watched(askOne(provider, window, request)),
          fetchMembers: (request) => watched(askSeveral(provider, window, request)),
        };
      };
      return { findProvider, failure: () => failure };
    },
  };
}
