import type { Authentication } from '../../src/auth/authentication.ts';
import { anonymousCaller, type Caller, type Role } from '../../src/auth/caller.ts';

/** Makes a caller with a token of that name and role. */
export function makeCaller(
  role: Role,
  services: readonly string[] | null = null,
  name: string = role,
): Caller {
  return { name: `token:${name}`, kind: 'token', roles: [role], services };
}

/**
 * Knows each caller by the last part of its name as credential (`Bearer gate`), and refuses any other; nothing shown
 * is `anonymous`, or refused.
 */
export function knowCallers(
  callers: readonly Caller[],
  anonymous: readonly Role[] | null = null,
): Authentication {
  return {
    identify: async (credential) => {
      if (credential === null)
        return anonymous === null
          ? { refused: 'missing', message: 'a credential is needed' }
          : anonymousCaller(anonymous);
      const found = callers.find(({ name }) => name === `token:${credential}`);
      return found ?? { refused: 'unknown', message: 'the credential is not known here' };
    },
  };
}
