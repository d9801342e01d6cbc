import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { deliberate } from '../../conformance/deliberate.ts';
import { replayDifferences } from '../../conformance/replay.ts';
import { readVectors } from '../../conformance/vector.ts';

const vectors = readVectors(
  readFileSync(new URL('../../vectors/kayenta-measured.json', import.meta.url), 'utf8'),
);

describe('what Kayenta’s own classes answer', () => {
  for (const vector of vectors.filter(({ sameInputAs }) => sameInputAs === undefined)) {
    const reason = deliberate[vector.id];
    it(`${vector.kind}: ${vector.id}${reason === undefined ? '' : ` differs on purpose: ${reason}`}`, () => {
      const found = replayDifferences(vector, vectors);
      if (reason === undefined) assert.deepEqual(found, []);
      else assert.notDeepEqual(found, []);
    });
  }
});
