import assert from 'node:assert/strict';
import fc from 'fast-check';
import { redactor } from '../../src/metrics/redact.ts';

describe('redactor(options)', () => {
  it('leaves a text alone when there is no secret', () => {
    assert.equal(redactor({})('a token'), 'a token');
  });

  it('strikes out a secret that holds another one whole', () => {
    const redact = redactor({
      auth: { basic: { username: 'bob', password: 'abcd' } },
      headers: { 'X-Key': 'abcdefgh' },
    });

    assert.equal(redact('abcdefgh, abcd, abcde'), '***, ***, ***e');
  });

  it('strikes out each word of a header', () => {
    assert.equal(redactor({ headers: { 'X-Auth': 'Token s3cret' } })('Token s3cret s3cret'), '*** ***');
  });

  it('leaves nothing of a token, wherever it stands and however it is spelt', () => {
    const token = fc.string({ unit: 'grapheme-ascii', minLength: 4 }).filter((text) => !text.includes('*'));
    fc.assert(
      fc.property(token, fc.string({ unit: 'grapheme' }), (bearer, around) => {
        const redact = redactor({ auth: { bearer } });
        for (const spelling of [bearer, encodeURIComponent(bearer), JSON.stringify(bearer)]) {
          assert.ok(!redact(`${around}${spelling}${around}`).includes(bearer));
        }
      }),
    );
  });
});
