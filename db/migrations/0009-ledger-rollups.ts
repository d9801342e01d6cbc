import type { Knex } from 'knex';

/**
 * Roll-ups: what the changes of a place and a week add to reports, in one value (`src/store/packs.ts`), for each
 * generation; `rollup_state` names the one that is read and the one that is being built beside it. And reports that
 * are made by schedule. Instants are integer milliseconds; `report` is JSON text.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('change_rollups', (table) => {
    table.integer('generation').notNullable();
    table.bigInteger('week').notNullable();
    table.text('service').notNullable();
    table.text('environment').notNullable();
    table.binary('facts').notNullable();
    table.primary(['generation', 'week', 'service', 'environment']);
  });
  await sql.schema.createTable('rollup_state', (table) => {
    table.integer('id').primary();
    table.integer('live');
    table.integer('building');
    // The last week that was counted into it: who builds shows that it is getting on.
    table.bigInteger('built_through');
  });
  // Without any change the first generation is complete. Otherwise it is built when the service starts.
  const [known] = await sql('changes').select('id').limit(1);
  await sql('rollup_state').insert({ id: 1, live: known === undefined ? 1 : null, building: null });
  await createReports(sql);
}

async function createReports(sql: Knex): Promise<void> {
  await sql.schema.createTable('report_schedules', (table) => {
    table.text('name').primary();
    table.bigInteger('seen_through').notNullable();
  });
  await sql.schema.createTable('stored_reports', (table) => {
    table.text('id').primary();
    table.text('schedule').notNullable();
    table.bigInteger('due_at').notNullable();
    table.bigInteger('created_at').notNullable();
    table.text('report').notNullable();
    table.unique(['schedule', 'due_at'], { indexName: 'stored_reports_once' });
    table.index(['created_at', 'id'], 'stored_reports_by_creation');
  });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('stored_reports');
  await sql.schema.dropTable('report_schedules');
  await sql.schema.dropTable('rollup_state');
  await sql.schema.dropTable('change_rollups');
}
