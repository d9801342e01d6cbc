import { SerinError } from '../errors.ts';
import type { Authenticator } from './authentication.ts';
import type { OidcResult } from './oidc.ts';

/**
 * Knows callers by the tokens of CI systems. Rejects with `issuer_unreachable` while the keys of a configured issuer
 * cannot be had, for then it cannot be told.
 */
export function createOidcAuthenticator(oidc: (credential: string) => Promise<OidcResult>): Authenticator {
  return async (credential) => {
    const result = await oidc(credential);
    switch (result.kind) {
      case 'foreign':
        return null;
      case 'caller':
        return { ...result.caller, detail: result.detail };
      case 'unknown':
        throw new SerinError('issuer_unreachable', `${result.reason}; ask again`);
      case 'refused':
        return { refused: 'signature', message: result.reason };
      case 'forbidden':
        return { refused: 'rule', message: result.reason };
    }
  };
}
