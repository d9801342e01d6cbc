import assert from 'node:assert/strict';
import { backoff } from '../../src/notify/backoff.ts';

describe('backoff(attempts, random, retryAfter)', () => {
  it('doubles from a second to five minutes', () => {
    const delays = [1, 2, 3, 9, 10, 1000].map((attempts) => backoff(attempts, () => 0));
    assert.deepEqual(delays, [1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  });

  it('takes off up to a half by chance', () => {
    assert.equal(
      backoff(3, () => 0.5),
      3_000,
    );
    assert.equal(
      backoff(3, () => 0.999_999),
      2_000,
    );
  });

  it('never comes back sooner than it was asked to', () => {
    assert.equal(
      backoff(1, () => 0.9, 60_000),
      60_000,
    );
    assert.equal(
      backoff(9, () => 0, 60_000),
      256_000,
    );
  });
});
