import assert from 'node:assert/strict';
import fc from 'fast-check';
import { durationSchema, formatDuration, parseDuration } from '../src/duration.ts';

describe('durations', () => {
  it('are read in milliseconds, seconds, minutes, hours and days', () => {
    assert.deepEqual(
      ['500ms', '30s', '15m', '2h', '1d', '1.5m', ' 30s '].map(parseDuration),
      [500, 30_000, 900_000, 7_200_000, 86_400_000, 90_000, 30_000],
    );
  });

  it('are nothing else', () => {
    for (const text of ['', '30', 's', '-5s', '1w', '1h30m', '1e3s', '30 s', 'Infinitys'])
      assert.equal(parseDuration(text), null, text);
    assert.match(
      durationSchema.safeParse('30').error?.issues[0]?.message ?? '',
      /found "30"; allowed are durations/,
    );
  });

  it('are written in the largest unit that is whole', () => {
    assert.deepEqual([0, 500, 30_000, 60_000, 90_000, 7_200_000, 86_400_000, -1].map(formatDuration), [
      '0s',
      '500ms',
      '30s',
      '1m',
      '90s',
      '2h',
      '1d',
      '0s',
    ]);
  });

  it('are read as they were written', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000_000 }),
        (milliseconds) => parseDuration(formatDuration(milliseconds)) === milliseconds,
      ),
    );
  });
});
