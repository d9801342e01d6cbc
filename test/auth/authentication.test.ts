import assert from 'node:assert/strict';
import {
  type AuthenticationDeps,
  type Authenticator,
  createAuthentication,
  createSwitch,
} from '../../src/auth/authentication.ts';
import type { Caller } from '../../src/auth/caller.ts';
import { createConfiguredTokens } from '../../src/auth/configured-tokens.ts';

const ci: Caller = { name: 'token:ci', kind: 'token', roles: ['gate'], services: null };

function make(changes: Partial<AuthenticationDeps> = {}, isOn = false) {
  return createAuthentication({
    authenticators: () => [],
    isOn: async () => isOn,
    onTokenSeen: () => {},
    rolesWhenOff: ['admin'],
    expandScope: (services) => services,
    ...changes,
  });
}

const knows =
  (credential: string, caller: Caller): Authenticator =>
  async (given) =>
    given === credential ? caller : null;

describe('createAuthentication(deps)', () => {
  it('lets everybody in who shows nothing as long as access control is off, with the roles it is given', async () => {
    const found = await make({ rolesWhenOff: ['read', 'gate'] }).identify(null);
    assert.deepEqual(found, {
      name: 'anonymous',
      kind: 'anonymous',
      roles: ['read', 'gate'],
      services: null,
    });
  });

  it('refuses who shows nothing once it is on, and wherever nobody may come without', async () => {
    for (const one of [make({}, true), make({ rolesWhenOff: [] })]) {
      const found = await one.identify(null);
      assert.ok('refused' in found && found.refused === 'missing');
    }
  });

  it('refuses a wrong credential once it is on, and wherever nobody may come without, and does not repeat it', async () => {
    for (const one of [make({}, true), make({ rolesWhenOff: [] })]) {
      const found = await one.identify('nonsense');
      assert.ok('refused' in found && found.refused === 'unknown');
      assert.doesNotMatch(found.message, /nonsense/);
    }
  });

  it('takes who shows a credential for anybody while there is none to hold it against', async () => {
    const found = await make().identify('nonsense');
    assert.ok('name' in found && found.name === 'anonymous');
  });

  it('refuses a token of ours that is damaged even then', async () => {
    const damaged: Authenticator = async () => ({ refused: 'malformed', message: 'x' });
    const found = await make({ authenticators: () => [damaged] }).identify('serin_x');
    assert.ok('refused' in found && found.refused === 'malformed');
  });

  it('asks each kind in turn, and takes the first that knows the credential', async () => {
    const later: Authenticator = async () => ({ ...ci, name: 'later' });
    const authenticators = () => [knows('a', ci), knows('b', { ...ci, name: 'b' }), later];
    const names = await Promise.all(['a', 'b', 'c'].map((one) => make({ authenticators }).identify(one)));
    assert.deepEqual(
      names.map((found) => 'name' in found && found.name),
      ['token:ci', 'b', 'later'],
    );
  });

  it('ends with a kind that refuses the credential', async () => {
    const expired: Authenticator = async () => ({ refused: 'expired', message: 'expired' });
    const found = await make({ authenticators: () => [expired, knows('a', ci)] }).identify('a');
    assert.ok('refused' in found && found.refused === 'expired');
  });

  it('tells when a token that exists was shown, valid or not, and not of any other', async () => {
    const kinds: Readonly<Record<string, Authenticator>> = {
      valid: async () => ci,
      expired: async () => ({ refused: 'expired', message: 'x' }),
      malformed: async () => ({ refused: 'malformed', message: 'x' }),
      unknown: async () => null,
    };
    const seen: string[] = [];
    for (const [kind, authenticator] of Object.entries(kinds))
      await make({ authenticators: () => [authenticator], onTokenSeen: () => seen.push(kind) }).identify('a');
    assert.deepEqual(seen, ['valid', 'expired']);
  });

  it('widens a scope to all names of its services', async () => {
    const authenticators = () => [knows('a', { ...ci, services: ['checkout'] })];
    const expandScope = (services: readonly string[]) => [...services, 'shop/checkout'];
    const found = await make({ authenticators, expandScope }).identify('a');
    assert.deepEqual('services' in found && found.services, ['checkout', 'shop/checkout']);
  });
});

describe('createSwitch(configured, anyToken)', () => {
  it('is on as soon as something is configured or a token exists, and never forgets a token', async () => {
    let [configured, token] = [false, false];
    let asked = 0;
    const { isOn } = createSwitch(
      () => configured,
      async () => {
        asked += 1;
        return token;
      },
    );
    assert.equal(await isOn(), false);
    configured = true;
    assert.equal(await isOn(), true);
    configured = false;
    assert.equal(await isOn(), false);
    token = true;
    assert.equal(await isOn(), true);
    token = false;
    assert.equal(await isOn(), true);
    assert.equal(asked, 3);
  });

  it('does not guess while the store is away', async () => {
    const { isOn, onTokenSeen } = createSwitch(
      () => false,
      () => Promise.reject(new Error('away')),
    );
    await assert.rejects(isOn(), /away/);
    onTokenSeen();
    assert.equal(await isOn(), true);
  });
});

describe('createConfiguredTokens(configured)', () => {
  const check = createConfiguredTokens([
    { name: 'argo', roles: ['gate'], token: 'x'.repeat(40) },
    { name: 'ci', roles: ['record'], services: ['checkout'], token: 'y'.repeat(40) },
  ]);

  it('knows each by its secret, with roles and scope', async () => {
    assert.deepEqual(await check('x'.repeat(40)), { ...ci, name: 'token:argo' });
    assert.deepEqual(await check('y'.repeat(40)), { ...ci, roles: ['record'], services: ['checkout'] });
    assert.equal(await check('x'.repeat(39)), null);
    assert.equal(await createConfiguredTokens([])(''), null);
  });
});
