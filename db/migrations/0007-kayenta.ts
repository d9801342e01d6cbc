import type { Knex } from 'knex';

/**
 * Canary configs, the names they have in their applications, and executions: what clients of Kayenta asked for, and the
 * runs that answer. Instants are integer milliseconds; `body`, `request` and `concluded` are JSON text.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('kayenta_configs', (table) => {
    table.text('id').primary();
    table.text('name').notNullable();
    table.text('applications').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('updated_at').notNullable();
    table.text('body').notNullable();
  });
  await sql.schema.createTable('kayenta_config_names', (table) => {
    table.text('application').notNullable();
    table.text('name').notNullable();
    table.text('config_id').notNullable().references('id').inTable('kayenta_configs').onDelete('CASCADE');
    table.primary(['application', 'name']);
    table.index(['config_id'], 'kayenta_config_names_by_config');
  });
  await sql.schema.createTable('kayenta_executions', (table) => {
    table.text('id').primary();
    table.text('kind').notNullable();
    table.text('run_id').notNullable().references('id').inTable('runs').onDelete('CASCADE');
    table.text('application').notNullable();
    table.bigInteger('created_at').notNullable();
    table.bigInteger('window_end').notNullable();
    table.text('body').notNullable();
    table.text('concluded');
    table.index(['created_at', 'id'], 'kayenta_executions_by_creation');
    table.index(['run_id'], 'kayenta_executions_by_run');
  });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('kayenta_executions');
  await sql.schema.dropTable('kayenta_config_names');
  await sql.schema.dropTable('kayenta_configs');
}
