import { Router } from 'express';
import type { Token } from '../auth/token-store.ts';
import type { TokenOrder, Tokens } from '../auth/tokens.ts';
import { type InputIssue, invalidInput } from '../errors.ts';
import { actorOf } from './context.ts';
import type { components } from './schema.gen.ts';
import { readDuration, writeInstant, writeInstantOrNull } from './times.ts';

type Schemas = components['schemas'];

/** A token in the form of the API: everything but its secret. */
export function writeToken(token: Token): Schemas['Token'] {
  return {
    id: token.id,
    name: token.name,
    roles: [...token.roles],
    services: token.services === null ? null : [...token.services],
    createdAt: writeInstant(token.createdAt),
    createdBy: token.createdBy,
    expiresAt: writeInstantOrNull(token.expiresAt),
    revokedAt: writeInstantOrNull(token.revokedAt),
    lastUsedAt: writeInstantOrNull(token.lastUsedAt),
  };
}

function readOrder({ name, roles, services, expires }: Schemas['TokenOrder']): TokenOrder {
  const issues: InputIssue[] = [];
  const expiresIn = expires === undefined ? null : readDuration(expires, 'expires', issues);
  if (issues.length > 0) throw invalidInput(issues);
  return { name, roles, services: services ?? null, expiresIn };
}

/** The routes under `/v1/tokens`. */
export function createTokensRouter(tokens: Tokens): Router {
  const router = Router();
  router.post('/v1/tokens', async (request, response) => {
    const { token, secret } = await tokens.create(readOrder(request.body), actorOf(response));
    response.setHeader('Cache-Control', 'no-store');
    response.status(201).json({ ...writeToken(token), token: secret });
  });
  router.get('/v1/tokens', async (_request, response) => {
    response.json({ items: (await tokens.list()).map(writeToken) });
  });
  router.post('/v1/tokens/:id/revoke', async (request, response) => {
    response.json(writeToken(await tokens.revoke(String(request.params['id']), actorOf(response))));
  });
  return router;
}
