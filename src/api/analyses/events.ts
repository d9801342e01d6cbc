import type { Response } from 'express';
import type { RunEvent, Runs } from '../../analysis/runs.ts';
import type { After } from '../timers.ts';
import { writeAnalysis } from './analysis.ts';

/** How often a comment tells proxies and callers that the stream lives, milliseconds. */
export const keepAliveEvery = 15_000;

export type EventStream = {
  readonly runs: Runs;
  readonly after: After;
  readonly publicUrl: string | null;
};

function openStream(response: Response): void {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-store',
    // Tells nginx not to hold events back.
    'X-Accel-Buffering': 'no',
  });
  response.flushHeaders();
}

function writeEvent({ type, run }: RunEvent, publicUrl: string | null): string {
  const data = JSON.stringify(writeAnalysis(run, publicUrl));
  return `id: ${run.attempt}.${run.looks}.${type}\nevent: ${type}\ndata: ${data}\n\n`;
}

function keepAlive(response: Response, after: After): () => void {
  let cancel: () => void;
  const rearm = (): void => {
    cancel = after(keepAliveEvery, () => {
      response.write(': still here\n\n');
      rearm();
    });
  };
  rearm();
  return () => cancel();
}

/** Sends an event; a caller that reads slowly is waited for, so that events do not pile up in memory. */
async function send(response: Response, text: string, signal: AbortSignal): Promise<void> {
  if (response.write(text) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/**
 * Sends the looks and the conclusion of a run as server-sent events until it is over, or until `signal` aborts: then
 * the state of that moment is the last event. The run must exist; headers go out at once.
 */
export async function streamEvents(
  id: string,
  response: Response,
  signal: AbortSignal,
  deps: EventStream,
): Promise<void> {
  openStream(response);
  const stop = keepAlive(response, deps.after);
  try {
    let over = false;
    for await (const event of deps.runs.watch(id, signal)) {
      await send(response, writeEvent(event, deps.publicUrl), signal);
      over = event.type === 'concluded';
    }
    if (!over && !response.destroyed) {
      const run = await deps.runs.get(id);
      const type = run.phase === 'concluded' || run.phase === 'cancelled' ? 'concluded' : 'look';
      response.write(writeEvent({ type, run }, deps.publicUrl));
    }
  } finally {
    stop();
    response.end();
  }
}
