import assert from 'node:assert/strict';
import { readCron } from '../../src/analysis/scheduler.ts';
import { hasCode } from '../../src/errors.ts';
import { changeFailureReport } from '../../src/ledger/report.ts';
import type { ChangeFailureQuery } from '../../src/ledger/reports.ts';
import { createStoredReports, type ReportSchedule } from '../../src/ledger/stored-reports.ts';
import { createStoredReportStore } from '../../src/store/stored-report-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { makeOptions } from './rows.ts';

function scheduleOf(expression: string, changes: Partial<ReportSchedule> = {}): ReportSchedule {
  const cron = readCron(expression);
  if ('wrong' in cron) throw new Error(cron.wrong);
  return { name: 'monthly', cron, tz: 'Europe/Berlin', covers: 'month', query: {}, ...changes };
}

for (const { name, open } of databases) {
  describe(`reports by schedule on ${name}`, () => {
    let test: TestDatabase;
    beforeEach(async () => {
      test = await open();
    });
    afterEach(() => test.close());

    /** One replica; all of them share the database. */
    function replica(schedules: readonly ReportSchedule[], clock: { now: number }) {
      const asked: ChangeFailureQuery[] = [];
      const stored = createStoredReports({
        store: createStoredReportStore(test.database),
        reports: {
          changeFailure: async (query) => {
            if (query.team === 'broken') throw new Error('no such team');
            asked.push(query);
            const { from = 0, to = 1, tz = 'UTC' } = query;
            return { ...changeFailureReport([], makeOptions()), from, to, tz };
          },
        },
        schedules: () => schedules,
        now: () => clock.now,
      });
      return { stored, asked };
    }

    const iso = (instant: number | undefined): string => new Date(instant ?? 0).toISOString();

    it('are made when due and not before, of the last whole month in their zone', async () => {
      const clock = { now: Date.parse('2026-10-15T00:00:00Z') };
      const { stored, asked } = replica([scheduleOf('0 8 1 * *', { query: { team: 'shop' } })], clock);

      assert.deepEqual(await stored.makeDue(), []);
      clock.now = Date.parse('2026-11-01T06:59:59Z');
      assert.deepEqual(await stored.makeDue(), []);
      clock.now = Date.parse('2026-11-01T07:00:30Z');
      const [made, ...others] = await stored.makeDue();

      assert.ok(made !== undefined && others.length === 0);
      assert.equal(iso(made.dueAt), '2026-11-01T07:00:00.000Z');
      assert.equal(made.createdAt, clock.now);
      // October 2026 has the hour in which clocks go back.
      assert.deepEqual(
        [iso(asked[0]?.from), iso(asked[0]?.to)],
        ['2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
      );
      assert.deepEqual([asked[0]?.team, asked[0]?.tz], ['shop', 'Europe/Berlin']);
      assert.deepEqual(await stored.get(made.id), made);
      assert.deepEqual(await stored.makeDue(), []);
    });

    it('are made up when they were missed, one for each time', async () => {
      const clock = { now: Date.parse('2026-08-15T00:00:00Z') };
      await replica([scheduleOf('0 8 1 * *')], clock).stored.makeDue();
      clock.now = Date.parse('2026-11-15T00:00:00Z');

      const made = await replica([scheduleOf('0 8 1 * *')], clock).stored.makeDue();

      assert.deepEqual(
        made.map(({ report }) => iso(report.to)),
        ['2026-08-31T22:00:00.000Z', '2026-09-30T22:00:00.000Z', '2026-10-31T23:00:00.000Z'],
      );
    });

    it('are made once, however many replicas find them due', async () => {
      const clock = { now: Date.parse('2026-08-15T00:00:00Z') };
      const replicas = Array.from({ length: 4 }, () => replica([scheduleOf('0 8 1 * *')], clock).stored);
      await Promise.all(replicas.map((one) => one.makeDue()));
      clock.now = Date.parse('2026-10-15T00:00:00Z');

      const made = await Promise.all(replicas.map((one) => one.makeDue()));

      assert.equal(made.flat().length, 2);
      const page = await replicas[0]?.list('monthly', 10, null);
      assert.equal(page?.items.length, 2);
    });

    it('of one schedule fail alone', async () => {
      const clock = { now: Date.parse('2026-11-26T00:00:00Z') };
      const schedules = [
        scheduleOf('0 8 * * *', { name: 'broken', query: { team: 'broken' } }),
        scheduleOf('0 8 * * *', { name: 'daily', covers: 'day' }),
      ];
      const { stored, asked } = replica(schedules, clock);
      await stored.makeDue();
      clock.now = Date.parse('2026-11-26T12:00:00Z');

      await assert.rejects(stored.makeDue(), /no such team/);

      assert.deepEqual(
        [iso(asked[0]?.from), iso(asked[0]?.to)],
        ['2026-11-24T23:00:00.000Z', '2026-11-25T23:00:00.000Z'],
      );
      assert.equal((await stored.list('daily', 10, null)).items.length, 1);
      assert.equal((await stored.list('broken', 10, null)).items.length, 0);
    });

    it('are listed newest first, page by page, and not found by another id', async () => {
      const clock = { now: Date.parse('2026-11-20T00:00:00Z') };
      const daily = scheduleOf('0 8 * * *', { name: 'daily', covers: 'day' });
      const { stored } = replica([daily], clock);
      await stored.makeDue();
      for (const day of [20, 21, 22]) {
        clock.now = Date.UTC(2026, 10, day, 12);
        await stored.makeDue();
      }

      const first = await stored.list(undefined, 2, null);
      const second = await stored.list(undefined, 2, first.nextCursor);

      assert.deepEqual(
        [...first.items, ...second.items].map(({ dueAt }) => new Date(dueAt).getUTCDate()),
        [22, 21, 20],
      );
      assert.equal(second.nextCursor, null);
      await assert.rejects(stored.get('nowhere'), (error) => hasCode(error, 'not_found'));
    });
  });
}
