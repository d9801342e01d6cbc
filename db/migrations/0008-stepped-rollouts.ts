import type { Knex } from 'knex';

/**
 * Rollouts whose controller asks before each step, one row a revision. Instants and `patience_ms` are integer
 * milliseconds; `target_key` is empty for none, `analysis_id` is null for a
 * rollout that was only told of.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('stepped_rollouts', (table) => {
    table.text('uid').notNullable();
    table.integer('revision').notNullable();
    table.text('checksum').notNullable();
    table.text('service').notNullable();
    table.text('environment').notNullable();
    table.text('target_key').notNullable();
    table.integer('grants').notNullable();
    table.text('analysis_id');
    table.bigInteger('patience_ms').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('ended_at');
    table.text('ended_as');
    table.primary(['uid', 'revision']);
  });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('stepped_rollouts');
}
