import type { Knex } from 'knex';

/** What the ids of changes mean that turned out to be others: `id` was one, `change_id` is what it is part of. */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('change_aliases', (table) => {
    table.text('id').primary();
    table.text('change_id').notNullable().references('id').inTable('changes').onDelete('CASCADE');
    table.index(['change_id'], 'change_aliases_by_change');
  });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('change_aliases');
}
