import { timingSafeEqual } from 'node:crypto';
import type { Authenticator } from './authentication.ts';
import type { Role } from './caller.ts';
import { hashToken } from './token.ts';

export type ConfiguredToken = {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly services?: readonly string[] | undefined;
  readonly token: string;
};

/** Knows the tokens that the configuration gives; they need no database, so an outage of it never refuses them. */
export function createConfiguredTokens(configured: readonly ConfiguredToken[]): Authenticator {
  const known = configured.map(({ token, ...rest }) => ({ ...rest, hash: Buffer.from(hashToken(token)) }));
  return async (credential) => {
    const given = Buffer.from(hashToken(credential));
    // Each is compared, so that the time tells nothing of their order.
    const [found] = known.filter(({ hash }) => timingSafeEqual(hash, given));
    if (found === undefined) return null;
    const { name, roles, services = null } = found;
    return { name: `token:${name}`, kind: 'token', roles, services };
  };
}
