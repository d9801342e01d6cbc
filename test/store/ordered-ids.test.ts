import assert from 'node:assert/strict';
import { makeOrderedId } from '../../src/store/ordered-ids.ts';

describe('makeOrderedId(instant)', () => {
  it('gives UUIDs of version 7 that sort as they were made, by their instant first', () => {
    const ids = [1, 2, 1_800_000_000_000].flatMap((instant) =>
      Array.from({ length: 20_000 }, () => makeOrderedId(instant)),
    );
    assert.deepEqual([...ids].sort(), ids);
    assert.equal(new Set(ids).size, ids.length);
    for (const id of ids)
      assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
