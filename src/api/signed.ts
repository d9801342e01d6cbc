import type { Request, Response } from 'express';
import { type Authentication, isRefusal } from '../auth/authentication.ts';
import { type Caller, hasRole } from '../auth/caller.ts';
import type { WebhookConfig, WebhookSource } from '../auth/config.ts';
import { type Scheme, verifyWebhook } from '../auth/webhook.ts';
import { SerinError } from '../errors.ts';
import type { Actor } from '../ledger/actor.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { callerOf, contextOf } from './context.ts';
import { findForeignPage, type OwnPages } from './own-page.ts';

export type SignedDeps = OwnPages & {
  readonly authentication: Authentication;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'authFailure'>;
  readonly now: () => number;
};

type Signer = {
  readonly source: WebhookSource;
  /** `undefined`: the source has no secrets in the configuration. */
  readonly config: WebhookConfig | undefined;
  /** How it signs when the configuration does not say. */
  readonly scheme: (request: Request) => Scheme;
  /** Name of the header with its signature, where the configuration names none; else that of the scheme. */
  readonly header?: string | undefined;
};

function note(reason: string, request: Request, response: Response, deps: SignedDeps): void {
  const { requestId, operation } = contextOf(response);
  deps.metrics.authFailure(reason);
  const said = { requestId, reason, operation: operation?.id, remote: request.socket.remoteAddress };
  deps.logger.warn(said, 'a webhook was refused');
}

function refuse(reason: string, message: string, request: Request, response: Response, deps: SignedDeps) {
  note(reason, request, response, deps);
  return new SerinError('unauthenticated', message);
}

function verify(
  config: WebhookConfig,
  signer: Signer,
  request: Request,
  response: Response,
  deps: SignedDeps,
): Caller {
  const { secrets, scheme, header, timestampHeader, tolerance } = config;
  const verified = verifyWebhook(scheme ?? signer.scheme(request), {
    ...{ secrets, timestampHeader, tolerance },
    header: header ?? signer.header,
    headers: request.headers,
    rawBody: contextOf(response).rawBody ?? Buffer.alloc(0),
    now: deps.now(),
  });
  if (verified.ok)
    return { name: `webhook:${signer.source}`, kind: 'webhook', roles: ['record'], services: null };
  const what = verified.reason === 'mismatch' ? 'wrong' : verified.reason;
  const message = `the signature or secret is ${what}; auth.webhooks.${signer.source} says what is expected`;
  throw refuse('signature', message, request, response, deps);
}

/** Without a secret the source may come only where nobody needs a credential. */
async function admitUnsigned(
  source: WebhookSource,
  request: Request,
  response: Response,
  deps: SignedDeps,
): Promise<Caller> {
  const found = await deps.authentication.identify(null);
  if (!isRefusal(found)) {
    const foreign = findForeignPage(request, deps);
    if (foreign === null) return found;
    note(foreign.reason, request, response, deps);
    throw foreign.error;
  }
  const message = `no secret is configured in auth.webhooks.${source}; give it one, or send a token with the role record`;
  throw refuse('missing', message, request, response, deps);
}

/**
 * Who sends a webhook that may be signed: whoever shows a token of Serin with the role record, else whoever signs with
 * a secret of the source, else anybody as long as access control is off. Rejects with `unauthenticated` or
 * `forbidden`; refusals are counted and logged, and nothing of the body is read before.
 */
export async function admitSigned(
  signer: Signer,
  request: Request,
  response: Response,
  deps: SignedDeps,
): Promise<Actor> {
  const shown = callerOf(response);
  const { config, source } = signer;
  const caller =
    shown.kind !== 'anonymous'
      ? shown
      : config === undefined
        ? await admitUnsigned(source, request, response, deps)
        : verify(config, signer, request, response, deps);
  const { requestId } = contextOf(response);
  const { name, services, detail } = caller;
  if (hasRole(caller, 'record')) return { name, services, detail, requestId, isAdmin: false };
  deps.metrics.authFailure('role');
  throw new SerinError(
    'forbidden',
    `needs the role record; ${name} has ${caller.roles.join(', ') || 'none'}`,
  );
}
