import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { hasCode } from '../../src/errors.ts';
import { type Database, openDatabase } from '../../src/store/database.ts';
import { createRunStore } from '../../src/store/run-store.ts';
import { databases, type TestDatabase } from '../support/databases.ts';
import { type Gate, openGate } from '../support/gate-to-postgres.ts';
import { newSignal } from '../support/signal.ts';

const [sqlite, postgres] = databases as [(typeof databases)[number], (typeof databases)[number]];

/** Asks as the stores do, by query and by transaction; both must say that the database is away, and nothing more. */
async function assertAway(database: Database, why: RegExp, secret = 'only-for-tests'): Promise<void> {
  const runs = createRunStore(database);
  const asked = [
    () => database.ping(),
    () => runs.claimDue(0, 1, 1000),
    () => database.transaction(async (connection) => createRunStore(connection).touch('x', 1)),
  ];
  for (const ask of asked)
    await assert.rejects(ask(), (error) => {
      assert.ok(hasCode(error, 'store_unavailable'), String(error));
      assert.match(error.message, why);
      assert.ok(!error.message.includes(secret));
      return true;
    });
}

describe('an SQLite database that is away', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'serin-away-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function using(path: string, work: (database: Database) => Promise<void>): Promise<void> {
    const database = openDatabase(`sqlite:${path}`);
    await work(database).finally(() => database.close());
  }

  it('is a file that is no database', async () => {
    const path = join(folder, 'x.db');
    writeFileSync(path, 'this is no database, but it is long enough to be taken for one at first sight');

    await using(path, (database) => assertAway(database, /SQLITE_NOTADB/));
  });

  it('is a folder, until it is one no more', async () => {
    await using(folder, async (database) => {
      await assertAway(database, /SQLITE_CANTOPEN/);
      rmSync(folder, { recursive: true });

      await database.ping();
    });
  });

  it('has a folder that cannot be made', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');

    assert.throws(
      () => openDatabase(`sqlite:${file}/sub/x.db`),
      (error) => hasCode(error, 'store_unavailable'),
    );
  });

  it('is locked by another process for longer than one waits, and comes back', async () => {
    const test = await sqlite.open({ busyTimeoutMs: 20 });
    const other = openDatabase(test.url);
    const release = newSignal();
    try {
      const locked = newSignal();
      const holding = other.transaction(async (connection) => {
        await createRunStore(connection).touch('x', 1);
        locked.give();
        await release.given;
      });
      await locked.given;

      const writing = () => createRunStore(test.database).touch('x', 1);
      await assert.rejects(
        writing(),
        (error) => hasCode(error, 'store_unavailable') && /BUSY/.test(error.message),
      );
      release.give();
      await holding;

      await writing();
    } finally {
      release.give();
      await other.close();
      await test.close();
    }
  });

  it('is full, then is not', async () => {
    const test = await sqlite.open();
    try {
      const { database } = test;
      const limit = (pages: number) => database.run((sql) => sql.raw(`PRAGMA max_page_count = ${pages}`));
      await database.run((sql) => sql.schema.createTable('blobs', (table) => table.text('text')));
      await limit(1);
      const text = 'x'.repeat(100_000);
      const plain = () => database.run((sql) => sql('blobs').insert({ text }));
      const within = () => database.transaction((one) => one.run((sql) => sql('blobs').insert({ text })));

      for (const write of [plain, within])
        await assert.rejects(
          write(),
          (error) => hasCode(error, 'store_unavailable') && /FULL/.test(error.message),
        );
      await limit(1_000_000);

      await plain();
      await within();
    } finally {
      await test.close();
    }
  });

  it('is read-only', async () => {
    const test = await sqlite.open();
    await test.database.run((sql) => sql.raw('PRAGMA query_only = ON'));

    await assert.rejects(createRunStore(test.database).touch('x', 1), (error) =>
      hasCode(error, 'store_unavailable'),
    );
    await test.close();
  });
});

describe('an SQLite database', () => {
  it('makes the folder of its file, and is set to lose nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'serin-away-'));
    const path = join(folder, 'a/b/serin.db');
    const database = openDatabase(`sqlite:${path}`);
    try {
      const settings = await Promise.all(
        ['journal_mode', 'busy_timeout', 'foreign_keys', 'synchronous'].map(async (name) => {
          const [row] = await database.run((sql) => sql.raw(`PRAGMA ${name}`));
          return Object.values(row as object)[0];
        }),
      );

      assert.deepEqual(settings, ['wal', 5000, 1, 2]);
      assert.ok(statSync(path).isFile());
    } finally {
      await database.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('may live in memory', async () => {
    const database = openDatabase('sqlite::memory:');
    await database.run((sql) => sql.schema.createTable('notes', (table) => table.text('text')));

    assert.deepEqual(await database.run((sql) => sql('notes').select()), []);
    await database.close();
  });
});

describe('a PostgreSQL database that is away', () => {
  let test: TestDatabase;
  let gate: Gate;
  let database: Database;
  beforeEach(async () => {
    test = await postgres.open();
    gate = await openGate(test.url);
    database = openDatabase(gate.url, { statementTimeoutMs: 300 });
  });
  afterEach(async () => {
    await database.close();
    await gate.shut();
    await test.close();
  });

  it('refuses connections from the start, and comes up later', async () => {
    await gate.shut();
    await assertAway(database, /ECONNREFUSED/);
    await gate.open();

    await database.ping();
  });

  it('goes away while connections are idle, and comes back', async () => {
    await Promise.all(Array.from({ length: 5 }, () => database.ping()));
    await gate.shut();
    await assertAway(database, /ECONNREFUSED|connection was lost/);
    await gate.open();

    await database.ping();
  });

  it('goes away in the middle of a transaction, which then has not happened', async () => {
    const working = database.transaction(async (connection) => {
      await connection.run((sql) => sql.schema.createTable('half', (table) => table.text('text')));
      await gate.shut();
      await connection.run((sql) => sql('half').select());
    });

    await assert.rejects(working, (error) => hasCode(error, 'store_unavailable'));
    await gate.open();
    assert.equal(await database.run((sql) => sql.schema.hasTable('half')), false);
  });

  it('ends our connection, as an operator does at a restart', async () => {
    const pid = await database.run(
      async (sql) => (await sql.raw('SELECT pg_backend_pid() AS pid')).rows[0].pid,
    );
    await test.database.run((sql) => sql.raw('SELECT pg_terminate_backend(?)', [pid]));
    await untilGone(test.database, pid);
    // The end may have been noticed already, or is noticed by asking; the farewell and the end itself come apart.
    const failures: unknown[] = [];
    while (!(await answers(database, failures))) await setTimeout(5);

    assert.ok(failures.length <= 2, `${failures.length} failures`);
  });

  it('takes too long over a statement', async () => {
    const sleeping = database.run((sql) => sql.raw('SELECT pg_sleep(60)'));

    await assert.rejects(
      sleeping,
      (error) => hasCode(error, 'store_unavailable') && /57014/.test(error.message),
    );
    await database.ping();
  });

  it('falls silent, and is given up', async () => {
    await database.ping();
    gate.fallSilent();

    await assert.rejects(database.ping(), (error) => hasCode(error, 'store_unavailable'));
    await gate.shut();
    await gate.open();
    while (!(await answers(database, []))) await setTimeout(5);
  });

  it('has no connection free in time', async () => {
    const busy = openDatabase(test.url, { acquireTimeoutMs: 1000 });
    const release = newSignal();
    const holding = Array.from({ length: 10 }, () => newSignal());
    const held = holding.map(({ give }) =>
      busy.transaction(async (connection) => {
        await connection.run((sql) => sql.raw('SELECT 1'));
        give();
        await release.given;
      }),
    );
    // A transaction that fails to begin must not keep us waiting.
    await Promise.race([Promise.all(holding.map(({ given }) => given)), Promise.all(held)]);

    await assert.rejects(
      busy.ping(),
      (error) => hasCode(error, 'store_unavailable') && /in time/.test(error.message),
    );
    release.give();
    await Promise.all(held);
    await busy.ping();
    await busy.close();
  });

  it('knows neither the user nor the database', async () => {
    const stranger = new URL(test.url);
    stranger.password = 'wrong-password';
    const nowhere = new URL(test.url);
    nowhere.pathname = '/nowhere';

    for (const [url, why] of [
      [stranger, /28P01/],
      [nowhere, /3D000/],
    ] as const) {
      const other = openDatabase(url.href);
      await assertAway(other, why, 'wrong-password');
      await other.close();
    }
  });
});

/** Whether the database answers; that it is away is noted, anything else is thrown. */
async function answers(database: Database, failures: unknown[]): Promise<boolean> {
  try {
    await database.ping();
    return true;
  } catch (error) {
    assert.ok(hasCode(error, 'store_unavailable'));
    failures.push(error);
    return false;
  }
}

async function untilGone(database: Database, pid: number): Promise<void> {
  const active = () => database.run((sql) => sql('pg_stat_activity').where({ pid }).pluck<number[]>('pid'));
  while ((await active()).length > 0) await setTimeout(5);
}

describe('openDatabase(url)', () => {
  for (const url of [
    '',
    'x',
    './serin.db',
    'mysql://u:hush@h/d',
    'sqlite:',
    'sqlite://host/x',
    'sqlite:x.db?mode=ro',
    'postgres://u:hu/sh@h/d',
  ])
    it(`refuses ${JSON.stringify(url)} and lists what is allowed, without the password`, () => {
      assert.throws(
        () => openDatabase(url),
        (error) => {
          assert.ok(hasCode(error, 'invalid_input'));
          assert.match(error.message, /allowed are sqlite:.*postgres:/);
          assert.doesNotMatch(error.message, /hush|hu\/sh/);
          return true;
        },
      );
    });
});

describe('a PostgreSQL database', () => {
  it('refuses NUL in a text as bad input, which SQLite can store', async () => {
    const test = await postgres.open();

    await assert.rejects(createRunStore(test.database).find('a\0b'), (error) =>
      hasCode(error, 'invalid_input'),
    );
    await test.close();
  });
});
