import type { Knex } from 'knex';

/**
 * Messages to others, kept until they are delivered or given up, and the gates that somebody waits at. Instants are integer milliseconds; `payload` is JSON
 * text. `sequence` is the order in which messages of one `order_key` go out; `body` is JSON text, of a whole gate.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('outbox_messages', (table) => {
    table.bigIncrements('sequence');
    table.text('id').notNullable().unique({ indexName: 'outbox_messages_by_id' });
    table.text('channel').notNullable();
    table.text('dedupe_key').notNullable();
    table.text('order_key');
    table.text('payload').notNullable();
    table.text('state').notNullable();
    table.integer('attempts').notNullable();
    table.text('last_error');
    for (const instant of ['created_at', 'due_at', 'expires_at']) table.bigInteger(instant).notNullable();
    table.bigInteger('settled_at');
    table.text('lease_token');
    table.bigInteger('lease_expires_at');
    table.unique(['channel', 'dedupe_key'], { indexName: 'outbox_messages_once' });
    table.index(['state', 'due_at'], 'outbox_messages_by_due');
    table.index(['channel', 'order_key', 'sequence'], 'outbox_messages_by_order', {
      predicate: sql.whereNotNull('order_key'),
    });
  });
  await createGates(sql);
}

async function createGates(sql: Knex): Promise<void> {
  await sql.schema.createTable('pending_gates', (table) => {
    table.text('id').primary();
    table.text('key').notNullable().unique({ indexName: 'pending_gates_by_key' });
    table.text('group_key').notNullable();
    table.text('state').notNullable();
    table.integer('revision').notNullable();
    table.bigInteger('next_at');
    table.bigInteger('created_at').notNullable();
    table.bigInteger('closed_at');
    table.text('body').notNullable();
    table.index(['state', 'next_at'], 'pending_gates_by_due');
    table.index(['group_key'], 'pending_gates_by_group');
    table.index(['closed_at'], 'pending_gates_by_closing');
  });
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('pending_gates');
  await sql.schema.dropTable('outbox_messages');
}
