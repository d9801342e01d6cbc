import assert from 'node:assert/strict';
import {
  anonymousCaller,
  type Caller,
  concerns,
  hasRole,
  mustConcern,
  mustConcernList,
  type Role,
  roles,
} from '../../src/auth/caller.ts';
import { hasCode } from '../../src/errors.ts';

function makeCaller(granted: readonly Role[], services: readonly string[] | null = null): Caller {
  return { name: 'token:ci', kind: 'token', roles: granted, services };
}

describe('hasRole(caller, role)', () => {
  it('lets admin do everything and everybody with a role read, and nothing else', () => {
    const table = roles.map((granted) => roles.filter((role) => hasRole(makeCaller([granted]), role)));
    assert.deepEqual(Object.fromEntries(roles.map((granted, index) => [granted, table[index]])), {
      read: ['read'],
      record: ['read', 'record'],
      gate: ['read', 'gate'],
      admin: ['read', 'record', 'gate', 'admin'],
    });
  });

  it('lets nobody in who has no role', () => {
    for (const role of roles) assert.equal(hasRole(anonymousCaller([]), role), false);
  });
});

describe('mustConcern(caller, service)', () => {
  const bound = makeCaller(['gate'], ['checkout', 'search']);

  it('keeps a caller to its services and says which they are', () => {
    mustConcern(bound, 'checkout');
    mustConcern(makeCaller(['gate']), 'anything');
    assert.throws(
      () => mustConcern(bound, 'payment'),
      (error) => hasCode(error, 'forbidden') && /"payment".*token:ci.*checkout, search/.test(error.message),
    );
    assert.throws(() => mustConcern(makeCaller(['gate'], []), 'checkout'), /no service/);
    assert.deepEqual([concerns(bound, 'search'), concerns(bound, 'payment')], [true, false]);
  });

  it('wants a bound caller of a list to name one of its services', () => {
    mustConcernList(bound, 'search');
    mustConcernList(makeCaller(['read']), undefined);
    assert.throws(() => mustConcernList(bound, undefined), /is missing.*checkout, search/);
    assert.throws(
      () => mustConcernList(bound, 'payment'),
      (error) => hasCode(error, 'forbidden'),
    );
  });
});
