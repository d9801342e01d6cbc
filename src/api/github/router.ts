import { type Request, type Response, Router } from 'express';
import { type Verification, verifyWebhook } from '../../auth/webhook.ts';
import { hasCode, invalidInput, SerinError } from '../../errors.ts';
import type { Intake } from '../../gate/intake.ts';
import type { Actor } from '../../ledger/actor.ts';
import type { Logger } from '../../telemetry/logger.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { contextOf } from '../context.ts';
import { type After, withDeadline } from '../timers.ts';
import { knownEvents, type RawEvent, readEvent } from './events.ts';
import type { GithubHouse } from './house.ts';

/** GitHub waits 10 s and does not try again by itself; it is asked to later. */
const deadline = 5_000;

export type GithubDeps = {
  readonly intake: Intake;
  /** The secrets that are valid now; none: nothing is let in. */
  readonly secrets: () => readonly string[];
  readonly house: () => GithubHouse;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'authFailure' | 'hookEvent'>;
  readonly now: () => number;
  readonly after: After;
};

type Outcome = 'recorded' | 'duplicate' | 'ignored' | 'refused' | 'failed';

function isKnown(name: string): boolean {
  return knownEvents.some((one) => one === name);
}

function verify(request: Request, response: Response, deps: GithubDeps): Verification {
  const { rawBody } = contextOf(response);
  return verifyWebhook('github', {
    secrets: deps.secrets(),
    headers: request.headers,
    rawBody: rawBody ?? Buffer.alloc(0),
    now: deps.now(),
  });
}

/** Refuses what GitHub did not sign; nothing of it is read further. */
function mustBeSigned(request: Request, response: Response, deps: GithubDeps): void {
  const verified = verify(request, response, deps);
  if (verified.ok) return;
  const { requestId } = contextOf(response);
  deps.metrics.authFailure('signature');
  deps.logger.warn(
    { requestId, reason: verified.reason, remote: request.socket.remoteAddress, source: 'github' },
    'a webhook without a right signature was refused',
  );
  const hint = deps.secrets().length === 0 ? '; no secret is configured in auth.webhooks.github' : '';
  throw new SerinError(
    'unauthenticated',
    `X-Hub-Signature-256 is ${verified.reason === 'mismatch' ? 'wrong' : verified.reason}${hint}`,
  );
}

async function take(
  event: RawEvent,
  by: Actor,
  { intake, house, now, after }: GithubDeps,
): Promise<'recorded' | 'duplicate' | 'ignored'> {
  const told = readEvent(event, house(), now());
  if (told === null) return 'ignored';
  const late = (): Error =>
    new SerinError('store_unavailable', `the event was not stored within ${deadline / 1000}s`);
  return withDeadline(
    intake.take({ source: 'github', id: event.deliveryId }, told, by),
    deadline,
    after,
    late,
  );
}

function note(event: RawEvent, outcome: Outcome, requestId: string, { logger, metrics }: GithubDeps): void {
  const name = isKnown(event.name) ? event.name : 'other';
  metrics.hookEvent('github', name, outcome);
  const said = { requestId, event: event.name, delivery: event.deliveryId, outcome };
  if (outcome === 'ignored' && isKnown(event.name)) logger.info(said, 'an event concerned nothing here');
  if (outcome === 'refused') logger.warn(said, 'an event was refused');
}

function readHeaders(request: Request): RawEvent {
  const [name, deliveryId] = [request.get('X-GitHub-Event'), request.get('X-GitHub-Delivery')];
  if (name !== undefined && deliveryId !== undefined) return { name, deliveryId, body: request.body };
  const path = name === undefined ? 'X-GitHub-Event' : 'X-GitHub-Delivery';
  throw invalidInput([{ path, message: 'is missing; GitHub sends this header with every event' }]);
}

/** Takes the webhooks of a GitHub App: stores what they tell and answers; the rest is done later. */
export function createGithubRouter(deps: GithubDeps): Router {
  const router = Router();
  router.post('/v1/hooks/github', async (request, response) => {
    mustBeSigned(request, response, deps);
    const { requestId } = contextOf(response);
    const event = readHeaders(request);
    try {
      const result = await take(event, { name: 'webhook:github', isAdmin: false, requestId }, deps);
      note(event, result, requestId, deps);
      response.status(202).json({ accepted: true, result });
    } catch (error) {
      const isRefused = hasCode(error, 'forbidden', 'invalid_input');
      note(event, isRefused ? 'refused' : 'failed', requestId, deps);
      throw error;
    }
  });
  return router;
}
