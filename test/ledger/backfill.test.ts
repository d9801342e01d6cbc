import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { invalidInput } from '../../src/errors.ts';
import type { Actor } from '../../src/ledger/actor.ts';
import { type Backfill, type BackfillLine, createBackfill } from '../../src/ledger/backfill.ts';
import type { ChangeReport } from '../../src/ledger/changes.ts';
import { createRollupStore } from '../../src/store/rollup-store.ts';
import { createUnitOfWork } from '../../src/store/unit-of-work.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { epoch, hour, policyAt } from './events.ts';
import { makeIncidentReport } from './incidents-at-hand.ts';

const ann: Actor = { name: 'ann', isAdmin: true };
const place = { service: 'checkout', environment: 'production' } as const;

function change(externalId: string, hours: number, more: Partial<ChangeReport> = {}): BackfillLine {
  const finishedAt = epoch + hours * hour;
  const told = { source: 'jenkins', externalId, ...place, targets: [], finishedAt, ...more };
  return { kind: 'change', report: { outcome: 'succeeded', ...told, facts: { ...more.facts } } };
}

const incident = (hours: number, externalId = 'INC-1'): BackfillLine => ({
  kind: 'incident',
  report: makeIncidentReport(hours, { externalId }),
});

for (const { name, open } of databases) {
  describe(`backfill on ${name}`, () => {
    let test: TestDatabase;
    let backfill: Backfill;
    const now = (): number => policyAt(100).now;
    const make = () =>
      createBackfill({ unitOfWork: createUnitOfWork(test.database), now, policy: () => policyAt(100) });
    const stores = () => createUnitOfWork(test.database).stores;
    const kept = async () => (await stores().ledger.list({}, 100, null)).items;
    const results = async (lines: readonly BackfillLine[], dryRun = false, by = ann) =>
      (await backfill.take(lines, dryRun, by)).map(({ result }) => result);

    before(async () => {
      test = await open();
      backfill = make();
    });
    beforeEach(async () => {
      await test.database.run((sql) => sql('incidents').del());
      await test.database.run((sql) => sql('changes').del());
      await createRollupStore(test.database).rebuild();
    });
    after(() => test.close());

    it('says of each line whether it was made, changed, joined or known', async () => {
      const commit = 'abcdef1234567';
      const lines = [
        change('1', 1, { facts: { commit } }),
        change('1', 1, { facts: { commit } }),
        change('1', 1, { facts: { actor: 'ada' } }),
        change('9', 1.5, { source: 'github', facts: { commit } }),
        incident(2),
        incident(2),
        incident(2.5),
      ];

      assert.deepEqual(await results(lines), [
        ...['made', 'unchanged', 'changed', 'joined'],
        ...['made', 'unchanged', 'changed'],
      ]);
      const [one, ...others] = await kept();
      assert.deepEqual(
        [one?.actor, one?.outcome, one?.failureClass, others],
        ['ada', 'failed', 'escaped', []],
      );
      assert.deepEqual(
        await results(lines),
        lines.map(() => 'unchanged'),
      );
    });

    it('takes what is valid although other lines are refused, and says why those are', async () => {
      const future = change('2', 101);
      const backwards = change('3', 1, { facts: { startedAt: epoch + 2 * hour } });
      const unknown = change('4', 1, { outcome: 'great' as 'failed' });
      const unread: BackfillLine = { kind: 'change', errors: [{ path: 'service', message: 'is missing' }] };
      const elsewhere = change('1', 1, { service: 'search' });
      const late = { ...makeIncidentReport(2), openedAt: epoch + 2 * hour, resolvedAt: epoch };
      const lines = [
        ...[change('1', 1), future, backwards, unknown, unread, elsewhere, change('5', 3)],
        { kind: 'incident', report: late } as const,
      ];

      const outcomes = await backfill.take(lines, false, ann);

      const said = outcomes.map((one) =>
        one.result === 'refused'
          ? one.errors.map(({ path, message }) => `${path}: ${message}`).join()
          : one.result,
      );
      assert.equal(said[0], 'made');
      assert.match(said[1] ?? '', /^finishedAt: found 2026-11-06T05:00:00.000Z; allowed are times up to now/);
      assert.match(said[2] ?? '', /^finishedAt: is before startedAt/);
      assert.match(
        said[3] ?? '',
        /^outcome: found "great"; allowed are pending, succeeded, failed, abandoned/,
      );
      assert.equal(said[4], 'service: is missing');
      assert.match(said[5] ?? '', /use another externalId for search in production/);
      assert.equal(said[6], 'made');
      assert.match(said[7] ?? '', /^resolvedAt: is before openedAt/);
      assert.deepEqual((await kept()).map(({ externalId }) => externalId).sort(), ['1', '5']);
      assert.equal((await createRollupStore(test.database).check()).differences.length, 0);
    });

    it('refuses times before 1970, which no report could hold and which make lead times of centuries', async () => {
      const unset = Date.parse('0001-01-01T00:00:00Z');
      const incident = { ...makeIncidentReport(1), openedAt: -1 };
      const lines = [
        change('1', 1, { facts: { committedAt: unset } }),
        change('2', 1, { facts: { startedAt: 0 } }),
        { kind: 'incident', report: incident } as const,
      ];

      const outcomes = await backfill.take(lines, false, ann);

      const refused = (path: string, found: string) => ({
        result: 'refused',
        errors: [{ path, message: `found ${found}; allowed are times from 1970 on` }],
      });
      assert.deepEqual(outcomes[0], refused('committedAt', '0001-01-01T00:00:00.000Z'));
      assert.equal(outcomes[1]?.result, 'made');
      assert.deepEqual(outcomes[2], refused('openedAt', '1969-12-31T23:59:59.999Z'));
    });

    it('refuses what lies outside the scope, line by line', async () => {
      const scoped: Actor = { name: 'token:shop', isAdmin: false, services: ['checkout'] };
      const lines = [change('1', 1), change('2', 1, { service: 'search' }), change('3', 1)];

      assert.deepEqual(await results(lines, false, scoped), ['made', 'refused', 'made']);
    });

    it('keeps nothing of a dry run, and tells no id that nobody will find', async () => {
      await backfill.take([change('1', 1)], false, ann);
      const lines = [
        ...[change('1', 1), change('2', 2), change('2', 2, { facts: { actor: 'ada' } }), change('3', 101)],
        incident(2),
      ];

      const outcomes = await backfill.take(lines, true, ann);

      const [known] = await kept();
      assert.deepEqual(
        outcomes.map((one) => [one.result, 'id' in one ? one.id : undefined]),
        [
          ['unchanged', known?.id],
          ['made', null],
          ['changed', null],
          ['refused', undefined],
          ['made', null],
        ],
      );
      assert.equal((await kept()).length, 1);
      assert.deepEqual((await stores().ledger.incidents.list({}, 10, null)).items, []);
      assert.equal((await createRollupStore(test.database).check()).differences.length, 0);
    });

    it('is the same after a dry run as before it', async () => {
      const lines = [change('1', 1, { facts: { version: 'v1' } }), incident(2)];

      const rehearsed = await results(lines, true);

      assert.deepEqual(rehearsed, await results(lines));
    });

    it('takes more lines than fit one transaction, each once', async () => {
      const lines = Array.from({ length: 120 }, (_, index) => change(String(index), 1 + index / 10));

      assert.deepEqual(new Set(await results(lines)), new Set(['made']));
      const counted = await test.database.run((sql) => sql('changes').count({ n: '*' }));
      assert.equal(Number(counted[0]?.['n']), 120);
    });

    it('gives each line a transaction of its own when the database refuses one', async () => {
      const unitOfWork = createUnitOfWork(test.database);
      const transactions: number[] = [];
      const spoilt = createBackfill({
        unitOfWork: {
          transaction: (work) => {
            transactions.push(1);
            return unitOfWork.transaction((inside) => {
              const append: typeof inside.ledger.append = (events) => {
                if (events.some(({ dedupeKey }) => dedupeKey.includes('"2"')))
                  throw invalidInput([{ path: '', message: 'the database cannot store it' }]);
                return inside.ledger.append(events);
              };
              return work({ ...inside, ledger: { ...inside.ledger, append } });
            });
          },
        },
        now,
        policy: () => policyAt(100),
      });

      const outcomes = await spoilt.take([change('1', 1), change('2', 2), change('3', 3)], false, ann);

      assert.deepEqual(
        outcomes.map(({ result }) => result),
        ['made', 'refused', 'made'],
      );
      assert.equal(transactions.length, 4);
      assert.deepEqual((await kept()).map(({ externalId }) => externalId).sort(), ['1', '3']);
    });

    it('rejects when the database is away, for then the lines may be sent again', async () => {
      const away = createBackfill({
        unitOfWork: { transaction: () => Promise.reject(new Error('away')) },
        now,
        policy: () => policyAt(100),
      });

      await assert.rejects(away.take([change('1', 1)], false, ann), /away/);
      await assert.rejects(away.take([change('1', 1)], true, ann), /away/);
    });

    it('tells the audit trail of what was new, by whom', async () => {
      const told = async () => (await stores().audit.list({ actor: 'bob' }, 100, null)).items;
      const bob: Actor = { name: 'bob', isAdmin: false };

      await backfill.take([change('1', 1), change('1', 1)], false, bob);
      await backfill.take([change('2', 1)], true, bob);

      assert.deepEqual(
        (await told()).map(({ action, before }) => [action, before]),
        [['change.report', null]],
      );
    });

    it('shows in the audit trail what was told, before and after, and by which name', async () => {
      const cleo: Actor = { name: 'cleo', isAdmin: false };
      const commit = 'abcdef1234567';
      const known = change('1', 1, { facts: { commit } });
      const told: readonly BackfillLine[] = [
        change('1', 1, { facts: { committedAt: epoch - hour, actor: 'ada' } }),
        change('9', 1.5, { source: 'github', facts: { commit } }),
        incident(2),
        {
          kind: 'incident',
          report: makeIncidentReport(3, { status: 'resolved', resolvedAt: epoch + hour * 3 }),
        },
      ];
      await backfill.take([known], false, ann);
      for (const line of told) await backfill.take([line], false, cleo);

      const items = (await stores().audit.list({ actor: 'cleo' }, 100, null)).items;
      type Brief = Record<string, unknown> | null;
      const news = items.map(({ before, after }) =>
        Object.entries(after as object)
          .filter(([key, value]) => !isDeepStrictEqual((before as Brief)?.[key], value) && before !== null)
          .map(([key, value]) => `${key} ${JSON.stringify(value)}`)
          .join(),
      );
      assert.deepEqual(news.filter((text) => text !== '').sort(), [
        `actor "ada",committedAt "${new Date(epoch - hour).toISOString()}"`,
        `reportedAs {"source":"github","externalId":"9"}`,
        `status "resolved",resolvedAt "${new Date(epoch + 3 * hour).toISOString()}"`,
      ]);
    });
  });
}
