import { startDeadline } from '../deadline.ts';
import type { Run } from './run.ts';
import type { RunEvents } from './run-events.ts';
import type { RunEvent } from './runs.ts';
import { isOver } from './transitions.ts';

export type WatchDeps = {
  readonly events: RunEvents;
  /** The run as stored now; rejects with `not_found`. */
  readonly find: (id: string) => Promise<Run>;
  /** How often the store is asked in case another process wrote the run, milliseconds. */
  readonly recheckMs: number;
};

function eventOf(run: Run): RunEvent {
  return { type: isOver(run) ? 'concluded' : 'look', run };
}

/** Collects what is told of a run until somebody takes it; wakes whoever waits. */
function createMailbox(): {
  put: (event: RunEvent | null) => void;
  take: () => RunEvent | undefined;
  wait: (ms: number) => Promise<void>;
} {
  const waiting: RunEvent[] = [];
  let wake: (() => void) | null = null;
  return {
    put: (event) => {
      if (event !== null) waiting.push(event);
      wake?.();
    },
    take: () => waiting.shift(),
    wait: (ms) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
        if (waiting.length > 0) wake();
      }),
  };
}

/**
 * Yields each look and the conclusion of a run, then ends; ends early when `signal` aborts. A run that is over yields
 * once. Looks written by another process are seen at the next recheck.
 */
export async function* watch(deps: WatchDeps, id: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
  const mailbox = createMailbox();
  const wake = (): void => mailbox.put(null);
  const unsubscribe = deps.events.subscribe(id, mailbox.put);
  signal.addEventListener('abort', wake);
  try {
    let seen = await deps.find(id);
    if (isOver(seen)) yield eventOf(seen);
    while (!isOver(seen) && !signal.aborted) {
      const event = mailbox.take() ?? eventOf(await deps.find(id));
      const isNews = event.run.looks > seen.looks || isOver(event.run);
      if (isNews) {
        seen = event.run;
        yield event;
      } else {
        await mailbox.wait(deps.recheckMs);
      }
    }
  } finally {
    unsubscribe();
    signal.removeEventListener('abort', wake);
  }
}

/** The run as soon as it is over, or as it is after `waitMs` or when `signal` aborts; whichever comes first. */
export async function waitFor(
  deps: WatchDeps,
  id: string,
  waitMs: number,
  signal: AbortSignal,
): Promise<Run> {
  if (waitMs <= 0) return deps.find(id);
  const deadline = startDeadline(waitMs, signal);
  try {
    let latest: Run | null = null;
    for await (const event of watch(deps, id, deadline.signal)) latest = event.run;
    return latest !== null && isOver(latest) ? latest : await deps.find(id);
  } finally {
    deadline.release();
  }
}
