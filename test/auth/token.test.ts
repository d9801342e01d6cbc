import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { hashToken, isWellFormed, looksLikeToken, makeToken } from '../../src/auth/token.ts';

const bytes = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('makeToken(randomBytes)', () => {
  it('makes tokens that say what they are and that are never the same', () => {
    const [one, other] = [makeToken(randomBytes), makeToken(randomBytes)];

    assert.match(one, /^serin_[A-Za-z0-9_-]{49}$/);
    assert.ok(looksLikeToken(one) && isWellFormed(one));
    assert.notEqual(one, other);
    assert.notEqual(hashToken(one), hashToken(other));
  });

  it('asks for 256 bits', () => {
    const sizes: number[] = [];
    makeToken((size) => {
      sizes.push(size);
      return Buffer.alloc(size);
    });
    assert.deepEqual(sizes, [32]);
  });

  it('tells a single wrong or missing character', () => {
    fc.assert(
      fc.property(bytes, fc.nat(54), fc.constantFrom('', 'x', 'Z', '7', '_'), (secret, at, wrong) => {
        const token = makeToken(() => Buffer.from(secret));
        const typed = token.slice(0, at) + wrong + token.slice(at + 1);
        fc.pre(typed !== token);
        assert.equal(isWellFormed(typed), false);
      }),
      // Six digits of checksum let one wrong text in sixteen million through.
      { seed: 1, numRuns: 500 },
    );
  });

  it('is known by its SHA-256', () => {
    assert.equal(hashToken('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });
});
