import assert from 'node:assert/strict';
import { hasCode } from '../../src/errors.ts';
import type { ReportRow } from '../../src/ledger/report-store.ts';
import { type ChangeFailureQuery, createReports } from '../../src/ledger/reports.ts';
import { day, epoch } from './events.ts';
import { makeRow } from './rows.ts';

const now = epoch + 100 * day;

function make(rows: readonly ReportRow[] = []) {
  const asked: unknown[] = [];
  const reports = createReports({
    reports: {
      rows: async (from, to, filter) => {
        asked.push([from, to, filter]);
        return rows.filter(({ finishedAt }) => finishedAt !== null && finishedAt >= from && finishedAt < to);
      },
    },
    production: (environment) => environment === 'production',
    serviceInfo: () => null,
    now: () => now,
  });
  return { reports, asked };
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
