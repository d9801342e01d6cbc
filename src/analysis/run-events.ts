import { EventEmitter } from 'node:events';
import type { RunEvent } from './runs.ts';

/** Tells those who wait in this process what happened to a run. Nothing is kept: who comes late asks the store. */
export type RunEvents = {
  emit(event: RunEvent): void;
  /** Calls `listener` for each event of that run until the returned function is called. */
  subscribe(runId: string, listener: (event: RunEvent) => void): () => void;
};

/** Events within one process. */
export function createRunEvents(): RunEvents {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    emit: (event) => {
      emitter.emit(event.run.id, event);
    },
    subscribe: (runId, listener) => {
      emitter.on(runId, listener);
      return () => emitter.off(runId, listener);
    },
  };
}
