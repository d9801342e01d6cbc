import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { deliberate, kindsWithoutCounterpart, withoutCounterpart } from './deliberate.ts';
import { isReplayable, replayDifferences } from './replay.ts';
import { readVectors, type Vector } from './vector.ts';
import { vectorsFile } from './vectors-folder.ts';

const files = ['kayenta-upstream.json', 'kayenta-measured.json'].map(vectorsFile);

function replayAll(vectors: readonly Vector[]): void {
  for (const vector of vectors.filter((one) => isReplayable(one, vectors))) {
    const reason = deliberate[vector.id];
    if (reason === undefined)
      it(`${vector.kind}: ${vector.id}`, () => assert.deepEqual(replayDifferences(vector, vectors), []));
    else
      it(`${vector.kind}: ${vector.id} differs on purpose: ${reason}`, () =>
        assert.notDeepEqual(replayDifferences(vector, vectors), []));
  }
}

function accountForAll(vectors: readonly Vector[]): void {
  it('replays or explains every vector', () => {
    const rest = vectors.filter((one) => !isReplayable(one, vectors));
    const silent = rest.filter(
      ({ id, kind }) => !(id in withoutCounterpart) && !(kind in kindsWithoutCounterpart),
    );
    assert.deepEqual(
      silent.map(({ id }) => id),
      [],
    );
  });

  it('explains nothing that is not there', () => {
    const ids = new Set(vectors.map(({ id }) => id));
    const kinds = new Set(vectors.map(({ kind }) => kind));
    const unknown = [
      ...[...Object.keys(deliberate), ...Object.keys(withoutCounterpart)].filter((id) => !ids.has(id)),
      ...Object.keys(kindsWithoutCounterpart).filter((kind) => !kinds.has(kind)),
    ];
    assert.deepEqual(unknown, []);
    const replayed = vectors.filter((one) => isReplayable(one, vectors) && one.id in withoutCounterpart);
    assert.deepEqual(replayed, []);
  });
}

describe('Kayenta’s own answers', () => {
  if (files.every((file) => existsSync(file))) {
    const vectors = files.flatMap((file) => readVectors(readFileSync(file, 'utf8')));
    replayAll(vectors);
    accountForAll(vectors);
  } else it('skipped: needs the reference vectors (../shared/vectors)');
});
