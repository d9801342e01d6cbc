import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { hashToken } from '../../src/auth/token.ts';
import type { Token } from '../../src/auth/token-store.ts';
import { createTokens } from '../../src/auth/tokens.ts';
import { createTokenUnitOfWork } from '../../src/store/unit-of-work.ts';
import { databases, type TestDatabase } from '../support/databases.ts';

function makeToken(changes: Partial<Token> = {}): Token {
  return {
    id: 't1',
    name: 'ci',
    hash: 'h1',
    roles: ['gate', 'record'],
    services: ['checkout'],
    createdAt: 1,
    createdBy: 'anonymous',
    expiresAt: 1_767_225_600_001,
    revokedAt: null,
    lastUsedAt: null,
    ...changes,
  };
}

for (const { name, open } of databases) {
  describe(`tokens on ${name}`, () => {
    let test: TestDatabase;
    beforeEach(async () => {
      test = await open();
    });
    afterEach(() => test.close());
    const unitOfWork = () => createTokenUnitOfWork(test.database);
    const store = () => unitOfWork().stores.tokens;

    it('are found by their hash, as they were written', async () => {
      const all = makeToken({
        id: 't2',
        name: 'all',
        hash: 'h2',
        services: null,
        expiresAt: null,
        createdAt: 2,
      });
      assert.equal(await store().any(), false);
      assert.equal(await store().insert(makeToken()), true);
      assert.equal(await store().insert(all), true);
      assert.equal(await store().any(), true);
      assert.deepEqual(await store().findByHash('h1'), makeToken());
      assert.deepEqual(await store().findByHash('h2'), all);
      assert.equal(await store().findByHash('h3'), null);
      assert.deepEqual(await store().list(), [all, makeToken()]);
    });

    it('have names of their own, until they are revoked', async () => {
      await store().insert(makeToken());
      const second = makeToken({ id: 't2', hash: 'h2' });
      assert.equal(await store().insert(second), false);
      assert.equal(await store().revoke('t1', 5), true);
      assert.equal(await store().revoke('t1', 6), false);
      assert.equal(await store().insert(second), true);
      assert.equal((await store().find('ci'))?.id, 't2');
      assert.equal((await store().find('t1'))?.revokedAt, 5);
      assert.equal(await store().find('nobody'), null);
      assert.equal(await store().any(), true);
    });

    it('never move the time of their last use back', async () => {
      await store().insert(makeToken());
      for (const at of [20, 10, 30]) await store().touch('t1', at);
      await store().touch('t1', 25);
      assert.equal((await store().find('t1'))?.lastUsedAt, 30);
    });

    it('are handed out and taken back with an entry in the audit trail, which holds no secret', async () => {
      let now = 1_000_000;
      const tokens = createTokens({
        unitOfWork: unitOfWork(),
        now: () => now,
        randomBytes,
        makeId: randomUUID,
      });
      const by = { name: 'token:boss', requestId: 'q1' };
      const order = { name: 'ci', roles: ['gate', 'gate'], services: null, expiresIn: 60_000 } as const;

      const { token, secret } = await tokens.create(order, by);
      assert.deepEqual((await store().findByHash(hashToken(secret)))?.roles, ['gate']);
      assert.equal(token.expiresAt, 1_060_000);
      await assert.rejects(tokens.create(order, by), { code: 'conflict' });
      now += 1;
      assert.equal((await tokens.revoke('ci', by)).revokedAt, now);
      assert.equal((await tokens.revoke(token.id, by)).revokedAt, now);
      await assert.rejects(tokens.revoke('nobody', by), { code: 'not_found' });

      const { items } = await unitOfWork().stores.audit.list({}, 10, null);
      const facts = { name: 'ci', roles: ['gate'], services: null, expiresAt: 1_060_000 };
      assert.deepEqual(
        items.map(({ id: _, ...entry }) => entry),
        [
          {
            at: now,
            actor: 'token:boss',
            action: 'token.revoke',
            subject: { type: 'token', id: token.id },
            before: facts,
            after: null,
            reason: null,
            requestId: 'q1',
          },
          {
            at: now - 1,
            actor: 'token:boss',
            action: 'token.create',
            subject: { type: 'token', id: token.id },
            before: null,
            after: facts,
            reason: null,
            requestId: 'q1',
          },
        ],
      );
      const everything = JSON.stringify([items, await tokens.list()]);
      assert.ok(!everything.includes(secret) && !everything.includes(secret.slice(10, 30)));
    });

    it('are refused with every fault at once, and nothing is kept of them', async () => {
      const tokens = createTokens({
        unitOfWork: unitOfWork(),
        now: () => 1,
        randomBytes,
        makeId: randomUUID,
      });
      const order = { name: 'a b', roles: ['boss' as 'gate'], services: [], expiresIn: 5 };
      await assert.rejects(tokens.create(order, { name: 'x' }), (error: Error) => {
        for (const part of ['name: ', 'roles[0]: found "boss"', 'services: is empty', 'expires: '])
          assert.ok(error.message.includes(part), error.message);
        return true;
      });
      const bound = { name: 'a', roles: ['admin'], services: ['checkout'], expiresIn: null } as const;
      await assert.rejects(tokens.create(bound, { name: 'x' }), /services: .*admin/);
      assert.equal(await store().any(), false);
    });
  });
}
