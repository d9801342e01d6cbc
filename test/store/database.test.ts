import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode, SerinError } from '../../src/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { newSignal, type Signal } from '../support/signal.ts';

for (const { name, open } of databases) {
  describe(`a database on ${name}`, () => {
    let test: TestDatabase;
    let database: Database;
    before(async () => {
      test = await open();
      database = test.database;
      await database.run((sql) => sql.schema.createTable('notes', (table) => table.text('text').unique()));
    });
    beforeEach(() => database.run((sql) => sql('notes').del()));
    after(() => test.close());

    const note = (text: string) => database.run((sql) => sql('notes').insert({ text }));
    const notes = () => database.run((sql) => sql('notes').orderBy('text').pluck<string[]>('text'));

    it('answers a ping', async () => {
      await database.ping();
    });

    it('has a clock in integer milliseconds that goes with ours', async () => {
      const [row] = await database.run((sql) =>
        sql('notes')
          .select()
          .from(sql.raw(`(SELECT ${database.clock} AS now) AS t`)),
      );

      const now = Number(row.now);
      assert.ok(Number.isInteger(now));
      assert.ok(Math.abs(now - Date.now()) < 60_000);
    });

    it('does not take a broken statement for a database that is away, and repeats no values', async () => {
      await assert.rejects(
        database.run((sql) => sql('nowhere').where({ text: 'secret' })),
        (error) =>
          !(error instanceof SerinError) && error instanceof Error && !error.message.includes('secret'),
      );
    });

    it('refuses everything once it is closed', async () => {
      const other = openDatabase(test.url);
      await other.ping();
      await other.close();

      for (const ask of [() => other.ping(), () => other.transaction(async () => undefined)])
        await assert.rejects(ask(), (error) => hasCode(error, 'store_unavailable'));
    });

    it('may be closed without having been used', async () => {
      await openDatabase(test.url).close();
    });

    describe('transaction(work)', () => {
      it('commits when the work resolves, and gives what it gave', async () => {
        const given = await database.transaction(async (connection) => {
          await connection.run((sql) => sql('notes').insert({ text: 'a' }));
          return 7;
        });

        assert.equal(given, 7);
        assert.deepEqual(await notes(), ['a']);
      });

      it('rolls back when the work rejects, and rejects with the same', async () => {
        const reason = new SerinError('conflict', 'no');

        const working = database.transaction(async (connection) => {
          await connection.run((sql) => sql('notes').insert({ text: 'a' }));
          throw reason;
        });

        await assert.rejects(working, (error) => error === reason);
        assert.deepEqual(await notes(), []);
      });

      it('refuses at once what is asked past it from within, instead of waiting for itself', async () => {
        const inner = [
          () => notes(),
          () => database.ping(),
          () => database.transaction(async () => undefined),
        ];

        for (const ask of inner)
          await assert.rejects(
            database.transaction(async () => {
              await ask();
            }),
            (error) => hasCode(error, 'internal') && /only the stores handed to it/.test(error.message),
          );
        assert.deepEqual(await notes(), []);
      });

      it('lets work that it began go on after its end', async () => {
        let begun: Promise<unknown> = Promise.resolve();
        const ended = newSignal();

        await database.transaction(async () => {
          begun = ended.given.then(() => note('later'));
        });
        ended.give();
        await begun;

        assert.deepEqual(await notes(), ['later']);
      });

      it('serves a hundred callers at once, transactions and queries mixed', async () => {
        await Promise.all(
          Array.from({ length: 100 }, async (_, index) => {
            if (index % 2 === 0) return note(`${index}`);
            return database.transaction(async (connection) => {
              await connection.run((sql) => sql('notes').insert({ text: `${index}` }));
              await connection.run((sql) => sql('notes').select('text'));
            });
          }),
        );

        assert.equal((await notes()).length, 100);
      });

      it('runs the work again when it lost a race, but not for ever', async () => {
        const lost = Object.assign(new Error('lost'), { code: '40001' });
        const outcomes: string[][] = [];
        const most = name === 'PostgreSQL' ? 4 : 2;
        for (const losses of [most - 1, most]) {
          const seen: string[] = [];
          outcomes.push(seen);
          const working = database.transaction(async (connection) => {
            seen.push('run');
            await connection.run((sql) => sql('notes').insert({ text: `after ${losses}` }));
            if (seen.length <= losses) throw lost;
          });
          await working.catch((error) => seen.push(error.code));
        }

        const runs = Array.from({ length: most }, () => 'run');
        assert.deepEqual(outcomes, [runs, [...runs, 'store_unavailable']]);
        assert.deepEqual(await notes(), [`after ${most - 1}`]);
      });

      it('may read first and write then, while others do the same', async () => {
        await note('0');
        const other = openDatabase(test.url);
        const add = (on: Database) =>
          on.transaction(async ({ run, dialect }) => {
            const lock = dialect === 'postgres' ? ' FOR UPDATE' : '';
            const [row] = await run((sql) =>
              sql('notes')
                .select('text')
                .modify((query) => void query.whereRaw(`true${lock}`)),
            );
            await run((sql) => sql('notes').update({ text: `${Number(row.text) + 1}` }));
          });

        try {
          await Promise.all(
            Array.from({ length: 40 }, (_, index) => add(index % 2 === 0 ? database : other)),
          );
        } finally {
          await other.close();
        }

        assert.deepEqual(await notes(), ['40']);
      });

      if (name === 'PostgreSQL')
        it('lets both of two transactions through that wait for each other', async () => {
          await note('a');
          await note('b');
          const gates = [newSignal(), newSignal()] as const;
          const change = (mine: Signal, others: Signal, first: string, second: string) =>
            database.transaction(async (connection) => {
              await update(connection, first);
              mine.give();
              await others.given;
              await update(connection, second);
            });

          await Promise.all([change(gates[0], gates[1], 'a', 'b'), change(gates[1], gates[0], 'b', 'a')]);

          assert.deepEqual(await notes(), ['a', 'b']);
        });
    });
  });
}

function update(connection: Pick<Database, 'run'>, text: string): Promise<number> {
  return connection.run((sql) => sql('notes').where({ text }).update({ text }));
}

describe('a database on SQLite whose file is taken away', () => {
  for (const [what, take] of [
    ['deleted', (path: string) => rmSync(path)],
    [
      'replaced',
      (path: string) => {
        renameSync(path, `${path}.old`);
        writeFileSync(path, '');
      },
    ],
  ] as const) {
    it(`says so when it was ${what}, for what is written then would be lost`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'serin-gone-'));
      const path = join(folder, 'serin.db');
      const database = openDatabase(`sqlite:${path}`);
      try {
        await database.ping();
        take(path);
        await assert.rejects(database.ping(), {
          code: 'store_unavailable',
          message: /deleted, moved or replaced/,
        });
      } finally {
        await database.close();
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
