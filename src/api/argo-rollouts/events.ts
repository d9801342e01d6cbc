import { Router } from 'express';
import type { RolloutEvents } from '../../analysis/rollout-events.ts';
import { SerinError } from '../../errors.ts';
import { actorOf } from '../context.ts';
import { type After, withDeadline } from '../timers.ts';
import { readNotification } from './notification.ts';

/** The controller waits for the answer without a limit and reconciles nothing meanwhile. */
const deadline = 5_000;

/**
 * Takes the controller's notifications. Duplicates and services nobody configured are accepted; what cannot be stored
 * is a 503, for the notifier then tries again.
 */
export function createArgoEventsRouter(rolloutEvents: RolloutEvents, after: After): Router {
  const router = Router();
  router.post('/v1/hooks/argo-rollouts/events', async (request, response) => {
    const late = (): Error =>
      new SerinError('store_unavailable', `the event was not stored within ${deadline / 1000}s`);
    await withDeadline(
      rolloutEvents.take(readNotification(request.body, actorOf(response))),
      deadline,
      after,
      late,
    );
    response.status(202).json({ accepted: true });
  });
  return router;
}
