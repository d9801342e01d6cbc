import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { hashToken, makeToken } from '../../src/auth/token.ts';
import { createTokenCheck } from '../../src/auth/token-check.ts';
import type { Token } from '../../src/auth/token-store.ts';
import { hasCode, SerinError } from '../../src/errors.ts';

const secret = makeToken(randomBytes);
const stranger = makeToken(randomBytes);

function makeTokenRow(changes: Partial<Token> = {}): Token {
  return {
    id: 't1',
    name: 'ci',
    hash: hashToken(secret),
    roles: ['gate'],
    services: null,
    createdAt: 0,
    createdBy: 'anonymous',
    expiresAt: null,
    revokedAt: null,
    lastUsedAt: null,
    ...changes,
  };
}

/** A check over one stored token, whose store and clock are in the test's hand. */
function makeCheck(token: Token | null = makeTokenRow()) {
  const state = { token, now: 1_000_000, isAway: false, hangs: false, asked: 0, touched: [] as number[] };
  const away = new SerinError('store_unavailable', 'away');
  const answer = async (hash: string): Promise<Token | null> => {
    if (state.isAway) throw away;
    return state.token?.hash === hash ? state.token : null;
  };
  const check = createTokenCheck({
    tokens: {
      findByHash: (hash) => {
        state.asked += 1;
        return state.hangs ? new Promise<never>(() => {}) : answer(hash);
      },
      touch: async (_id, at) => {
        if (state.isAway) throw away;
        state.touched.push(at);
      },
    },
    now: () => state.now,
    outageGrace: () => 900_000,
    withDeadline: (work, _milliseconds, late) => (state.hangs ? Promise.reject(late()) : work),
    onTouchFailed: () => {},
  });
  return { state, check };
}

const caller = { name: 'token:ci', kind: 'token', roles: ['gate'], services: null };
const unavailable = (error: unknown): boolean => hasCode(error, 'store_unavailable');

describe('createTokenCheck(deps)', () => {
  it('knows the caller of a stored token', async () => {
    const { check } = makeCheck(makeTokenRow({ services: ['checkout'] }));
    assert.deepEqual(await check(secret), { ...caller, services: ['checkout'] });
  });

  it('leaves what is no token of ours to others, and asks the store for nothing that is mistyped', async () => {
    const { check, state } = makeCheck();
    assert.equal(await check('eyJhbGciOi.a.b'), null);
    const mistyped = await check(`${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`);
    assert.deepEqual(mistyped !== null && 'refused' in mistyped && mistyped.refused, 'malformed');
    assert.equal(state.asked, 0);
    assert.equal(await check(stranger), null);
  });

  it('refuses a revoked and an expired token, and says which it is', async () => {
    const revoked = await makeCheck(makeTokenRow({ revokedAt: 1 })).check(secret);
    assert.deepEqual(revoked, { refused: 'revoked', message: 'the token "ci" was revoked' });
    const { check, state } = makeCheck(makeTokenRow({ expiresAt: 1_000_001 }));
    assert.deepEqual(await check(secret), caller);
    state.now = 1_000_001;
    const expired = await check(secret);
    assert.deepEqual(expired, {
      refused: 'expired',
      message: 'the token "ci" expired at 1970-01-01T00:16:40.001Z',
    });
  });

  it('does not believe a row whose hash is another', async () => {
    const { check, state } = makeCheck();
    state.token = null;
    const lying = createTokenCheck({
      tokens: { findByHash: async () => makeTokenRow({ hash: hashToken(stranger) }), touch: async () => {} },
      now: () => 0,
      outageGrace: () => 0,
      withDeadline: (work) => work,
      onTouchFailed: () => {},
    });
    assert.equal(await lying(secret), null);
    assert.equal(await check(secret), null);
  });

  it('asks the store again after 5 seconds, so that a revocation takes effect', async () => {
    const { check, state } = makeCheck();
    await check(secret);
    state.now += 4_999;
    await check(secret);
    assert.equal(state.asked, 1);
    state.token = makeTokenRow({ revokedAt: state.now });
    state.now += 1;
    const found = await check(secret);
    assert.ok(found !== null && 'refused' in found && found.refused === 'revoked');
    state.token = null;
    state.now += 5_000;
    assert.equal(await check(secret), null);
  });

  it('asks once for many who ask at once', async () => {
    const { check, state } = makeCheck();
    assert.equal((await Promise.all(Array.from({ length: 20 }, () => check(secret)))).length, 20);
    assert.equal(state.asked, 1);
  });

  for (const outage of ['isAway', 'hangs'] as const) {
    it(`believes a token it read before while the store ${outage}, up to twice the grace, and lets nobody else in`, async () => {
      const { check, state } = makeCheck();
      await check(secret);
      state[outage] = true;
      for (let passed = 0; passed < 1_800_000; passed += 60_000) {
        assert.deepEqual(await check(secret), caller);
        await assert.rejects(check(stranger), unavailable);
        state.now += 60_000;
      }
      state.now += 1;
      await assert.rejects(check(secret), unavailable);
      state[outage] = false;
      assert.deepEqual(await check(secret), caller);
    });
  }

  it('asks a store that is away no more than each 5 seconds for a token it knows', async () => {
    const { check, state } = makeCheck();
    await check(secret);
    state.isAway = true;
    state.now += 6_000;
    for (let times = 0; times < 10; times += 1) await check(secret);
    assert.equal(state.asked, 2);
  });

  it('keeps refusing a token that the store did not know while the store is away, and asks again afterwards', async () => {
    const { check, state } = makeCheck(null);
    assert.equal(await check(secret), null);
    state.isAway = true;
    state.now += 60_000;
    assert.equal(await check(secret), null);
    await assert.rejects(check(stranger), unavailable);
    state.isAway = false;
    state.token = makeTokenRow();
    assert.deepEqual(await check(secret), caller);
    state.isAway = true;
    assert.deepEqual(await check(secret), caller);
  });

  it('remembers 1 000 tokens that it does not know, and forgets the oldest first', async () => {
    const { check, state } = makeCheck(null);
    const strangers = Array.from({ length: 1_001 }, () => makeToken(randomBytes));
    for (const one of strangers) await check(one);
    state.isAway = true;
    await assert.rejects(check(strangers[0] ?? ''), unavailable);
    assert.equal(await check(strangers[1] ?? ''), null);
    assert.equal(await check(strangers[1_000] ?? ''), null);
  });

  it('does not believe a token that expires during the outage', async () => {
    const { check, state } = makeCheck(makeTokenRow({ expiresAt: 1_060_000 }));
    await check(secret);
    state.isAway = true;
    state.now = 1_060_000;
    const found = await check(secret);
    assert.ok(found !== null && 'refused' in found && found.refused === 'expired');
  });

  it('passes on a failure of the store that is no outage', async () => {
    const broken = createTokenCheck({
      tokens: { findByHash: () => Promise.reject(new TypeError('broken')), touch: async () => {} },
      now: () => 0,
      outageGrace: () => 900_000,
      withDeadline: (work) => work,
      onTouchFailed: () => {},
    });
    await assert.rejects(broken(secret), TypeError);
  });

  it('notes the use once a minute, and lets the holder in when that fails', async () => {
    const { check, state } = makeCheck(makeTokenRow({ lastUsedAt: 1_000_000 - 59_000 }));
    await check(secret);
    assert.deepEqual(state.touched, []);
    state.now += 1_000;
    for (let seconds = 0; seconds < 180; seconds += 1) {
      await check(secret);
      state.now += 1_000;
    }
    assert.deepEqual(state.touched, [1_001_000, 1_061_000, 1_121_000]);
    state.isAway = true;
    assert.deepEqual(await check(secret), caller);
  });
});
