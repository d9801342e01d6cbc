import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type BucketLength, bucketStarts, isTimeZone } from '../../src/ledger/calendar.ts';

function starts(from: string, to: string, length: BucketLength, tz: string): string[] | null {
  const found = bucketStarts(Date.parse(from), Date.parse(to), length, tz, 1000);
  return found === null
    ? null
    : found.map((instant) => new Date(instant).toISOString().replace(':00.000Z', 'Z'));
}

describe('bucketStarts(from, to, length, tz, limit)', () => {
  it('begins with the bucket that from is in and ends before to', () => {
    assert.deepEqual(starts('2026-11-03T10:00Z', '2026-11-06T00:00Z', 'day', 'UTC'), [
      '2026-11-03T00:00Z',
      '2026-11-04T00:00Z',
      '2026-11-05T00:00Z',
    ]);
  });

  it('begins weeks on Monday', () => {
    assert.deepEqual(starts('2026-11-01T12:00Z', '2026-11-10T00:00Z', 'week', 'UTC'), [
      '2026-10-26T00:00Z',
      '2026-11-02T00:00Z',
      '2026-11-09T00:00Z',
    ]);
  });

  it('begins months on the first, over the turn of the year and in a leap year', () => {
    assert.deepEqual(starts('2027-12-31T00:00Z', '2028-03-02T00:00Z', 'month', 'UTC'), [
      '2027-12-01T00:00Z',
      '2028-01-01T00:00Z',
      '2028-02-01T00:00Z',
      '2028-03-01T00:00Z',
    ]);
  });

  it('follows the clocks of Berlin forward: that day has 23 hours', () => {
    assert.deepEqual(starts('2026-03-28T12:00Z', '2026-03-30T12:00Z', 'day', 'Europe/Berlin'), [
      '2026-03-27T23:00Z',
      '2026-03-28T23:00Z',
      '2026-03-29T22:00Z',
    ]);
  });

  it('follows the clocks of Berlin back: that day has 25 hours', () => {
    assert.deepEqual(starts('2026-10-24T12:00Z', '2026-10-26T12:00Z', 'day', 'Europe/Berlin'), [
      '2026-10-23T22:00Z',
      '2026-10-24T22:00Z',
      '2026-10-25T23:00Z',
    ]);
  });

  it('begins weeks and months in Berlin at midnight there on either side of a change', () => {
    assert.deepEqual(starts('2026-10-20T00:00Z', '2026-11-03T00:00Z', 'week', 'Europe/Berlin'), [
      '2026-10-18T22:00Z',
      '2026-10-25T23:00Z',
      '2026-11-01T23:00Z',
    ]);
    assert.deepEqual(starts('2026-03-02T00:00Z', '2026-04-02T00:00Z', 'month', 'Europe/Berlin'), [
      '2026-02-28T23:00Z',
      '2026-03-31T22:00Z',
    ]);
  });

  it('knows New York, both ways', () => {
    assert.deepEqual(starts('2026-03-08T06:00Z', '2026-03-09T06:00Z', 'day', 'America/New_York'), [
      '2026-03-08T05:00Z',
      '2026-03-09T04:00Z',
    ]);
    assert.deepEqual(starts('2026-11-01T06:00Z', '2026-11-02T06:00Z', 'day', 'America/New_York'), [
      '2026-11-01T04:00Z',
      '2026-11-02T05:00Z',
    ]);
  });

  it('knows half hours: Kolkata, and Lord Howe, whose clocks change by thirty minutes', () => {
    assert.deepEqual(starts('2026-11-03T00:00Z', '2026-11-04T00:00Z', 'day', 'Asia/Kolkata'), [
      '2026-11-02T18:30Z',
      '2026-11-03T18:30Z',
    ]);
    assert.deepEqual(starts('2026-04-04T00:00Z', '2026-04-06T00:00Z', 'day', 'Australia/Lord_Howe'), [
      '2026-04-03T13:00Z',
      '2026-04-04T13:00Z',
      '2026-04-05T13:30Z',
    ]);
    assert.deepEqual(starts('2026-10-03T14:00Z', '2026-10-05T00:00Z', 'day', 'Australia/Lord_Howe'), [
      '2026-10-03T13:30Z',
      '2026-10-04T13:00Z',
    ]);
  });

  it('begins a day without midnight at its first instant, and one with two at the first of them', () => {
    assert.deepEqual(starts('2018-11-03T12:00Z', '2018-11-05T00:00Z', 'day', 'America/Sao_Paulo'), [
      '2018-11-03T03:00Z',
      '2018-11-04T03:00Z',
    ]);
    assert.deepEqual(starts('2024-11-03T12:00Z', '2024-11-03T13:00Z', 'day', 'America/Havana'), [
      '2024-11-03T04:00Z',
    ]);
  });

  it('leaves out the day that Samoa left out', () => {
    assert.deepEqual(starts('2011-12-29T12:00Z', '2011-12-31T12:00Z', 'day', 'Pacific/Apia'), [
      '2011-12-29T10:00Z',
      '2011-12-30T10:00Z',
      '2011-12-31T10:00Z',
    ]);
  });

  it('gives null when there would be more than the limit', () => {
    const [from, to] = [Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 11)];

    assert.equal(bucketStarts(from, to, 'day', 'UTC', 10)?.length, 10);
    assert.equal(bucketStarts(from, to, 'day', 'UTC', 9), null);
  });

  it('covers any range without a gap, in ascending order, at midnight or right after it', () => {
    const zones = [
      'UTC',
      'Europe/Berlin',
      'America/Sao_Paulo',
      'Africa/Cairo',
      'Asia/Beirut',
      'Pacific/Apia',
      'Asia/Tehran',
      'America/St_Johns',
    ];
    const lengths: readonly BucketLength[] = ['day', 'week', 'month'];
    const first = Date.UTC(2005, 0, 1);
    const range = fc.record({
      from: fc.integer({ min: first, max: Date.UTC(2030, 0, 1) }),
      days: fc.integer({ min: 1, max: 60 }),
      tz: fc.constantFrom(...zones),
      length: fc.constantFrom(...lengths),
    });
    fc.assert(
      fc.property(range, ({ from, days, tz, length }) => {
        const to = from + days * 86_400_000;
        const found = bucketStarts(from, to, length, tz, 100) ?? [];
        assert.ok((found[0] ?? Number.NaN) <= from);
        assert.ok((found.at(-1) ?? Number.NaN) < to);
        const longest = { day: 49, week: 7 * 24 + 2, month: 31 * 24 + 2 }[length] * 3_600_000;
        for (const [index, start] of found.entries()) {
          const end = found[index + 1] ?? to;
          assert.ok(end > start && end - start <= longest);
          const shown = new Intl.DateTimeFormat('en-GB', {
            timeZone: tz,
            hour: '2-digit',
            minute: '2-digit',
          }).format(start);
          assert.match(shown, /^0[01]:00$/);
        }
      }),
      { numRuns: 150 },
    );
  });
});

describe('isTimeZone(tz)', () => {
  it('takes names of the IANA database and nothing else', () => {
    for (const tz of ['UTC', 'Europe/Berlin', 'Asia/Kolkata', 'Etc/GMT+5'])
      assert.equal(isTimeZone(tz), true);
    for (const tz of ['', 'Berlin', '+02:00', 'Europe/Berlin ', 'Mars/Olympus', 'undefined'])
      assert.equal(isTimeZone(tz), false);
  });
});
