import type { RequestHandler, Response } from 'express';

/** Lets go of answers that are held open: of one when its caller leaves, of all when the server shuts down. */
export type Drain = {
  readonly draining: boolean;
  /** Aborts when the caller of this request is gone, or when draining begins. */
  signalFor(response: Response): AbortSignal;
  /** Ends every wait at once; from now on each answer asks its caller to connect anew. */
  drain(): void;
  /** The middleware that asks so. */
  readonly announce: RequestHandler;
};

export function createDrain(): Drain {
  const open = new Set<AbortController>();
  let draining = false;
  return {
    get draining() {
      return draining;
    },
    signalFor(response) {
      const controller = new AbortController();
      if (draining || response.destroyed) controller.abort();
      open.add(controller);
      response.once('close', () => {
        open.delete(controller);
        controller.abort();
      });
      return controller.signal;
    },
    drain() {
      draining = true;
      for (const controller of open) controller.abort();
    },
    announce(_request, response, next) {
      if (draining) response.setHeader('Connection', 'close');
      next();
    },
  };
}
