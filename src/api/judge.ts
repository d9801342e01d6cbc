import { Router } from 'express';
import type { Drain } from './drain.ts';
import type { components } from './schema.gen.ts';

/**
 * Judges a body of `POST /v1/judge`, absent members left out, without holding up this thread. Rejects with
 * `invalid_input`, and with `overloaded` when too many wait; one that waits is let go with `shutting_down` when
 * `signal` aborts.
 */
export type Judging = (body: unknown, signal: AbortSignal) => Promise<components['schemas']['Judgement']>;

/** The route `/v1/judge`. */
export function createJudgeRouter(judging: Judging, drain: Drain): Router {
  const router = Router();
  router.post('/v1/judge', async (request, response) => {
    try {
      response.json(await judging(request.body, drain.signalFor(response)));
    } catch (error) {
      // Nobody is there to be told.
      if (!response.destroyed) throw error;
    }
  });
  return router;
}
