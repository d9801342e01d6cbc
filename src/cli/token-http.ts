import { SerinError } from '../errors.ts';
import type { Io } from './io.ts';
import type { NewToken, Token, TokenAccess } from './token-access.ts';

const deadlineMs = 30_000;

function adviceOf(body: unknown, url: string, status: number): string {
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : null;
  return typeof detail === 'string' ? detail : `${url} answered ${status} with something that is not Serin's`;
}

async function readBody(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    return null;
  }
}

/**
 * Tokens of the service at `url`, which has no trailing slash. Rejects with `store_unavailable` when it cannot be
 * reached or has no answer now, with `invalid_input` when it refuses.
 */
export function createHttpTokens(fetch: Io['fetch'], url: string, token: string | null): TokenAccess {
  const call = async (method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(deadlineMs),
      redirect: 'manual',
    }).catch((error: unknown) => {
      throw new SerinError('store_unavailable', `${url} cannot be reached`, { cause: error });
    });
    const answer = await readBody(response);
    if (response.ok && answer !== null) return answer;
    const advice = adviceOf(answer, url, response.status);
    throw new SerinError(
      response.status >= 500 ? 'store_unavailable' : 'invalid_input',
      `${response.status}: ${advice}`,
    );
  };
  return {
    create: async (order) => (await call('POST', '/v1/tokens', order)) as NewToken,
    list: async () => ((await call('GET', '/v1/tokens')) as { items: readonly Token[] }).items,
    revoke: async (nameOrId) =>
      (await call('POST', `/v1/tokens/${encodeURIComponent(nameOrId)}/revoke`)) as Token,
    close: async () => {},
  };
}
