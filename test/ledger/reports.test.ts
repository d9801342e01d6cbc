import assert from 'node:assert/strict';
import { hasCode } from '../../src/errors.ts';
import { type ChangeFailureQuery, createReports } from '../../src/ledger/reports.ts';
import { day, epoch } from './events.ts';
import { gather, makeRow, type ReportRow } from './rows.ts';

const now = epoch + 100 * day;

function make(rows: readonly ReportRow[] = []) {
  const asked: unknown[] = [];
  const read: unknown[] = [];
  const counted: unknown[] = [];
  const reports = createReports({
    reports: {
      facts: async (from, to, { wanted, inEnvironment, ...filter }) => {
        asked.push([from, to, filter]);
        const places = rows.map(({ service, environment }) => wanted?.(service, environment));
        read.push(places);
        for (const [index, { environment }] of rows.entries())
          if (places[index] === true) assert.equal(inEnvironment?.(environment), true);
        return gather(
          rows.filter(({ finishedAt }) => finishedAt !== null && finishedAt >= from && finishedAt < to),
        );
      },
    },
    incidents: {
      count: async (from, to) => {
        counted.push([from, to]);
        return 2;
      },
    },
    minimum: () => 1,
    production: (environment) => environment === 'production',
    serviceInfo: () => null,
    now: () => now,
  });
  return { reports, asked, read, counted };
}

describe('changeFailure(query)', () => {
  it('covers the ninety days up to now by week in UTC when nothing is said, and those before', async () => {
    const { reports, asked } = make([
      makeRow({ finishedAt: now - day }),
      makeRow({ finishedAt: now - 100 * day }),
    ]);

    const report = await reports.changeFailure({});

    assert.deepEqual([report.from, report.to, report.tz], [now - 90 * day, now, 'UTC']);
    assert.equal(report.buckets.length, 14);
    assert.deepEqual([report.totals.changes, report.previous?.changes], [1, 1]);
    const all = { service: undefined, environment: undefined };
    assert.deepEqual(asked, [
      [now - 90 * day, now, all],
      [now - 180 * day, now - 90 * day, all],
    ]);
  });

  it('asks the store for one service and environment only', async () => {
    const { reports, asked } = make();

    await reports.changeFailure({
      service: 'checkout',
      environment: 'staging',
      from: epoch,
      to: epoch + day,
    });

    assert.deepEqual(asked[0], [epoch, epoch + day, { service: 'checkout', environment: 'staging' }]);
  });

  it('lets the store leave out the places that the report is not about', async () => {
    const { reports, read } = make([
      makeRow(),
      makeRow({ environment: 'staging' }),
      makeRow({ service: 'b' }),
    ]);

    await reports.changeFailure({ service: 'checkout' });

    assert.deepEqual(read[0], [true, false, false]);
  });

  it('asks for the unattributed incidents of the same range, and goes by the minimum that is configured', async () => {
    const { reports, counted } = make([makeRow({ finishedAt: epoch + 1 })]);

    const report = await reports.changeFailure({ from: epoch, to: epoch + day });

    assert.deepEqual([report.unattributedIncidents, counted], [2, [[epoch, epoch + day]]]);
    assert.equal(report.totals.enough, true);
  });

  const wrong: readonly (readonly [string, ChangeFailureQuery, string])[] = [
    ['an unknown time zone', { tz: 'Mars/Olympus' }, 'tz'],
    ['a range that ends before it begins', { from: epoch + 1, to: epoch }, 'from'],
    ['a range without length', { from: epoch, to: epoch }, 'from'],
    ['more than a thousand buckets', { from: epoch, to: epoch + 1001 * day, bucket: 'day' }, 'from'],
    ['a time before 1970', { from: -1 }, 'from'],
    ['an unknown bucket', { bucket: 'year' as 'day' }, 'bucket'],
    ['an unknown grouping', { groupBy: 'moon' as 'team' }, 'groupBy'],
    ['an unknown count', { count: 'all' as 'failed' }, 'count'],
  ];
  for (const [what, query, path] of wrong)
    it(`refuses ${what}, naming ${path}`, async () => {
      const { reports, asked } = make();

      await assert.rejects(reports.changeFailure(query), (error) => {
        assert.ok(hasCode(error, 'invalid_input'));
        assert.deepEqual(
          error.issues.map((issue) => issue.path),
          [path],
        );
        return true;
      });
      assert.deepEqual(asked, []);
    });
});
