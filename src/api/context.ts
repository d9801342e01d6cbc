import { randomUUID } from 'node:crypto';
import type { RequestHandler, Response } from 'express';
import { type Caller, hasRole } from '../auth/caller.ts';
import type { Actor } from '../ledger/actor.ts';
import type { Operation } from './spec.ts';

/** What is known of a request while it is answered. */
export type RequestContext = {
  readonly requestId: string;
  /** When it came, milliseconds. */
  readonly receivedAt: number;
  /** `null` until the path is looked up, and for paths that are no operation. */
  operation: Operation | null;
  /** Who asks; `null` until it was told, and when it was refused. */
  caller: Caller | null;
  /**
   * Whether it shows a well-formed token of ours that Serin itself failed to check, for instance because the database is
   * away. Its holder is nobody yet, and may hear no more than that Serin cannot judge.
   */
  isUnchecked: boolean;
  /** The body as it came (decompressed), for signatures; `null` until it was read, and where none is read. */
  rawBody: Buffer | null;
};

const contexts = new WeakMap<object, RequestContext>();
const unknown = { operation: null, caller: null, isUnchecked: false, rawBody: null } as const;
const saneId = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** The context of a request that went through `openContext`. */
export function contextOf(response: Response): RequestContext {
  const context = contexts.get(response);
  if (context === undefined) throw new Error('the request has no context yet');
  return context;
}

/** Who asks, of a request that was let in. */
export function callerOf(response: Response): Caller {
  const { caller } = contextOf(response);
  if (caller === null) throw new Error('the request has no caller');
  return caller;
}

/**
 * Whether the request may be answered that Serin cannot judge, which holds a rollout where it is: its caller was let in,
 * or could not be checked. Who was refused hears nothing of it.
 */
export function mayHearOfOutage(response: Response): boolean {
  const { caller, isUnchecked } = contextOf(response);
  return caller !== null || isUnchecked;
}

/** Who asks, as use cases that write want to know it. */
export function actorOf(response: Response): Actor {
  const caller = callerOf(response);
  const { name, services, detail } = caller;
  const { requestId } = contextOf(response);
  const told = detail === undefined ? {} : { detail };
  return { name, isAdmin: hasRole(caller, 'admin'), services, ...told, requestId };
}

/** A middleware that gives each request an id, its caller's own when that is sane, and echoes it. */
export function openContext(now: () => number): RequestHandler {
  return (request, response, next) => {
    const given = request.get('X-Request-Id') ?? '';
    const requestId = saneId.test(given) ? given : randomUUID();
    contexts.set(response, { requestId, receivedAt: now(), ...unknown });
    response.setHeader('X-Request-Id', requestId);
    next();
  };
}
