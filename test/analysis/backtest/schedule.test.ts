import assert from 'node:assert/strict';
import fc from 'fast-check';
import { busySpans, quietStarts, startOf } from '../../../src/analysis/backtest/schedule.ts';
import { start } from '../../support/plans.ts';
import { day, hour, makeChange, minute } from './past.ts';

const schedule = {
  from: start,
  to: start + 6 * hour,
  every: hour,
  length: 30 * minute,
  quiet: hour,
  offset: 0,
};
const hoursOf = ({ starts }: { readonly starts: readonly number[] }): number[] =>
  starts.map((one) => (one - start) / hour);

describe('quietStarts', () => {
  it('begins a window each so often, as long as a whole one fits', () => {
    assert.deepEqual(hoursOf(quietStarts(schedule, [])), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(hoursOf(quietStarts({ ...schedule, length: 61 * minute }, [])), [0, 1, 2, 3, 4]);
    assert.deepEqual(hoursOf(quietStarts({ ...schedule, length: 7 * hour }, [])), []);
  });

  it('leaves out what has a deploy in it or too recently before, and counts it', () => {
    const deploy = { from: start + 2.25 * hour, to: start + 2.5 * hour };

    const planned = quietStarts(schedule, [deploy]);

    assert.deepEqual(hoursOf(planned), [0, 1, 4, 5]);
    assert.equal(planned.busy, 2);
  });

  it('leaves out what is held against a busy time', () => {
    const deploy = { from: start + 2.25 * hour, to: start + 2.25 * hour };

    const planned = quietStarts({ ...schedule, quiet: 0, offset: 2 * hour }, [deploy]);

    assert.deepEqual(hoursOf(planned), [0, 1, 3, 5]);
  });

  it('never leaves a busy minute between the quiet before a window and its end', () => {
    const span = fc
      .tuple(fc.integer({ min: -300, max: 600 }), fc.integer({ min: 0, max: 90 }))
      .map(([from, length]) => ({ from: start + from * minute, to: start + (from + length) * minute }));
    fc.assert(
      fc.property(fc.array(span, { maxLength: 5 }), fc.integer({ min: 0, max: 120 }), (busy, quiet) => {
        const { starts, busy: left } = quietStarts({ ...schedule, quiet: quiet * minute }, busy);
        for (const one of starts) {
          for (let at = one - quiet * minute; at <= one + schedule.length; at += minute)
            assert.ok(!busy.some(({ from, to }) => from <= at && at <= to));
        }
        assert.equal(starts.length + left, 6);
      }),
    );
  });
});

describe('busySpans', () => {
  it('lasts from the start of a change to the last thing known of it', () => {
    const escaped = makeChange({
      outcome: 'failed',
      failureClass: 'escaped',
      outcomeAt: start + 3 * hour,
      recoveredAt: start + 5 * hour,
    });
    const aborted = makeChange({
      finishedAt: null,
      attempts: [{ startedAt: start, endedAt: start + 2 * hour, result: 'aborted' }],
    });

    assert.deepEqual(busySpans([escaped, aborted]), [
      { from: start, to: start + 5 * hour },
      { from: start, to: start + 2 * hour },
    ]);
  });

  it('takes the day of watching a change that succeeded for no part of it', () => {
    assert.deepEqual(busySpans([makeChange({ outcomeAt: start + day })]), [
      { from: start, to: start + hour },
    ]);
  });
});

describe('startOf', () => {
  it('takes the first attempt where the change does not say', () => {
    const attempts = [
      { startedAt: start + hour, endedAt: null, result: 'open' as const },
      { startedAt: start + minute, endedAt: start + hour, result: 'aborted' as const },
    ];

    assert.equal(startOf(makeChange({ startedAt: null, attempts })), start + minute);
    assert.equal(startOf(makeChange({ startedAt: null })), null);
  });
});
