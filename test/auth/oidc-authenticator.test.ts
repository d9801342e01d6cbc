import assert from 'node:assert/strict';
import type { OidcResult } from '../../src/auth/oidc.ts';
import { createOidcAuthenticator } from '../../src/auth/oidc-authenticator.ts';
import { SerinError } from '../../src/errors.ts';

describe('the authenticator of CI systems', () => {
  const ask = (result: OidcResult) => createOidcAuthenticator(async () => result)('token');

  it('leaves what is none of theirs to others', async () => {
    assert.equal(await ask({ kind: 'foreign' }), null);
  });

  it('gives the caller with what the audit trail says of it', async () => {
    const caller = { name: 'oidc:x:y', kind: 'oidc', roles: ['gate'], services: ['checkout'] } as const;
    assert.deepEqual(await ask({ kind: 'caller', caller, detail: 'run_id 42' }), {
      ...caller,
      detail: 'run_id 42',
    });
  });

  it('tells a token that is no good from one that no rule lets in', async () => {
    assert.deepEqual(await ask({ kind: 'refused', reason: 'r' }), { refused: 'signature', message: 'r' });
    assert.deepEqual(await ask({ kind: 'forbidden', reason: 'r' }), { refused: 'rule', message: 'r' });
  });

  it('cannot tell while the keys cannot be had, and says that asking again may help', async () => {
    await assert.rejects(
      async () => ask({ kind: 'unknown', reason: 'the keys cannot be fetched' }),
      (error) =>
        error instanceof SerinError && error.code === 'issuer_unreachable' && /ask again/.test(error.message),
    );
  });
});
