import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Rates } from '../../src/ledger/rates.ts';
import {
  type ChangeFailureReport,
  changeFailureReport,
  type ReportOptions,
} from '../../src/ledger/report.ts';
import { day, epoch, hour } from './events.ts';
import { anyRow, gather, makeOptions, makeRow, type ReportRow, times } from './rows.ts';

const caught = { outcome: 'failed', failureClass: 'caught_in_canary' } as const;

function report(
  rows: readonly ReportRow[],
  changes: Parameters<typeof makeOptions>[0] = {},
): ChangeFailureReport {
  return changeFailureReport(gather(rows), makeOptions(changes));
}

const added = ['changes', 'failed', 'escaped', 'caughtInCanary', 'failedToDeploy'] as const;

function assertSane({ rate, interval, changes }: Rates): void {
  assert.equal(rate === null, changes === 0);
  assert.equal(interval === null, changes === 0);
  if (rate === null || interval === null) return;
  assert.ok(interval[0] >= 0 && interval[0] <= rate && rate <= interval[1] && interval[1] <= 1);
}

describe('changeFailureReport(rows, options)', () => {
  it('has exactly the fields of its description', () => {
    assert.deepEqual(Object.keys(report([])), [
      'definition',
      'from',
      'to',
      'tz',
      'totals',
      'previous',
      'difference',
      'buckets',
      'groups',
      'pending',
      'abandoned',
      'unattributedIncidents',
    ]);
  });

  it('keeps empty buckets, with no rate', () => {
    const rows = [makeRow(), makeRow({ ...caught, finishedAt: epoch + 15 * day })];

    assert.deepEqual(
      report(rows).buckets.map(({ start, changes, rate }) => [(start - epoch) / day, changes, rate]),
      [
        [0, 1, 0],
        [7, 0, null],
        [14, 1, 1],
        [21, 0, null],
      ],
    );
  });

  it('puts a failure that never finished where it failed', () => {
    const [, second] = report([makeRow({ ...caught, finishedAt: null, outcomeAt: epoch + 8 * day })]).buckets;

    assert.equal(second?.failed, 1);
  });

  it('puts a change at the very start of a bucket into it, and one a millisecond before into the one before', () => {
    const rows = [makeRow({ finishedAt: epoch + 7 * day }), makeRow({ finishedAt: epoch + 7 * day - 1 })];

    assert.deepEqual(
      report(rows).buckets.map(({ changes }) => changes),
      [1, 1, 0, 0],
    );
  });

  it('puts a change of Sunday evening in New York into that week, though it is Monday in UTC', () => {
    const rows = [makeRow({ finishedAt: epoch + 7 * day + 2 * hour })];

    assert.equal(
      report(rows).buckets.findIndex(({ changes }) => changes === 1),
      1,
    );
    const there = report(rows, { tz: 'America/New_York' }).buckets;
    assert.equal(there.find(({ changes }) => changes === 1)?.start, epoch + 5 * hour);
  });

  it('counts the deployments a day of a cut bucket over the part that lies in the range', () => {
    const { buckets } = report(times(4, { finishedAt: epoch + 6 * day }), { from: epoch + 5 * day });

    assert.deepEqual([buckets[0]?.start, buckets[0]?.deploymentsPerDay], [epoch, 2]);
  });

  it('counts production environments only, unless one is asked for', () => {
    const rows = [makeRow(), makeRow({ environment: 'live' }), makeRow({ environment: 'staging' })];

    assert.equal(report(rows).totals.changes, 2);
    assert.equal(report(rows, { environment: 'staging' }).totals.changes, 1);
  });

  it('narrows by service, team and tier', () => {
    const rows = ['checkout', 'basket', 'search', 'other'].map((service) => makeRow({ service }));

    assert.equal(report(rows, { service: 'checkout' }).totals.changes, 1);
    assert.equal(report(rows, { team: 'shop' }).totals.changes, 2);
    assert.equal(report(rows, { tier: '1' }).totals.changes, 2);
    assert.equal(report(rows, { team: 'nobody' }).totals.changes, 0);
  });

  it('groups by what is asked, sorted, and names what has no team or tier', () => {
    const rows = [...times(2, { service: 'search' }), ...times(3), makeRow({ service: 'other', ...caught })];
    const groups = (groupBy: ReportOptions['groupBy']) =>
      report(rows, { groupBy }).groups.map(({ key, changes, rate }) => [key, changes, rate]);

    assert.deepEqual(groups('service'), [
      ['checkout', 3, 0],
      ['other', 1, 1],
      ['search', 2, 0],
    ]);
    assert.deepEqual(groups('team'), [
      ['(none)', 1, 1],
      ['find', 2, 0],
      ['shop', 3, 0],
    ]);
    assert.deepEqual(groups('tier'), [
      ['(none)', 3, 1 / 3],
      ['1', 3, 0],
    ]);
    assert.deepEqual(groups(null), []);
  });

  it('counts pending and abandoned changes beside, by the same filters', () => {
    const rows = [
      ...times(2, { outcome: 'pending' }),
      ...times(3, { outcome: 'abandoned' }),
      makeRow({ outcome: 'pending', environment: 'staging' }),
      makeRow({ outcome: 'pending', kind: 'rollback' }),
    ];

    assert.deepEqual([report(rows).pending, report(rows).abandoned], [2, 3]);
    assert.equal(report(rows, { includeRollbacks: true }).pending, 3);
  });

  it('compares with the range before by the same filters, and says null when nothing is known of it', () => {
    const previous = gather([makeRow(caught), makeRow(), makeRow({ environment: 'staging' })]);

    assert.equal(report([], { previous }).previous?.rate, 0.5);
    assert.equal(report([], { previous: gather([makeRow({ environment: 'staging' })]) }).previous, null);
    assert.equal(report([]).previous, null);
  });

  it('tells how far it is above the range before, with an interval, and null where either has no change', () => {
    const previous = gather([...times(9, caught), ...times(31)]);
    const { difference } = report([...times(4, caught), ...times(19)], { previous });

    assert.ok(difference !== null);
    const [low, high] = difference.interval;
    for (const [found, expected] of [
      [difference.rate, -0.051087],
      [low, -0.233711],
      [high, 0.171091],
    ] as const)
      assert.ok(Math.abs(found - expected) < 5e-7, `${found} is not ${expected}`);
    assert.equal(report([], { previous }).difference, null);
    assert.equal(
      report([makeRow()], { previous: gather([makeRow({ outcome: 'pending' })]) }).difference,
      null,
    );
    assert.equal(report([makeRow()]).difference, null);
  });

  it('compares what is asked for: of what escaped, only that', () => {
    const previous = gather([makeRow({ ...caught, failureClass: 'escaped' }), makeRow()]);

    assert.equal(report(times(2, caught), { previous, count: 'escaped' }).difference?.rate, -0.5);
    assert.equal(report(times(2, caught), { previous }).difference?.rate, 0.5);
  });

  it('hands on how many incidents are unattributed, which may not be known', () => {
    assert.equal(report([]).unattributedIncidents, null);
    assert.equal(report([], { unattributedIncidents: 3 }).unattributedIncidents, 3);
  });

  it('says in words what it counted', () => {
    assert.match(report([]).definition, /^Definition 2\. .*caught in the canary.*left out.*production/s);
    assert.match(
      report([], { count: 'escaped', includeRollbacks: true, environment: 'staging' }).definition,
      /users met \(escaped\) \/.*Rollbacks are counted.*Environment: staging/s,
    );
  });

  it('adds up: buckets and groups make the totals, and no rate exceeds 1', () => {
    const anyOptions = fc.record({
      bucket: fc.constantFrom('day' as const, 'week' as const, 'month' as const),
      tz: fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'),
      groupBy: fc.constantFrom('service' as const, 'team' as const, 'environment' as const, 'tier' as const),
      count: fc.constantFrom('failed' as const, 'escaped' as const),
      includeRollbacks: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyRow(), { maxLength: 40 }), anyOptions, (rows, options) => {
        const { totals, buckets, groups } = report(rows, options);
        for (const key of added)
          for (const parts of [buckets, groups])
            assert.equal(
              parts.reduce((sum, part) => sum + part[key], 0),
              totals[key],
            );
        assert.ok(totals.failed + totals.failedToDeploy <= totals.changes);
        for (const rates of [totals, ...buckets, ...groups]) assertSane(rates);
      }),
      { numRuns: 200 },
    );
  });
});
