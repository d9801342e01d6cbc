import type { Knex } from 'knex';

/**
 * Changes, the names their sources gave them, and the events they fold from. Instants are integer milliseconds;
 * `targets`, `attribution`, `attempts`, `analysis_ids` and `body` are JSON text.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('changes', (table) => {
    table.text('id').primary();
    table.text('source').notNullable();
    table.text('external_id').notNullable();
    table.text('service').notNullable();
    table.text('environment').notNullable();
    table.text('targets').notNullable();
    for (const fact of ['version', 'commit', 'artifact', 'url', 'actor']) table.text(fact);
    table.text('kind').notNullable();
    table.text('outcome').notNullable();
    table.text('failure_class');
    table.text('attribution');
    table.text('attempts').notNullable();
    table.text('analysis_ids').notNullable();
    table.boolean('verdict_overruled').notNullable();
    table.bigInteger('created_at').notNullable();
    for (const instant of ['committed_at', 'started_at', 'finished_at', 'outcome_at', 'recovered_at'])
      table.bigInteger(instant);
    table.bigInteger('settles_at');
    // When reports count it: finished, else failed, else started, else created.
    table.bigInteger('reported_at').notNullable();
    table.index(['created_at', 'id'], 'changes_by_creation');
    table.index(['service', 'created_at', 'id'], 'changes_by_service');
    table.index(['reported_at'], 'changes_by_reporting');
    table.index(['service', 'environment', 'reported_at'], 'changes_by_place');
    table.index(['settles_at'], 'changes_by_settling', { predicate: sql.whereNotNull('settles_at') });
  });
  await createNames(sql);
  await createEvents(sql);
}

async function createNames(sql: Knex): Promise<void> {
  await sql.schema.createTable('change_names', (table) => {
    table.text('source').notNullable();
    // Compared byte by byte on both databases: names are found by how they begin.
    table.specificType('external_id', isPostgres(sql) ? 'text COLLATE "C"' : 'text').notNullable();
    table.text('change_id').notNullable().references('id').inTable('changes').onDelete('CASCADE');
    table.primary(['source', 'external_id']);
    table.index(['change_id'], 'change_names_by_change');
  });
}

async function createEvents(sql: Knex): Promise<void> {
  await sql.schema.createTable('change_events', (table) => {
    table.text('id').primary();
    table.text('change_id').notNullable().references('id').inTable('changes').onDelete('CASCADE');
    table.text('source').notNullable();
    table.text('dedupe_key').notNullable();
    table.text('type').notNullable();
    table.bigInteger('at').notNullable();
    table.bigInteger('received_at').notNullable();
    table.text('body').notNullable();
    table.unique(['source', 'dedupe_key'], { indexName: 'change_events_once' });
    table.index(['change_id', 'at'], 'change_events_by_change');
  });
}

function isPostgres(sql: Knex): boolean {
  return sql.client.config.client === 'pg';
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('change_events');
  await sql.schema.dropTable('change_names');
  await sql.schema.dropTable('changes');
}
