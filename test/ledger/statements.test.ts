import assert from 'node:assert/strict';
import type { Knex } from 'knex';
import { system } from '../../src/ledger/actor.ts';
import type { ChangeReport } from '../../src/ledger/change-report.ts';
import { type Changes, createChanges } from '../../src/ledger/changes.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { day, epoch, hour, policyAt } from './events.ts';

/** The change `number` of a service, begun so many hours after the epoch. */
function makeReport(number: number): ChangeReport {
  return {
    source: 'ci',
    externalId: String(number),
    service: `service-${number % 10}`,
    environment: 'production',
    targets: [],
    facts: { version: `v${number}`, commit: `${1_000_000 + number}`, startedAt: epoch + number * hour },
    finishedAt: epoch + number * hour + 1000,
  };
}

for (const { name, open } of databases) {
  describe(`the statements that recording takes on ${name}`, () => {
    let test: TestDatabase;
    let changes: Changes;
    let statements: string[] = [];
    before(async () => {
      test = await open();
      await test.database.run((sql: Knex) => {
        sql.on('query', (query: { sql: string }) => statements.push(query.sql));
        return sql.raw('SELECT 1');
      });
      const { now: _, ...policy } = policyAt(0);
      const now = (): number => epoch + 400 * day;
      changes = createChanges({ unitOfWork: createUnitOfWork(test.database), now, policy: () => policy });
      await changes.report(
        Array.from({ length: 10 }, (_empty, number) => makeReport(number)),
        system,
      );
    });
    after(() => test.close());

    async function count(reports: readonly ChangeReport[]): Promise<number> {
      statements = [];
      await changes.report(reports, system);
      return statements.length;
    }

    // PostgreSQL is told in addition that a place, and a change that was known before, are held.
    const held = name === 'PostgreSQL' ? 1 : 0;

    it('are few for a change that nobody told of before', async () => {
      assert.equal(await count([makeReport(20)]), 12 + held);
    });

    it('are fewer for a report that is repeated', async () => {
      assert.equal(await count([makeReport(20)]), 4 + 2 * held);
    });

    it('are some twenty at the most, however many versions two sources told of before', async () => {
      const told = (source: string, number: number, ends: boolean): ChangeReport => {
        const { finishedAt, ...report } = { ...makeReport(500 + number), source, service: 'two' };
        return ends ? { ...report, finishedAt } : report;
      };
      const counts: number[][] = [];
      for (const number of [0, 1, 2, 3]) {
        const reports = [false, true].flatMap((ends) =>
          ['argo', 'github'].map((one) => told(one, number, ends)),
        );
        const taken: number[] = [];
        for (const report of [...reports, ...reports.slice(-1)]) taken.push(await count([report]));
        counts.push(taken);
      }
      const expected = name === 'PostgreSQL' ? [14, 21, 21, 17, 6] : [13, 19, 19, 15, 4];
      assert.deepEqual(counts.slice(2), [expected, expected]);
    });

    it('are less than seven a change for many at once', async () => {
      const many = Array.from({ length: 100 }, (_, number) => makeReport(100 + number));
      assert.ok((await count(many)) < 7 * many.length + 10 * held, String(statements.length));
    });
  });
}
