import type { Knex } from 'knex';

/**
 * What runs told of their metrics' noise, one row a run and metric. Instants are integer milliseconds; `profile` is
 * JSON text. `fingerprint` stands for how the metric is measured; `target_key` is empty for none.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('noise_profiles', (table) => {
    table.text('run_id').notNullable().references('id').inTable('runs').onDelete('CASCADE');
    table.text('metric').notNullable();
    table.text('change_id').notNullable();
    table.text('service').notNullable();
    table.text('environment').notNullable();
    table.text('target_key').notNullable();
    table.text('fingerprint').notNullable();
    table.bigInteger('window_start').notNullable();
    table.bigInteger('window_end').notNullable();
    table.text('profile').notNullable();
    table.primary(['run_id', 'metric']);
    table.index(
      ['service', 'environment', 'target_key', 'fingerprint', 'window_end'],
      'noise_profiles_by_measurement',
    );
  });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('noise_profiles');
}
