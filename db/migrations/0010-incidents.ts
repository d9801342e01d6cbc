import type { Knex } from 'knex';

/**
 * Incidents, what was told of them, and which changes took others back. Instants are integer milliseconds; `state` and
 * `body` are JSON text. A change's `completed_at` is when it was out, which only its attempts told before.
 */
export async function up(sql: Knex): Promise<void> {
  await addCompletion(sql);
  await createIncidents(sql);
  await sql.schema.createTable('incident_events', (table) => {
    table.increments('position').primary();
    table.text('incident_id').notNullable().references('id').inTable('incidents').onDelete('CASCADE');
    table.text('type').notNullable();
    table.text('dedupe_key').notNullable();
    table.bigInteger('at').notNullable();
    table.bigInteger('received_at').notNullable();
    table.text('body').notNullable();
    table.unique(['incident_id', 'dedupe_key'], { indexName: 'incident_events_once' });
  });
  await sql.schema.createTable('remedies', (table) => {
    table.text('remedy_id').notNullable().references('id').inTable('changes').onDelete('CASCADE');
    table.text('undone_id').notNullable().references('id').inTable('changes').onDelete('CASCADE');
    table.bigInteger('started_at').notNullable();
    table.bigInteger('at').notNullable();
    table.text('ground').notNullable();
    table.primary(['remedy_id', 'undone_id']);
    table.index(['undone_id'], 'remedies_by_undone');
  });
}

async function createIncidents(sql: Knex): Promise<void> {
  await sql.schema.createTable('incidents', (table) => {
    table.text('id').primary();
    table.text('source').notNullable();
    table.text('external_id').notNullable();
    table.text('service');
    table.text('environment');
    table.text('status').notNullable();
    table.bigInteger('opened_at').notNullable();
    table.bigInteger('resolved_at');
    table.text('change_id').references('id').inTable('changes').onDelete('SET NULL');
    table.text('method').notNullable();
    table.text('link_source');
    table.text('link_external_id');
    table.bigInteger('created_at').notNullable();
    table.text('state').notNullable();
    table.unique(['source', 'external_id'], { indexName: 'incidents_once' });
    table.index(['service', 'environment', 'opened_at'], 'incidents_by_place');
    table.index(['created_at', 'id'], 'incidents_by_creation');
    table.index(['opened_at'], 'incidents_by_opening');
    table.index(['change_id'], 'incidents_by_change', { predicate: sql.whereNotNull('change_id') });
    table.index(['link_source', 'link_external_id'], 'incidents_by_link', {
      predicate: sql.whereNotNull('link_source'),
    });
  });
}

type Attempts = readonly { readonly result: string; readonly endedAt: number | null }[];

/** Rows at a time, so that a large ledger needs no large memory. */
const batch = 1000;

async function addCompletion(sql: Knex): Promise<void> {
  await sql.schema.alterTable('changes', (table) => {
    table.bigInteger('completed_at');
    table.index(['service', 'environment', 'version', 'completed_at'], 'changes_by_version');
  });
  for (let last = ''; ; ) {
    const rows: { id: string; attempts: string }[] = await sql('changes')
      .where('id', '>', last)
      .orderBy('id')
      .limit(batch)
      .select('id', 'attempts');
    for (const { id, attempts } of rows) await setCompletion(sql, id, JSON.parse(attempts) as Attempts);
    const end = rows.at(-1);
    if (end === undefined || rows.length < batch) return;
    last = end.id;
  }
}

async function setCompletion(sql: Knex, id: string, attempts: Attempts): Promise<void> {
  const ends = attempts.flatMap(({ result, endedAt }) =>
    result === 'completed' && endedAt !== null ? [endedAt] : [],
  );
  if (ends.length > 0)
    await sql('changes')
      .where({ id })
      .update({ completed_at: Math.max(...ends) });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('remedies');
  await sql.schema.dropTable('incident_events');
  await sql.schema.dropTable('incidents');
  await sql.schema.alterTable('changes', (table) => {
    table.dropIndex([], 'changes_by_version');
  });
  // The builder would copy the table on SQLite, and with the old one go all rows that point there.
  await sql.raw('ALTER TABLE changes DROP COLUMN completed_at');
}
