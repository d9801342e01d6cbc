import assert from 'node:assert/strict';
import { fromRoot, isDrawn, keyOf, type Place } from './sample.ts';

const place = (line: number, replacement = 'false'): Place => ({
  fileName: 'src/judge/judge.ts',
  location: { start: { line, column: 7 }, end: { line, column: 12 } },
  mutatorName: 'ConditionalExpression',
  replacement,
});
const places = Array.from({ length: 4000 }, (_, line) => place(line));

describe('a sample of mutants', () => {
  it('has about the share that was asked for', () => {
    const count = places.filter((one) => isDrawn({ share: 0.2, seed: 1 }, one)).length;
    assert.ok(count > 720 && count < 880, String(count));
    assert.ok(places.every((one) => isDrawn({ share: 1, seed: 1 }, one)));
  });

  it('is the same for the same seed, another for another, and part of a larger one', () => {
    const chosen = (share: number, seed: number) => places.filter((one) => isDrawn({ share, seed }, one));
    assert.deepEqual(chosen(0.1, 3), chosen(0.1, 3));
    assert.notDeepEqual(chosen(0.1, 3), chosen(0.1, 4));
    const larger = new Set(chosen(0.3, 3));
    assert.ok(chosen(0.1, 3).every((one) => larger.has(one)));
  });

  it('tells two mutants of one place apart, and knows one wherever its copy lies', () => {
    assert.notEqual(keyOf(place(3, 'true')), keyOf(place(3, 'false')));
    assert.equal(keyOf(place(3)), keyOf({ ...place(3) }));
    assert.equal(fromRoot('/tmp/a/src/judge/copy/src/judge/words.ts'), 'src/judge/words.ts');
    assert.equal(fromRoot('src/judge/words.ts'), 'src/judge/words.ts');
  });
});
