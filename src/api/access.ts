import type { Request, RequestHandler, Response } from 'express';
import { type Authentication, isRefusal, type Refusal } from '../auth/authentication.ts';
import { anonymousCaller, type Caller, hasRole, roles } from '../auth/caller.ts';
import { isWellFormed } from '../auth/token.ts';
import { hasCode, SerinError } from '../errors.ts';
import type { Logger } from '../telemetry/logger.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { contextOf } from './context.ts';
import { type Credential, readCredential, readOwnToken } from './credential.ts';
import { findForeignPage, type OwnPages } from './own-page.ts';
import type { Operation, Spec } from './spec.ts';

/**
 * Who may call an operation, as `x-serin-access` says: everybody, callers with a role, or (`signed`) whoever signs as
 * the route itself verifies.
 */
export const accessWords = ['public', 'signed', ...roles] as const;
export type Access = (typeof accessWords)[number];

export type AccessDeps = OwnPages & {
  readonly authentication: Authentication;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'authFailure'>;
};

const nobody = anonymousCaller([]);

function accessOf({ id, spec }: Pick<Operation, 'id' | 'spec'>): Access {
  const word = spec['x-serin-access'];
  const access = accessWords.find((one) => one === word);
  if (access !== undefined) return access;
  throw new Error(
    `openapi.yaml: ${id} has x-serin-access ${JSON.stringify(word)}; allowed are ${accessWords.join(', ')}`,
  );
}

/** Throws unless every operation says who may call it: what was forgotten must not be open. */
function checkAll(spec: Spec): void {
  for (const item of Object.values(spec.paths))
    for (const operation of Object.values(item))
      if (operation?.operationId !== undefined) accessOf({ id: operation.operationId, spec: operation });
}

/** Notes a refusal where people look for attacks and mistakes; the credential itself goes nowhere. */
function note(refusal: string, request: Request, response: Response, { logger, metrics }: AccessDeps): void {
  const { requestId, operation } = contextOf(response);
  metrics.authFailure(refusal);
  logger.warn(
    { requestId, reason: refusal, operation: operation?.id, remote: request.socket.remoteAddress },
    'a caller was refused',
  );
}

async function identify(
  credential: Credential,
  response: Response,
  { authentication }: AccessDeps,
): Promise<Caller | Refusal> {
  if ('malformed' in credential) return { refused: 'malformed', message: credential.malformed };
  try {
    return await authentication.identify(credential.secret);
  } catch (error) {
    const context = contextOf(response);
    if (credential.secret !== null) context.isUnchecked = isWellFormed(credential.secret);
    // Who claims nothing is refused nothing while it is not known whether a credential is needed.
    else if (hasCode(error, 'store_unavailable')) context.caller = nobody;
    throw error;
  }
}

/** Throws when somebody who needs no credential is a page of somebody else. */
function refuseForeignPage(caller: Caller, request: Request, response: Response, deps: AccessDeps): void {
  const foreign = caller.kind === 'anonymous' ? findForeignPage(request, deps) : null;
  if (foreign === null) return;
  note(foreign.reason, request, response, deps);
  throw foreign.error;
}

/**
 * Whoever shows a credential that does not look like one of ours to a route that is signed: a token by configuration may
 * look like anything, a job's is of its issuer. What is known to nobody may be the secret of the source.
 */
async function findOther(request: Request, { authentication }: AccessDeps): Promise<Caller> {
  const shown = readCredential(request, '');
  if ('malformed' in shown || shown.secret === null) return nobody;
  const found = await authentication.identify(shown.secret);
  return isRefusal(found) || found.kind === 'anonymous' ? nobody : found;
}

async function admit(
  access: Exclude<Access, 'public'>,
  request: Request,
  response: Response,
  deps: AccessDeps,
): Promise<Caller> {
  const route = contextOf(response).operation?.route ?? '';
  const credential = access === 'signed' ? readOwnToken(request) : readCredential(request, route);
  if (access === 'signed' && 'secret' in credential && credential.secret === null)
    return findOther(request, deps);
  const found = await identify(credential, response, deps);
  if (isRefusal(found)) {
    note(found.refused, request, response, deps);
    throw new SerinError(found.refused === 'rule' ? 'forbidden' : 'unauthenticated', found.message);
  }
  refuseForeignPage(found, request, response, deps);
  if (access === 'signed' || hasRole(found, access)) return found;
  note('role', request, response, deps);
  throw new SerinError(
    'forbidden',
    `needs the role ${access}; ${found.name} has ${found.roles.join(', ') || 'none'}`,
  );
}

/**
 * A middleware that tells who calls and refuses who may not, before anything of the request is read. What is no
 * operation goes on without a caller. Throws when an operation of `spec` does not say who may call it.
 */
export function guardAccess(spec: Spec, deps: AccessDeps): RequestHandler {
  checkAll(spec);
  return async (request, response, next) => {
    const context = contextOf(response);
    const access = context.operation === null ? 'public' : accessOf(context.operation);
    context.caller = access === 'public' ? nobody : await admit(access, request, response, deps);
    next();
  };
}
