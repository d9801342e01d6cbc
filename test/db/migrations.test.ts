import assert from 'node:assert/strict';
import { migrateDown, migrateUp } from '../../db/migrate.ts';
import { migrations } from '../../db/migrations/index.ts';
import type { Database } from '../../src/store/database.ts';
import { databases } from '../support/databases.ts';

type Row = Readonly<Record<string, string | number | boolean | null>>;
type Rows = Readonly<Record<string, readonly Row[]>>;

/**
 * For each migration the rows that its tables hold, as raw SQL writes them: what the migration before knew must be
 * there still after going up, and again after going down. A migration that adds a table adds its rows here.
 */
const rowsSince: Readonly<Record<string, Rows>> = {
  '0001-runs': {
    runs: [
      {
        id: 'r1',
        key: 'k',
        service: 'checkout',
        environment: 'production',
        target_key: '',
        attempt: 1,
        change_id: 'c1',
        rollout_uid: 'u',
        rollout_revision: '7',
        phase: 'waiting',
        verdict: 'running',
        next_look_at: 1_767_225_600_001,
        created_at: 1_767_225_600_000,
        asked_at: 1_767_225_600_000,
        concluded_at: null,
        lease_token: 't',
        lease_expires_at: 1_767_225_660_000,
        state: '{"id":"r1"}',
      },
    ],
    run_series: [
      {
        run_id: 'r1',
        metric: 'errors',
        arm: 'canary',
        field: 'events',
        start_at: 1_767_225_600_000,
        step_ms: 60_000,
        points: '[1,null,2.5]',
      },
    ],
  },
  '0002-changes': {
    changes: [
      {
        id: 'c1',
        source: 'argo-rollouts',
        external_id: 'u/7',
        service: 'checkout',
        environment: 'production',
        targets: '[]',
        version: 'v2',
        kind: 'normal',
        outcome: 'failed',
        failure_class: 'caught_in_canary',
        attempts: '[]',
        analysis_ids: '["r1"]',
        verdict_overruled: false,
        created_at: 1_767_225_600_000,
        finished_at: null,
        outcome_at: 1_767_225_660_000,
        settles_at: null,
        reported_at: 1_767_225_660_000,
      },
    ],
    change_names: [{ source: 'argo-rollouts', external_id: 'u/7', change_id: 'c1' }],
    change_events: [
      {
        id: 'e1',
        change_id: 'c1',
        source: 'analysis',
        dedupe_key: 'r1',
        type: 'verdict',
        at: 1_767_225_660_000,
        received_at: 1_767_225_660_001,
        body: '{}',
      },
    ],
  },
  '0003-series-members': {
    run_series: ['+Inf', '0.25', 'checkout-6d4cf56db6-x2v9q'].map((member) => ({
      run_id: 'r1',
      metric: 'latency',
      arm: 'canary',
      field: 'value',
      member,
      start_at: 1_767_225_600_000,
      step_ms: 60_000,
      points: '[1,null,2.5]',
    })),
  },
  '0004-noise-profiles': {
    noise_profiles: [
      {
        run_id: 'r1',
        metric: 'latency',
        change_id: 'c1',
        service: 'checkout',
        environment: 'production',
        target_key: '',
        fingerprint: 'f',
        window_start: 1_767_225_600_000,
        window_end: 1_767_227_400_000,
        profile: '{"squares":[],"logDeterminants":[],"degrees":29}',
      },
    ],
  },
  '0005-auth': {
    tokens: [
      {
        id: 't1',
        name: 'ci',
        hash: 'h1',
        roles: '["gate"]',
        services: null,
        created_at: 1_767_225_600_000,
        created_by: 'anonymous',
        expires_at: 1_767_225_660_000,
        revoked_at: null,
        last_used_at: null,
      },
    ],
    audit: [
      {
        id: 'a1',
        created_at: 1_767_225_600_000,
        actor: 'token:ci',
        action: 'analysis.start',
        subject_type: 'analysis',
        subject_id: 'r1',
        before: null,
        after: '{}',
        reason: null,
        request_id: 'q1',
      },
    ],
    deliveries: [{ source: 'github', delivery_id: 'd1', seen_at: 1_767_225_600_000 }],
  },
  '0006-outbox': {
    outbox_messages: [
      {
        id: 'm1',
        channel: 'github',
        dedupe_key: 'gate/1',
        order_key: null,
        payload: '{"state":"approved"}',
        state: 'waiting',
        attempts: 2,
        last_error: 'answered 404',
        created_at: 1_767_225_600_000,
        due_at: 1_767_225_604_000,
        expires_at: 1_767_229_200_000,
        settled_at: null,
        lease_token: null,
        lease_expires_at: null,
      },
    ],
    pending_gates: [
      {
        id: 'g1',
        key: '1/2/production/3',
        group_key: '1/2',
        state: 'open',
        revision: 4,
        next_at: 1_767_225_602_000,
        created_at: 1_767_225_600_000,
        closed_at: null,
        body: '{"id":"g1"}',
      },
    ],
  },
  '0007-kayenta': {
    kayenta_configs: [
      {
        id: 'c1',
        name: 'latency',
        applications: '["checkout"]',
        created_at: 1_767_225_600_000,
        updated_at: 1_767_225_600_001,
        body: '{}',
      },
    ],
    kayenta_config_names: [{ application: 'checkout', name: 'latency', config_id: 'c1' }],
    kayenta_executions: [
      {
        id: 'e1',
        kind: 'canary',
        run_id: 'r1',
        application: 'checkout',
        created_at: 1_767_225_600_000,
        window_end: 1_767_227_400_000,
        body: '{}',
        concluded: null,
      },
    ],
  },
  '0008-stepped-rollouts': {
    stepped_rollouts: [
      {
        uid: 'flagger:production//shop/checkout',
        revision: 1,
        checksum: '85d557f47b',
        service: 'checkout',
        environment: 'production',
        target_key: '',
        grants: 2,
        analysis_id: 'r1',
        patience_ms: 3_600_000,
        created_at: 1_767_225_600_000,
        ended_at: null,
        ended_as: null,
      },
    ],
  },
  '0009-ledger-rollups': {
    change_rollups: [
      { generation: 1, week: 1_767_225_600_000, service: 'checkout', environment: 'production', facts: '' },
    ],
    report_schedules: [{ name: 'monthly', seen_through: 1_767_225_600_000 }],
    stored_reports: [
      {
        id: 's1',
        schedule: 'monthly',
        due_at: 1_767_225_600_000,
        created_at: 1_767_225_600_001,
        report: '{}',
      },
    ],
  },
  '0010-incidents': {
    incidents: [
      {
        id: 'i1',
        source: 'oncall',
        external_id: 'INC-1',
        service: 'checkout',
        environment: 'production',
        status: 'open',
        opened_at: 1_767_225_600_000,
        change_id: 'c1',
        method: 'window',
        created_at: 1_767_225_600_000,
        state: '{}',
      },
    ],
    incident_events: [
      {
        position: 1,
        incident_id: 'i1',
        type: 'report',
        dedupe_key: 'd',
        at: 1_767_225_600_000,
        received_at: 1_767_225_600_000,
        body: '{}',
      },
    ],
    remedies: [
      {
        remedy_id: 'c1',
        undone_id: 'c1',
        started_at: 1_767_225_600_000,
        at: 1_767_225_600_001,
        ground: 'told',
      },
    ],
  },
  '0011-change-aliases': { change_aliases: [{ id: 'c0', change_id: 'c1' }] },
  '0012-audit-once': {},
  '0013-releases': {},
};

async function insertRows(database: Database, rows: Rows): Promise<void> {
  for (const [table, list] of Object.entries(rows))
    for (const row of list) {
      const columns = Object.keys(row).join(', ');
      const marks = Object.keys(row).fill('?').join(', ');
      await database.run((sql) =>
        sql.raw(`INSERT INTO ${table} (${columns}) VALUES (${marks})`, Object.values(row)),
      );
    }
}

/** The rows of several migrations, table by table. */
function join(all: readonly Rows[]): Rows {
  const tables = new Set(all.flatMap((rows) => Object.keys(rows)));
  return Object.fromEntries([...tables].map((table) => [table, all.flatMap((rows) => rows[table] ?? [])]));
}

/** Each row as written is found, and no other; columns that a later migration added may have come to it. */
async function assertRows(database: Database, rows: Rows): Promise<void> {
  for (const [table, list] of Object.entries(rows)) {
    const stored = await database.run((sql) => sql(table).select<Row[]>());
    assert.equal(stored.length, list.length, table);
    for (const row of list)
      assert.ok(
        stored.some((one) => holds(one, row)),
        `${table}: ${JSON.stringify(stored)}`,
      );
  }
}

/** PostgreSQL gives big integers as text, SQLite gives 0 for false; bytes come as bytes. */
function holds(stored: Row, row: Row): boolean {
  const alike = (found: Row[string] | undefined, value: Row[string]) =>
    found === value ||
    (Buffer.isBuffer(found) && found.toString() === value) ||
    (typeof value === 'number' && found === `${value}`) ||
    (value === false && found === 0);
  return Object.entries(row).every(([column, value]) => alike(stored[column], value));
}

for (const { name: dialect, open } of databases)
  for (const [index, { name }] of migrations.entries())
    describe(`migration ${name} on ${dialect}`, () => {
      const earlier = migrations.slice(0, index);
      const before = join(earlier.map((one) => rowsSince[one.name] ?? {}));

      it('leaves the rows of earlier migrations as they are, up and down', async () => {
        const { database, close } = await open({ migrated: false });
        try {
          for (const one of earlier) {
            await migrateUp(database, one.name);
            await insertRows(database, rowsSince[one.name] ?? {});
          }

          await migrateUp(database, name);
          await assertRows(database, before);
          await insertRows(database, rowsSince[name] ?? {});
          await assertRows(database, join([before, rowsSince[name] ?? {}]));

          assert.deepEqual(await migrateDown(database, 1), [name]);
          await assertRows(database, before);
          assert.deepEqual(await migrateUp(database, name), [name]);
        } finally {
          await close();
        }
      });

      it('has rows to be tried with', () => {
        assert.ok(rowsSince[name] !== undefined);
      });
    });

for (const { name: dialect, open } of databases)
  describe(`the schema on ${dialect}`, () => {
    it('refuses a second run of the same key and attempt, and a series without its run', async () => {
      const { database, close } = await open();
      const { runs: [run] = [], run_series: [series] = [] } = rowsSince['0001-runs'] ?? {};
      try {
        assert.ok(run !== undefined && series !== undefined);
        await assert.rejects(insertRows(database, { run_series: [series] }));
        await insertRows(database, { runs: [run] });
        await assert.rejects(insertRows(database, { runs: [{ ...run, id: 'r2' }] }));
        await insertRows(database, { runs: [{ ...run, id: 'r2', attempt: 2 }] });
      } finally {
        await close();
      }
    });

    it('tells series apart by their member, and takes one without for the only one', async () => {
      const { database, close } = await open();
      const { runs: [run] = [], run_series: [series] = [] } = rowsSince['0001-runs'] ?? {};
      try {
        assert.ok(run !== undefined && series !== undefined);
        await insertRows(database, { runs: [run], run_series: [series, { ...series, member: '0.25' }] });
        await assert.rejects(insertRows(database, { run_series: [{ ...series, member: '0.25' }] }));
        await assert.rejects(insertRows(database, { run_series: [{ ...series, member: '' }] }));
        await database.run((sql) => sql('runs').where({ id: 'r1' }).del());
        assert.deepEqual(await database.run((sql) => sql('run_series').select<Row[]>()), []);
      } finally {
        await close();
      }
    });
  });
