import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  dueLooks,
  endOf,
  endsAt,
  extend,
  firstPoint,
  lastPoint,
  nextLook,
  plannedSteps,
  readFrom,
  slice,
} from '../../src/analysis/window.ts';
import { start } from '../support/plans.ts';

const minute = 60_000;
const plan = { step: minute, interval: minute, delay: 30_000, warmup: 0 };

describe('the window', () => {
  it('begins with the first point whose whole step lies after start and warm-up', () => {
    assert.equal(firstPoint({ start, end: start + 10 * minute, plan }), start + minute);
    assert.equal(firstPoint({ start: start + 1, end: start + 10 * minute, plan }), start + 2 * minute);
    assert.equal(
      firstPoint({ start, end: start + 10 * minute, plan: { ...plan, warmup: 2 * minute } }),
      start + 3 * minute,
    );
  });

  it('ends with the last point measured a delay ago and not after its end', () => {
    const window = { start, end: start + 10 * minute, plan };
    assert.equal(lastPoint(window, start + 5 * minute + 29_999), start + 4 * minute);
    assert.equal(lastPoint(window, start + 5 * minute + 30_000), start + 5 * minute);
    assert.equal(lastPoint(window, start + 60 * minute), start + 10 * minute);
  });

  it('judges a point iff its step began after the warm-up and it is a delay old', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200_000 }),
        fc.integer({ min: 0, max: 180_000 }),
        fc.integer({ min: 0, max: 900_000 }),
        (offset, warmup, elapsed) => {
          const window = {
            start: start + offset,
            end: start + offset + 10 * minute,
            plan: { ...plan, warmup },
          };
          const now = window.start + elapsed;
          for (let point = start; point <= start + 20 * minute; point += minute) {
            const judged = point >= firstPoint(window) && point <= lastPoint(window, now);
            const expected =
              point - minute >= window.start + warmup && point <= now - plan.delay && point <= window.end;
            assert.equal(judged, expected);
          }
        },
      ),
    );
  });

  it('counts the steps of the whole window', () => {
    assert.equal(plannedSteps({ start, end: start + 30 * minute, plan }), 30);
    assert.equal(plannedSteps({ start: start + 1, end: start + 30 * minute + 1, plan }), 29);
    assert.equal(plannedSteps({ start, end: start, plan }), 0);
  });

  it('looks each interval, a delay later, and once at the end', () => {
    const window = { start, end: start + 150_000, plan };
    const looks = dueLooks(window, null, start + 3_600_000, 100);
    assert.deepEqual(
      looks.map((look) => look - start),
      [90_000, 150_000, 180_000],
    );
    assert.equal(looks.at(-1), endsAt(window));
    assert.equal(nextLook(window, endsAt(window)), null);
  });

  it('makes up every look missed, oldest first, and no more than asked for', () => {
    const window = { start, end: start + 10 * minute, plan };
    assert.deepEqual(
      dueLooks(window, start + 90_000, start + 5 * minute, 2).map((look) => look - start),
      [150_000, 210_000],
    );
    assert.deepEqual(dueLooks(window, null, start + 89_999, 9), []);
  });
});

describe('kept series', () => {
  const kept = { start: start + minute, step: minute, values: [1, null, 3, 4] };

  it('are read again from the oldest point not frozen', () => {
    assert.equal(readFrom(null, start + minute, 2), start + minute);
    assert.equal(readFrom(kept, start + minute, 2), start + 3 * minute);
    assert.equal(readFrom(kept, start + minute, 0), endOf(kept) + minute);
  });

  it('keep frozen points whatever comes late, and take the settling ones anew', () => {
    const read = { start: start + 3 * minute, step: minute, values: [30, 40, 50] };
    assert.deepEqual(extend(kept, read, 2).values, [1, null, 30, 40, 50]);
    const late = { start: start + minute, step: minute, values: [9, 9, 9, 9, 9] };
    assert.deepEqual(extend(kept, late, 2).values, [1, null, 9, 9, 9]);
    assert.deepEqual(extend(kept, late, 0).values, [1, null, 3, 4, 9]);
  });

  it('are cut to a grid with null outside of them', () => {
    assert.deepEqual(slice(kept, start, start + 6 * minute, minute), [null, 1, null, 3, 4, null, null]);
    assert.deepEqual(slice(null, start, start + minute, minute), [null, null]);
    assert.deepEqual(slice(kept, start + minute, start, minute), []);
  });
});
