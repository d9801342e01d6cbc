import type { Knex } from 'knex';

/** Runs and the series they judged. Instants are integer milliseconds; `state` and `points` are JSON text. */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('runs', (table) => {
    table.text('id').primary();
    table.text('key').notNullable();
    table.text('service').notNullable();
    table.text('environment').notNullable();
    // Empty for none: a unique constraint would take two nulls for different.
    table.text('target_key').notNullable();
    table.integer('attempt').notNullable();
    table.text('change_id').notNullable();
    table.text('rollout_uid');
    table.text('rollout_revision');
    table.text('phase').notNullable();
    table.text('verdict').notNullable();
    table.bigInteger('next_look_at');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('asked_at').notNullable();
    table.bigInteger('concluded_at');
    table.text('lease_token');
    table.bigInteger('lease_expires_at');
    table.text('state').notNullable();
    table.unique(['service', 'environment', 'target_key', 'key', 'attempt'], { indexName: 'runs_by_key' });
    table.index(['phase', 'next_look_at'], 'runs_by_due');
    table.index(['created_at', 'id'], 'runs_by_creation');
    table.index(['rollout_uid', 'rollout_revision'], 'runs_by_rollout');
    table.index(['change_id'], 'runs_by_change');
  });
  await sql.schema.createTable('run_series', (table) => {
    table.text('run_id').notNullable().references('id').inTable('runs').onDelete('CASCADE');
    table.text('metric').notNullable();
    table.text('arm').notNullable();
    table.text('field').notNullable();
    table.bigInteger('start_at').notNullable();
    table.bigInteger('step_ms').notNullable();
    table.text('points').notNullable();
    table.primary(['run_id', 'metric', 'arm', 'field']);
  });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('run_series');
  await sql.schema.dropTable('runs');
}
