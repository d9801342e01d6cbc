import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { makeToken } from '../src/auth/token.ts';
import { type AccessHouse, openAccessHouse } from './support/access-house.ts';
import { databases, type TestDatabase } from './support/databases.ts';
import { type Gate, openGate } from './support/gate-to-postgres.ts';

const minute = 60_000;
const hook = '/v1/hooks/argo-rollouts/analysis';
const body = {
  service: 'checkout',
  environment: 'production',
  key: 'k',
  canary: { a: '1' },
  baseline: { a: '2' },
};

async function answerOf(
  asked: Promise<Response>,
): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await asked;
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

for (const { name, open } of databases)
  describe(`access control on ${name}`, () => {
    let opened: TestDatabase;
    let house: AccessHouse;
    beforeEach(async () => {
      opened = await open();
      house = await openAccessHouse(opened);
    });
    afterEach(async () => {
      await house.app.stop(100);
      await opened.close();
    });
    const statusOf = async (secret: string | null): Promise<number> => {
      const answer = await house.call('/v1/analyses', secret);
      await answer.body?.cancel();
      return answer.status;
    };

    it('is off on this machine until a token exists, and stays on when that is revoked', async () => {
      assert.equal(await statusOf(null), 200);
      const secret = await house.makeToken('first', 'read');
      assert.equal(await statusOf(null), 401);
      assert.equal(await statusOf(secret), 200);
      await house.tokens.revoke('first', { name: 'test' });
      house.pass(5_000);
      assert.equal(await statusOf(secret), 401);
      assert.equal(await statusOf(null), 401);
    });

    it('lets who has a token rule alone: the first admin hands out and takes back the others over HTTP', async () => {
      const boss = await house.makeToken('boss', 'admin');
      const order = { name: 'ci', roles: ['gate'], services: ['checkout'], expires: '1h' };
      const made = await answerOf(house.call('/v1/tokens', boss, order));
      assert.equal(made.status, 201);
      const secret = String(made.json['token']);
      assert.equal((await answerOf(house.call('/v1/analyses', secret, body))).status, 200);
      assert.equal((await answerOf(house.call('/v1/tokens/ci/revoke', secret, {}))).status, 403);
      assert.equal((await answerOf(house.call('/v1/tokens/ci/revoke', boss, {}))).status, 200);
      house.pass(5_000);
      assert.equal((await answerOf(house.call('/v1/analyses', secret, body))).status, 401);
      const { json } = await answerOf(house.call('/v1/audit?limit=10', boss));
      assert.deepEqual(
        (json['items'] as { actor: string; action: string }[])
          .map(({ actor, action }) => `${actor} ${action}`)
          .sort(),
        [
          'test token.create',
          'token:boss token.create',
          'token:boss token.revoke',
          'token:ci analysis.start',
        ],
      );
    });

    it('notes when a token was used', async () => {
      const secret = await house.makeToken('ci', 'read');
      const before = house.now();
      await statusOf(secret);
      for (;;) {
        const [token] = await house.tokens.list();
        if (token?.lastUsedAt === null) continue;
        assert.ok((token?.lastUsedAt ?? 0) >= before);
        break;
      }
    });
  });

describe('access control while PostgreSQL is away', () => {
  let opened: TestDatabase;
  let gate: Gate;
  let house: AccessHouse;
  let argo: string;
  const poll = (secret: string | null) => answerOf(house.call(hook, secret, body));
  beforeEach(async () => {
    const postgres = databases.find(({ name }) => name === 'PostgreSQL');
    assert.ok(postgres !== undefined);
    opened = await postgres.open();
    gate = await openGate(opened.url);
    house = await openAccessHouse({ ...opened, url: gate.url });
    argo = await house.makeToken('argo', 'gate');
    assert.deepEqual((await poll(argo)).json['verdict'], 'running');
  });
  afterEach(async () => {
    await house.app.stop(100);
    await gate.shut();
    await opened.close();
  });

  it('keeps an Argo poller it knows polling, then inconclusive after the grace, and lets nobody else in', async () => {
    const stranger = makeToken(randomBytes);
    assert.equal((await poll(stranger)).status, 401);
    const revoked = await house.makeToken('revoked', 'gate');
    await house.tokens.revoke('revoked', { name: 'test' });
    assert.equal((await poll(revoked)).status, 401);
    await gate.shut();
    house.pass(10_000);

    const known = await poll(argo);
    assert.deepEqual([known.status, known.json['verdict']], [200, 'running']);
    assert.match(String(known.json['reason']), /cannot judge at the moment/);
    assert.equal((await poll(null)).status, 401);
    assert.equal((await poll('serin_typo')).status, 401);
    assert.equal((await poll(revoked)).status, 401);
    assert.equal((await poll(stranger)).status, 401);
    assert.equal((await answerOf(house.call('/v1/analyses', makeToken(randomBytes)))).status, 503);
    assert.equal((await answerOf(house.call('/v1/analyses', argo))).status, 503);

    house.pass(14 * minute);
    assert.deepEqual([(await poll(argo)).status, (await poll(argo)).json['verdict']], [200, 'running']);
    house.pass(2 * minute);
    assert.deepEqual([(await poll(argo)).status, (await poll(argo)).json['verdict']], [200, 'inconclusive']);

    await gate.open();
    assert.equal((await poll(argo)).json['verdict'], 'running');
  });

  it('keeps an Argo poller polling that a process started during the outage never saw', async () => {
    await gate.shut();
    const fresh = await openAccessHouse({ ...opened, url: gate.url });
    const ask = async (secret: string | null) => {
      const { status, json } = await answerOf(fresh.call(hook, secret, body));
      return [status, json['verdict']];
    };
    try {
      assert.deepEqual(await ask(argo), [200, 'running']);
      assert.deepEqual(await ask(makeToken(randomBytes)), [200, 'running']);
      assert.deepEqual(await ask(`${argo}0`), [401, undefined]);
      fresh.pass(15 * minute);
      assert.deepEqual(await ask(argo), [200, 'inconclusive']);
      await gate.open();
      assert.deepEqual(await ask(argo), [200, 'running']);
      assert.deepEqual(await ask(makeToken(randomBytes)), [401, undefined]);
    } finally {
      await fresh.app.stop(100);
    }
  });

  it('answers a poller before it gives up when the database falls silent', async () => {
    gate.fallSilent();
    house.pass(10_000);
    const began = Date.now();
    const known = await poll(argo);
    assert.deepEqual([known.status, known.json['verdict']], [200, 'running']);
    assert.ok(Date.now() - began < 10_000, `${Date.now() - began} ms`);
  });
});
