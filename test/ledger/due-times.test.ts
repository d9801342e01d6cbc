import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readCron } from '../../src/analysis/scheduler.ts';
import { type Cron, nextDue } from '../../src/ledger/due-times.ts';

function cron(expression: string): Cron {
  const read = readCron(expression);
  if ('wrong' in read) throw new Error(read.wrong);
  return read;
}

function next(expression: string, tz: string, after: string): string | null {
  const due = nextDue(cron(expression), tz, Date.parse(after));
  return due === null ? null : new Date(due).toISOString();
}

describe('nextDue(cron, tz, after)', () => {
  for (const [expression, tz, after, due] of [
    ['0 8 1 * *', 'UTC', '2026-11-27T12:00:00Z', '2026-12-01T08:00:00.000Z'],
    ['0 8 1 * *', 'Europe/Berlin', '2026-10-01T05:59:59Z', '2026-10-01T06:00:00.000Z'],
    ['0 8 1 * *', 'Europe/Berlin', '2026-10-01T06:00:00Z', '2026-11-01T07:00:00.000Z'],
    ['@daily', 'Asia/Kathmandu', '2026-11-27T00:00:00Z', '2026-11-27T18:15:00.000Z'],
    ['30 9 * * mon-fri', 'America/New_York', '2026-11-27T15:00:00Z', '2026-11-30T14:30:00.000Z'],
    ['0 0 L 2 *', 'UTC', '2026-11-27T00:00:00Z', '2027-02-28T00:00:00.000Z'],
    ['0 0 29 2 *', 'UTC', '2026-11-27T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['0 0 13 * 5', 'UTC', '2026-11-14T00:00:00Z', '2027-08-13T00:00:00.000Z'],
  ] as const)
    it(`gives ${due} for ${expression} in ${tz} after ${after}`, () => {
      assert.equal(next(expression, tz, after), due);
    });

  it('is due right after where clocks leave the time out', () => {
    assert.equal(next('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z'), '2026-03-29T01:00:00.000Z');
    assert.equal(next('30 2 * * *', 'Europe/Berlin', '2026-03-29T01:00:00Z'), '2026-03-30T00:30:00.000Z');
  });

  it('is due once where clocks show the time twice, the first time', () => {
    assert.equal(next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z'), '2026-10-25T00:30:00.000Z');
    assert.equal(next('30 2 * * *', 'Europe/Berlin', '2026-10-25T00:30:00Z'), '2026-10-26T01:30:00.000Z');
  });

  it('goes on for ever, always later, and skips no hour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2027, 0, 1) }),
        fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns'),
        (after, tz) => {
          const due = nextDue(cron('0 * * * *'), tz, after) ?? 0;
          assert.ok(due > after);
          assert.ok(due - after <= 2 * 3_600_000 + 1, new Date(due).toISOString());
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('readCron(expression)', () => {
  for (const [expression, wrong] of [
    ['0 8 1', /5 or 6 fields/],
    ['0 8 1 13 *', /month/],
    ['0 0 15W * *', /15W.*allowed/],
    ['0 0 * * 5#2', /5#2.*allowed/],
    ['0 0 * * 5L', /5L/],
    ['30 0 8 1 * *', /without seconds/],
    ['0 0 31 2 *', /impossible/],
  ] as const)
    it(`refuses ${expression}`, () => {
      const read = readCron(expression);

      assert.ok('wrong' in read);
      assert.match(read.wrong, wrong);
    });
});
