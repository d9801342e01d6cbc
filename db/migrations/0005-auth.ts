import type { Knex } from 'knex';

/**
 * Tokens, the audit trail and deliveries seen. Instants are integer milliseconds; `roles`, `services`, `before` and
 * `after` are JSON text. The database itself keeps the audit trail from being changed.
 */
export async function up(sql: Knex): Promise<void> {
  await sql.schema.createTable('tokens', (table) => {
    table.text('id').primary();
    table.text('name').notNullable();
    table.text('hash').notNullable().unique({ indexName: 'tokens_by_hash' });
    table.text('roles').notNullable();
    table.text('services');
    table.bigInteger('created_at').notNullable();
    table.text('created_by').notNullable();
    for (const instant of ['expires_at', 'revoked_at', 'last_used_at']) table.bigInteger(instant);
    table.unique(['name'], { indexName: 'tokens_by_name', predicate: sql.whereNull('revoked_at') });
  });
  await sql.schema.createTable('audit', (table) => {
    table.text('id').primary();
    table.bigInteger('created_at').notNullable();
    for (const name of ['actor', 'action', 'subject_type', 'subject_id']) table.text(name).notNullable();
    for (const name of ['before', 'after', 'reason', 'request_id']) table.text(name);
    table.index(['created_at', 'id'], 'audit_by_time');
    table.index(['subject_id', 'created_at'], 'audit_by_subject');
    table.index(['actor', 'created_at'], 'audit_by_actor');
  });
  await sql.schema.createTable('deliveries', (table) => {
    table.text('source').notNullable();
    table.text('delivery_id').notNullable();
    table.bigInteger('seen_at').notNullable();
    table.primary(['source', 'delivery_id']);
  });
  await (isPostgres(sql) ? keepOnPostgres(sql) : keepOnSqlite(sql));
}

const refusal = 'the audit trail is only ever added to';

async function keepOnSqlite(sql: Knex): Promise<void> {
  for (const verb of ['UPDATE', 'DELETE'])
    await sql.raw(
      `CREATE TRIGGER audit_no_${verb.toLowerCase()} BEFORE ${verb} ON audit BEGIN SELECT RAISE(ABORT, '${refusal}'); END`,
    );
}

async function keepOnPostgres(sql: Knex): Promise<void> {
  await sql.raw(
    `CREATE FUNCTION audit_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '${refusal}'; END $$`,
  );
  await sql.raw(
    'CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_keep()',
  );
}

function isPostgres(sql: Knex): boolean {
  return sql.client.config.client === 'pg';
}

export async function down(sql: Knex): Promise<void> {
  await sql.schema.dropTable('deliveries');
  await sql.schema.dropTable('audit');
  await sql.schema.dropTable('tokens');
  if (isPostgres(sql)) await sql.raw('DROP FUNCTION audit_keep()');
}
